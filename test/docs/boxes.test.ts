/**
 * Machines of OPERATIONS: enrolled by network and by files, supplied by courier, and revoked, each
 * line as told. Timeout: 300 s
 */

import { X509Certificate } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import { BRISK, controlling, eventually, withDaemons } from '../daemon/live.ts';
import { DaemonProcess, relate } from '../daemon-process.ts';
import { statusOf, walk, walkAt } from './walk.ts';

const boxes = suite('docs/boxes');

const BLUE = 'blue.example';
const RED = 'red.example';
const MEMBER = `${BRISK}[node]\nrole = "member"\n`;

boxes('boxes: one enrolled by network, one by files; couriers; what is revoked', async () => {
  const [box, far] = [new DaemonProcess(BLUE, MEMBER), new DaemonProcess(BLUE, MEMBER)];
  try {
    await withDaemons([BLUE, RED], async (blue, red) => {
      await Promise.all([box.start(), far.start(), relate(blue, red)]);
      await enrolBoth(blue, box, far);
      await walk(
        'OPERATIONS: Carry many domains at once',
        walkAt(blue, 'yes', {
          at: (_text, who) => (who === 'box' ? far : who === 'red' ? red : blue),
        }),
      );
      await revokeAll(blue, (await statusOf(far)).node.id);
    });
  } finally {
    await Promise.all([box.remove(), far.remove()]);
  }
});

async function enrolBoth(blue: DaemonProcess, box: DaemonProcess, far: DaemonProcess) {
  const { fingerprint, listen } = await statusOf(blue);
  const filled = new Map([
    ['HEX', fingerprint],
    ['ID', (await statusOf(box)).node.id],
    ['/ip4/192.0.2.10/tcp/7717', listen[0] ?? ''],
  ]);
  await walk('OPERATIONS: Enrol a box', {
    ...walkAt(blue, 'yes', { filled }),
    at: (text) => {
      if (text.startsWith('holdfast enroll join')) return box;
      return /^holdfast enroll (?:request|answer|install)/.test(text) ? far : blue;
    },
    before: async (text) => {
      if (!text.startsWith('holdfast enroll approve')) return;
      await eventually('the box asks', async () => {
        const asked = await controlling(blue, (control) => control.call('enroll.list', {}));
        return asked.applications.length > 0 || undefined;
      });
    },
  });
  for (const each of [box, far]) {
    await eventually(
      'a lease',
      async () => (await statusOf(each)).node.lease !== null || undefined,
    );
  }
}

/** The serial of the certificate that a workload of ours holds. */
async function serialAt(daemon: DaemonProcess): Promise<string> {
  const client = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
  try {
    const { svids } = await client.fetchX509Svids();
    const leaf = new X509Certificate(svids[0]?.certificatesDer[0] ?? '');
    return leaf.serialNumber.toLowerCase();
  } finally {
    client.close();
  }
}

/** Revokes an SVID, an identity, the box and an authority, as told. */
async function revokeAll(blue: DaemonProcess, node: string) {
  const spiffeId = `spiffe://${BLUE}/revoked`;
  const { authorities } = await controlling(blue, async (control) => {
    await control.call('entry.create', { spiffeId, selectors: [`unix:uid:${process.getuid?.()}`] });
    return control.call('authority.show', {});
  });
  const filled = new Map([
    ['SERIAL', await serialAt(blue)],
    ['SPIFFE-ID', spiffeId],
    ['KEY-ID', node],
    ['ID', authorities[0]?.id ?? ''],
  ]);
  await walk('OPERATIONS: Revoking', walkAt(blue, 'revoke', { filled }));
  const { revocations } = await controlling(blue, (control) => control.call('revoke.list', {}));
  assert.equal([...new Set(revocations.map(({ kind }) => kind))].sort(), [
    'authority',
    'identity',
    'node',
    'svid',
  ]);
}

boxes.run();
