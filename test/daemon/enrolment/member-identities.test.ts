/**
 * A member between real daemons: enrolled by files, supplied over its link, cut off, started anew
 * with nobody in reach, and its workloads served all along.
 * Timeout: 480 s
 */

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DaemonProcess } from '../../daemon-process.ts';
import { BRISK, controlling, eventually, type } from '../live.ts';

const members = suite('daemon/enrolment/member-identities');

const DOMAIN = 'blue.example';

async function done(outcome: ReturnType<typeof type>): Promise<string> {
  const { code, err, out } = await outcome;
  assert.is(code, 0, err);
  return out;
}

/** Enrols `box` for slices, in the group `edge`. */
async function enrol(authority: DaemonProcess, box: DaemonProcess): Promise<void> {
  const at = (name: string) => join(authority.folder, name);
  const { fingerprint } = await controlling(authority, (control) => control.call('status', {}));
  await done(type(box, 'enroll', 'request', at('request'), '--group', 'edge'));
  await done(type(authority, 'enroll', 'challenge', at('request'), at('challenge')));
  const pinned = ['--fingerprint', fingerprint];
  await done(type(box, 'enroll', 'answer', at('challenge'), at('answer'), ...pinned));
  await done(type(authority, 'enroll', 'grant', at('answer'), at('grant'), '--approve'));
  await done(type(box, 'enroll', 'install', at('grant')));
}

const fetchSvid = (box: DaemonProcess, ...more: readonly string[]) =>
  type(box, 'svid', 'fetch', '--workload-socket', box.workloadSocket, ...more);

members('serves from slices: supplied by its link, cut off, and after a cold start', async () => {
  const authority = new DaemonProcess(DOMAIN, BRISK);
  const box = new DaemonProcess(DOMAIN, `${BRISK}[node]\nrole = "member"\n`);
  try {
    await authority.start();
    const { listen } = await controlling(authority, (control) => control.call('status', {}));
    const peers = `[network]\npeers = ${JSON.stringify(listen)}\n`;
    box.configure(`${BRISK}[node]\nrole = "member"\n${peers}`);
    await box.start();
    await enrol(authority, box);
    const entry = {
      spiffeId: `spiffe://${DOMAIN}/web`,
      selectors: [`unix:uid:${process.getuid?.()}`],
    };
    await controlling(authority, async (control) => {
      await control.call('entry.create', { ...entry, group: 'edge' });
      const here = { ...entry, spiffeId: `spiffe://${DOMAIN}/here` };
      await control.call('entry.create', here);
    });
    const online = await eventually(
      'the member serves its workload',
      async () => {
        const { code, out } = await fetchSvid(box);
        return code === 0 ? out : undefined;
      },
      60_000,
    );
    assert.match(online, /spiffe:\/\/blue\.example\/web/);
    assert.not.match(online, /spiffe:\/\/blue\.example\/here/);
    await authority.kill('SIGKILL');
    await box.kill('SIGKILL');
    await box.start();
    assert.match(await done(fetchSvid(box)), /spiffe:\/\/blue\.example\/web/);
  } finally {
    await Promise.all([authority.remove(), box.remove()]);
  }
});

members.run();
