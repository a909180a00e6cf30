/**
 * Faults planted in and around a real daemon: the doctor finds each, and what it prints as the
 * mend, handed to a shell, cures it.
 */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Finding } from '../../../daemon/doctor/finding.ts';
import { encodeBlock } from '../../../federation/armour.ts';
import type { DaemonProcess } from '../../daemon-process.ts';
import type { BeaconPlan } from '../../federation/forge.ts';
import { missingPrograms } from '../../installed.ts';
import { ROOT } from '../../root.ts';
import { skip } from '../../skip.ts';
import { BRISK, eventually, fileBeside, type, withDaemons } from '../live.ts';
import { partnerBeacon, partnerFile } from '../partner.ts';

const planted = suite('daemon/doctor/planted');

const LAUNCHER = join(ROOT, 'bin/holdfast.mjs');
const STARTS = /^holdfast start /;

/** What is wrong, what it takes for it to be, and which check has to find it. */
interface Fault {
  readonly what: string;
  readonly check: string;
  readonly plant: (daemon: DaemonProcess) => Promise<unknown> | unknown;
}

const inState = (daemon: DaemonProcess, name: string): string => join(daemon.folder, 'state', name);

const opened = (what: string, path: (daemon: DaemonProcess) => string, mode: number): Fault => ({
  what,
  check: 'access',
  plant: (daemon) => chmodSync(path(daemon), mode),
});

const configured = (what: string, text: string): Fault => ({
  what,
  check: 'config',
  plant: (daemon) => daemon.configure(text),
});

/** Makes a partner of a domain at epoch 100, and carries another beacon of it to the daemon. */
async function hearPartner(daemon: DaemonProcess, plan: BeaconPlan): Promise<void> {
  const partner = fileBeside(daemon, 'partner.bundle', partnerFile());
  await type(daemon, 'federation', 'add', partner);
  const text = encodeBlock('beacon', partnerBeacon(plan).bytes);
  await type(daemon, 'bundle', 'import', fileBeside(daemon, 'beacon.bundle', text));
}

const FAULTS: readonly Fault[] = [
  opened('a state folder that others may list', (daemon) => inState(daemon, ''), 0o755),
  opened('a folder of keys that a group may enter', (daemon) => inState(daemon, 'keys'), 0o750),
  opened('a store that others may read', (daemon) => inState(daemon, 'store'), 0o705),
  opened('a key that others may read', (daemon) => inState(daemon, 'keys/beacon-0.key'), 0o644),
  opened('an audit log that others may read', (daemon) => inState(daemon, 'audit.jsonl'), 0o604),
  {
    what: 'a control socket that everybody may open',
    check: 'control',
    plant: ({ controlSocket }) => chmodSync(controlSocket, 0o666),
  },
  {
    what: 'a Workload API that is closed to workloads',
    check: 'workload',
    plant: ({ workloadSocket }) => chmodSync(workloadSocket, 0o600),
  },
  {
    what: 'a configuration that others may write',
    check: 'config',
    plant: ({ folder }) => chmodSync(join(folder, 'config.toml'), 0o666),
  },
  configured('a configuration key that nobody knows', `trust_domian = "x"\n${BRISK}`),
  configured('a key of a section that nobody knows', '[limits]\nmin_epoch = "10ms"\nspeed = 3\n'),
  configured('a value that is out of range', '[limits]\nfresh_for = "1ms"\n'),
  configured('a configuration that is not TOML', 'listen = [\nwhat now\n'),
  {
    what: 'an alarm that somebody has to see to',
    check: 'alarm',
    plant: (daemon) => hearPartner(daemon, { epoch: 100, seed: 'another' }),
  },
  {
    what: 'a clock that evidence contradicts',
    check: 'time',
    plant: (daemon) => hearPartner(daemon, { epoch: 101, issuedAt: Date.now() + 600_000 }),
  },
  {
    what: 'a process that may write its memory to the disk',
    check: 'core',
    plant: ({ process: { pid } }) => execFileSync('prlimit', ['--pid', `${pid}`, '--core=1']),
  },
  {
    what: 'a daemon that ended and left its socket',
    check: 'control',
    plant: (daemon) => daemon.kill('SIGKILL'),
  },
  {
    what: 'a file where the control socket has to be',
    check: 'control',
    plant: async (daemon) => {
      await daemon.kill('SIGKILL');
      rmSync(daemon.controlSocket);
      writeFileSync(daemon.controlSocket, '');
    },
  },
  {
    what: 'a second daemon that holds the state',
    check: 'lock',
    plant: async (daemon) => {
      await daemon.kill('SIGKILL');
      const elsewhere = ['--control-socket', join(daemon.folder, 'other.sock')];
      daemon.spawn(elsewhere).stderr?.resume();
      await eventually('its lock', async () =>
        (await findings(daemon)).some(({ check }) => check === 'lock') ? true : undefined,
      );
    },
  },
];

/** What the doctor says is wrong with this daemon, as `holdfast doctor --json`. */
async function findings(daemon: DaemonProcess): Promise<readonly Finding[]> {
  const told = ['--state', inState(daemon, ''), '--control-socket', daemon.controlSocket];
  const file = ['--config', join(daemon.folder, 'config.toml')];
  const { out } = await type(daemon, 'doctor', ...file, ...told, '--json');
  const { findings: found }: { findings: readonly Finding[] } = JSON.parse(out);
  return found.filter(({ state }) => state !== 'ok');
}

/** Runs `line` as it stands, in a shell that finds `holdfast`; what keeps running is returned. */
async function runMend(daemon: DaemonProcess, line: string): Promise<(() => void) | undefined> {
  const bin = join(daemon.folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const launcher = `#!/bin/sh\nexec ${process.execPath} ${LAUNCHER} "$@"\n`;
  writeFileSync(join(bin, 'holdfast'), launcher, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  if (!STARTS.test(line)) {
    await promisify(execFile)('sh', ['-c', line], { env });
    return undefined;
  }
  const child = spawn('sh', ['-c', `exec ${line}`], { env, stdio: 'ignore' });
  return () => child.kill('SIGKILL');
}

for (const { what, check, plant } of FAULTS) {
  const title = `are mended as printed: ${what}`;
  const missing = check === 'core' ? missingPrograms(['prlimit']) : null;
  if (missing !== null) skip(`daemon/doctor/planted › ${title}`, missing);
  else {
    planted(title, () =>
      withDaemons(['home.example'], async (daemon) => {
        const before = await findings(daemon);
        assert.not.ok(before.some((each) => each.check === check && each.state === 'fault'));
        await plant(daemon);
        const found = (await findings(daemon)).find((each) => each.check === check);
        assert.ok(found, 'it is found');
        const end = await runMend(daemon, found.mend);
        try {
          await eventually(`the end of ${found.says}, by ${found.mend}`, async () =>
            (await findings(daemon)).some((each) => each.says === found.says) ? undefined : true,
          );
        } finally {
          end?.();
        }
      }),
    );
  }
}

planted.run();
