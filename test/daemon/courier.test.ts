/**
 * Courier files between running daemons: exported, looked at, carried, broken on the way.
 *
 * Timeout: 480 s
 */

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DaemonProcess } from '../daemon-process.ts';
import { auditOf, controlling, eventually, fileBeside, type, withDaemons } from './live.ts';

const couriers = suite('daemon/courier');

const BLUE = 'blue.example';
const RED = 'red.example';
const GREEN = 'green.example';

async function statusOf(daemon: DaemonProcess) {
  return controlling(daemon, (control) => control.call('status', {}));
}

/** What a command said, or the code it was refused with. */
async function said(daemon: DaemonProcess, ...args: readonly string[]) {
  const { code, out, err } = await type(daemon, ...args);
  const refusal = /^holdfast: ([a-z-]+):/m.exec(err)?.[1] ?? '';
  return { code, out, refusal };
}

/** Blue relates to red by a file; no link will ever join them. */
async function related(blue: DaemonProcess, red: DaemonProcess): Promise<void> {
  const { out } = await type(red, 'bundle', 'export');
  const file = fileBeside(blue, 'red.bundle', out);
  assert.is((await type(blue, 'federation', 'add', file)).code, 0);
}

/** Something that blue does not know yet. */
async function news(red: DaemonProcess, path = '/web'): Promise<void> {
  await controlling(red, (control) =>
    control.call('entry.create', { spiffeId: `spiffe://${RED}${path}`, selectors: ['unix:uid:1'] }),
  );
}

async function epochOf(daemon: DaemonProcess, domain: string): Promise<string | undefined> {
  const { domains } = await statusOf(daemon);
  return domains.find((one) => one.domain === domain)?.epoch;
}

couriers('bring the news of a partner, once looked at and agreed to', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    await related(blue, red);
    await news(red);
    const path = join(red.folder, 'red.courier');
    assert.is((await said(red, 'courier', 'export', path)).code, 0);
    const looked = JSON.parse((await said(red, 'courier', 'inspect', path, '--json')).out);
    assert.is(looked.domains[0].domain, RED);
    assert.is(looked.domains[0].fingerprint, (await statusOf(red)).fingerprint);

    const before = await epochOf(blue, RED);
    assert.is((await said(blue, 'courier', 'import', path)).code, 2, 'nobody can be asked');
    assert.is(await epochOf(blue, RED), before);

    const { code, out } = await said(blue, 'courier', 'import', path, '--yes');
    assert.is(code, 0);
    assert.match(out, new RegExp(`${RED}\\s+epoch\\s+${before}\\s+\\d+`));
    assert.is.not(await epochOf(blue, RED), before);
    const again = await said(blue, 'courier', 'import', path);
    assert.is(again.code, 0, 'there is nothing to ask about');
    assert.match(again.out, /changed +0 marks/);
    assert.ok(auditOf(blue).some(({ event }) => event === 'file.imported'));

    const old = join(blue.folder, 'old.courier');
    copyFileSync(path, old);
    await news(red, '/db');
    assert.is((await said(red, 'courier', 'export', path)).code, 0);
    assert.is((await said(blue, 'courier', 'import', path, '--yes')).code, 0);
    const newest = await epochOf(blue, RED);
    const replayed = await said(blue, 'courier', 'import', old, '--yes');
    assert.match(replayed.out, /epoch-rolled-back/);
    assert.is(await epochOf(blue, RED), newest, 'what was replayed takes nothing back');
  });
});

couriers('cut anywhere, put in another order or of strangers change nothing', async () => {
  await withDaemons([BLUE, RED, GREEN], async (blue, red, green) => {
    await related(blue, red);
    await related(red, green);
    await news(red);
    const path = join(red.folder, 'two.courier');
    assert.is((await said(red, 'courier', 'export', path)).code, 0);
    const whole = readFileSync(path);
    const first = whole.readUInt32BE(37) + 4;
    const head = whole.subarray(0, 37);
    const [one, two] = [whole.subarray(37, 37 + first), whole.subarray(37 + first)];
    const before = await epochOf(blue, RED);
    const broken: readonly (readonly [string, Uint8Array])[] = [
      ['courier-malformed', whole.subarray(0, 3)],
      ['truncated', whole.subarray(0, 20)],
      ['truncated', whole.subarray(0, 37 + 2)],
      ['truncated', whole.subarray(0, 37 + first)],
      ['truncated', whole.subarray(0, 37 + first + 2)],
      ['truncated', whole.subarray(0, whole.length - 1)],
      ['courier-broken', Buffer.concat([head, two, one])],
      ['courier-broken', Buffer.concat([head, two])],
      ['courier-malformed', readFileSync(join(blue.folder, 'red.bundle'))],
    ];
    const carried = join(blue.folder, 'broken.courier');
    for (const [code, bytes] of broken) {
      writeFileSync(carried, bytes);
      const outcome = await said(blue, 'courier', 'import', carried, '--yes');
      assert.equal([outcome.code, outcome.refusal], [1, code], `${bytes.length} bytes`);
      assert.is(await epochOf(blue, RED), before);
    }
    const stranger = join(green.folder, 'green.courier');
    assert.is((await said(green, 'courier', 'export', stranger)).code, 0);
    const { code, out } = await said(blue, 'courier', 'import', stranger, '--yes');
    assert.is(code, 1);
    assert.match(out, /refused +domain-unrelated/);
    assert.is((await said(blue, 'courier', 'import', path, '--yes')).code, 1, 'green is unrelated');
    assert.is.not(await epochOf(blue, RED), before, 'and red is none the worse for it');
  });
});

couriers('that are sealed are opened by their recipient alone', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    await news(red);
    const mine = join(red.folder, 'red.recipient');
    assert.is((await said(red, 'courier', 'recipient', mine)).code, 0);
    const path = join(red.folder, 'sealed.courier');
    assert.is((await said(red, 'courier', 'export', path, '--to', mine)).code, 0);
    const sealed = readFileSync(path, 'latin1');
    assert.not.ok(sealed.includes('BEGIN HOLDFAST'));
    const { sealedTo, parts } = JSON.parse(
      (await said(blue, 'courier', 'inspect', path, '--json')).out,
    );
    assert.equal([sealedTo, parts], [[(await statusOf(red)).node.id], 1]);
    const stranger = await said(blue, 'courier', 'import', path, '--yes');
    assert.is(stranger.refusal, 'courier-sealed');
    const seen = await controlling(red, async (control) => {
      const { text } = await control.call('courier.part', {
        recipients: [readFileSync(mine, 'utf8')],
      });
      return text;
    });
    assert.match(seen, 'BEGIN HOLDFAST ENTRIES');
    await red.kill('SIGTERM');
    await red.start();
    const own = await eventually('red knows the time', async () => {
      const outcome = await said(red, 'courier', 'import', path, '--yes');
      return outcome.refusal === '' ? outcome : undefined;
    });
    assert.match(own.out, /changed/, 'its key outlives the process');
    const notOurs = await said(blue, 'courier', 'export', path, '--to', mine);
    assert.is(notOurs.refusal, 'domain-mismatch');
    assert.is(readFileSync(path, 'latin1'), sealed, 'what is refused leaves the file that stood');
  });
});

couriers.run();
