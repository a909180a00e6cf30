/** Ceremonies at a running daemon: three signers, keys rotated under way, acts of two persons. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Status } from '../../daemon/control/views.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { auditOf, controlling, eventually, type, withDaemons } from './live.ts';

const ceremonies = suite('daemon/ceremony');

/** Types a command that has to succeed; its standard output. */
async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await type(daemon, ...args);
  assert.is(code, 0, `${args.slice(0, 2).join(' ')}: ${err}`);
  return out;
}

function domainOf({ domains }: Status, name: string) {
  return domains.find(({ domain }) => domain === name);
}

async function statusOf(daemon: DaemonProcess): Promise<Status> {
  return await controlling(daemon, (control) => control.call('status', {}));
}

ceremonies(
  'let three people rotate the keys of a daemon that runs, seen by a partner',
  async () => {
    await withDaemons(['blue.example', 'red.example'], async (...both: DaemonProcess[]) => {
      const [blue, red] = both as [DaemonProcess, DaemonProcess];
      await relate(blue, red);
      await eventually('red hears of blue', async () => {
        return domainOf(await statusOf(red), 'blue.example')?.tier === 'FRESH' || undefined;
      });
      const at = (name: string): string => join(blue.folder, name);
      for (const person of ['ann', 'bob']) {
        await done(blue, 'root', 'key', 'create', at(person), '--no-passphrase');
      }
      await done(blue, 'root', 'key', 'make', 'beacon', at('beacon.pub'));
      await done(blue, 'root', 'key', 'make', 'documents', at('documents.pub'));
      const council = ['--add-root', at('ann.pub'), '--add-root', at('bob.pub')];
      const made = ['--rotate-beacon', at('beacon.pub'), '--add-documents', at('documents.pub')];
      const file = at('next.proposal');
      await done(blue, 'root', 'propose', file, ...council, '--root-threshold', '3', ...made);
      for (const key of ['ann', 'bob', 'state/keys/root.key']) {
        await done(blue, 'root', 'sign', file, '--key', at(key), '--yes');
      }
      const before = domainOf(await statusOf(blue), 'blue.example');
      await done(blue, 'root', 'publish', file);
      const seen = await eventually('red follows', async () => {
        const found = domainOf(await statusOf(red), 'blue.example');
        const isNext = BigInt(found?.epoch ?? '0') > BigInt(before?.epoch ?? '0');
        return found?.rootVersion === '2' && isNext ? found : undefined;
      });
      const gained = BigInt(seen.epoch) - BigInt(before?.epoch ?? '0');
      assert.ok(gained <= 2n, `${gained} epochs`);
      assert.is(seen.tier, 'FRESH');
      assert.is((await statusOf(blue)).rootThreshold, '3 of 3');
      assert.ok(auditOf(blue).some(({ event }) => event === 'key.made'));
      await blue.kill('SIGTERM');
      await blue.start();
      await eventually('blue speaks on after a restart', async () => {
        const found = domainOf(await statusOf(blue), 'blue.example');
        return BigInt(found?.epoch ?? '0') > BigInt(seen.epoch) || undefined;
      });
      // The founder alone makes no Root any more.
      const alone = at('alone.proposal');
      await done(blue, 'root', 'propose', alone, '--new-lineage');
      await done(blue, 'root', 'sign', alone, '--key', at('state/keys/root.key'), '--yes');
      const refused = await type(blue, 'root', 'publish', alone);
      assert.match(refused.err, /threshold-unmet/);
    });
  },
);

ceremonies('let two people revoke by keys on machines of their own', async () => {
  await withDaemons(['home.example'], async (daemon: DaemonProcess) => {
    const at = (name: string): string => join(daemon.folder, name);
    const file = at('revoke.proposal');
    const copy = at('copy.proposal');
    const { authorities } = JSON.parse(await done(daemon, 'authority', 'show', '--json'));
    const id = authorities[0].id;
    await done(daemon, 'revoke', 'propose', 'authority', id, file);
    await done(daemon, 'revoke', 'propose', 'authority', id, copy);
    const key = (i: number) => at(`state/keys/revocation-${i}.key`);
    await done(daemon, 'revoke', 'sign', file, '--key', key(0), '--yes');
    assert.match((await type(daemon, 'revoke', 'publish', file)).err, /threshold-unmet/);
    assert.match((await type(daemon, 'revoke', 'merge', file, copy)).err, /proposal-differs/);
    assert.match(
      (await type(daemon, 'root', 'sign', file, '--key', key(1), '--yes')).err,
      /document-type/,
    );
    const shown = await done(daemon, 'revoke', 'sign', file, '--key', key(1), '--yes');
    assert.match(shown, /^signed with [0-9a-f]{64}\n$/);
    assert.match(await readFile(file, 'utf8'), /BEGIN HOLDFAST PROPOSAL/);
    await done(daemon, 'revoke', 'publish', file);
    const listed = JSON.parse(await done(daemon, 'revoke', 'list', '--json'));
    assert.is(listed.revocations.length, 1);
    assert.is(listed.revocations[0].kind, 'authority');
  });
});

ceremonies.run();
