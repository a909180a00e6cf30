/**
 * A node that must not transmit: it has not one socket of a network, takes its news by files, and
 * says that it is mute.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DaemonProcess } from '../daemon-process.ts';
import { BRISK, controlling, eventually, fileBeside, type } from './live.ts';

const mute = suite('daemon/mute');

const MUTE = 'mute.example';
const RED = 'red.example';
const TABLES = ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'] as const;
/** The column of the inode in a table of sockets, as proc(5) has it. */
const INODE_COLUMN = 9;

/** The inodes of the sockets of networks that a process holds. */
function networkSockets(pid: number): readonly string[] {
  const held = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linkAt(`/proc/${pid}/fd/${fd}`)) ?? [];
    return inode ?? [];
  });
  const known = TABLES.flatMap((table) => {
    const [, ...lines] = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/)[INODE_COLUMN] ?? '');
  });
  return held.filter((inode) => known.includes(inode));
}

/** Where a link leads; nowhere if it is gone by now. */
function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

mute('has no socket of a network, and takes what is new by files', async () => {
  const red = new DaemonProcess(RED, BRISK);
  const node = new DaemonProcess(MUTE, `${BRISK}[network]\ntransmit = false\n`);
  const exported = async () => (await type(red, 'bundle', 'export')).out;
  const statusOf = () => controlling(node, (control) => control.call('status', {}));
  const epochOf = async () =>
    (await statusOf()).domains.find(({ domain }) => domain === RED)?.epoch ?? '0';
  try {
    await Promise.all([red.start(), node.start()]);
    const { listen } = await controlling(red, (control) => control.call('status', {}));
    const add = ['federation', 'add', fileBeside(node, 'red.bundle', await exported())];
    const added = await type(node, ...add, '--peer', listen[0] ?? '');
    assert.is(added.code, 0, added.err);
    const before = await epochOf();
    const entry = { spiffeId: `spiffe://${RED}/web`, selectors: ['unix:uid:1'] };
    await controlling(red, (control) => control.call('entry.create', entry));
    const file = fileBeside(node, 'news.bundle', await exported());
    const imported = await type(node, 'bundle', 'import', file);
    assert.is(imported.code, 0, imported.err);
    assert.ok(BigInt(await epochOf()) > BigInt(before));
    await eventually('it publishes for itself', async () => {
      const own = (await statusOf()).domains.find(({ domain }) => domain === MUTE);
      return own?.tier === 'FRESH' ? true : undefined;
    });
    const { pid } = node.process;
    assert.ok(pid !== undefined);
    assert.equal(networkSockets(pid), []);
    assert.ok(networkSockets(red.process.pid ?? 0).length > 0, 'others are seen to have some');
    const { transmits, listen: at, peers } = await statusOf();
    assert.equal([transmits, at, peers], [false, [], []]);
    assert.match((await type(node, 'status')).out, /nowhere: this node does not transmit/);
    assert.match((await type(node, 'doctor')).out, /does not transmit/);
  } finally {
    await Promise.all([red, node].map((daemon) => daemon.remove()));
  }
});

mute.run();
