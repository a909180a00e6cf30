/**
 * `start.cold.tpm`: as `start.cold`, with keys that a chip has to hand out first and a generation
 * that it counts: to the first identity in the hands of a workload. The limit is the same daemon
 * with its keys in files, in turns with it.
 */

import { DaemonProcess } from '../daemon-process.ts';
import { Swtpm } from '../swtpm.ts';
import { type Bench, medianOf } from './bench.ts';
import { untilServed } from './start-cold.bench.ts';

const ROUNDS = 7;

export const bench: Bench = {
  name: 'start.cold.tpm',
  unit: 'ms',
  needs: ['swtpm'],
  async measure() {
    await using chip = await Swtpm.start();
    const tpm = `[tpm]\nuse = "required"\naddress = "swtpm:unix:${chip.socketPath}"\n`;
    const sealed = new DaemonProcess('blue.example', tpm);
    const inFiles = new DaemonProcess('blue.example');
    try {
      for (const daemon of [sealed, inFiles]) await found(daemon);
      const times = { sealed: [] as number[], inFiles: [] as number[] };
      for (let round = 0; round < ROUNDS; round++) {
        times.sealed.push(await startOnce(sealed));
        times.inFiles.push(await startOnce(inFiles));
      }
      return { value: medianOf(times.sealed), limit: medianOf(times.inFiles) };
    } finally {
      await sealed.remove();
      await inFiles.remove();
    }
  },
};

/** Founds the domain, and gives this user an entry. */
async function found(daemon: DaemonProcess): Promise<void> {
  await daemon.start();
  const control = await daemon.control();
  const selectors = [`unix:uid:${process.getuid?.()}`];
  await control.call('entry.create', { spiffeId: 'spiffe://blue.example/web', selectors });
  await control.close();
  await daemon.kill('SIGKILL');
}

async function startOnce(daemon: DaemonProcess): Promise<number> {
  const started = performance.now();
  daemon.spawn();
  await untilServed(daemon.workloadSocket);
  const tookMs = performance.now() - started;
  await daemon.kill('SIGKILL');
  return tookMs;
}
