/**
 * Courier files that meet trouble on real machines: the daemon dies between two parts, the reader
 * is a member that no link reaches, the file is a year old or larger than any may be (§6.8).
 *
 * Timeout: 240 s
 */

import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8, Writer } from '../../core/bytes.ts';
import { COURIER_BYTES_MAX, COURIER_PARTS_MAX, COURIER_RECIPIENTS_MAX } from '../../core/limits.ts';
import { environmentOf } from '../../daemon/host/environment.ts';
import { main } from '../../daemon/main.ts';
import { courierKey, newCourier, PART_BYTES_MAX, sealPart } from '../../federation/courier.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { BRISK, controlling, eventually, fileBeside, type, withDaemons } from './live.ts';

const couriers = suite('daemon/courier-trouble');

const BLUE = 'blue.example';
const RED = 'red.example';
const GREEN = 'green.example';
const PREFIX_BYTES = 5;

/** What a command said, or the code it was refused with. */
async function said(daemon: DaemonProcess, ...args: readonly string[]) {
  const { code, out, err } = await type(daemon, ...args);
  return { code, out, err, refusal: /^holdfast: ([a-z-]+):/m.exec(err)?.[1] ?? '' };
}

async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await type(daemon, ...args);
  assert.is(code, 0, `${args.join(' ')}: ${err}`);
  return out;
}

/** Relates by a file; no link will ever join them. */
async function relate(mine: DaemonProcess, theirs: DaemonProcess): Promise<void> {
  const file = fileBeside(mine, `${theirs.domain}.bundle`, await done(theirs, 'bundle', 'export'));
  await done(mine, 'relation', 'accept', file, '--scope', '/', '--yes');
}

async function entry(daemon: DaemonProcess, path: string): Promise<void> {
  const spiffeId = `spiffe://${daemon.domain}${path}`;
  await controlling(daemon, (control) =>
    control.call('entry.create', { spiffeId, selectors: ['unix:uid:1'] }),
  );
}

async function epochsOf(daemon: DaemonProcess): Promise<Readonly<Record<string, string>>> {
  const { domains } = await controlling(daemon, (control) => control.call('status', {}));
  return Object.fromEntries(domains.map(({ domain, epoch }) => [domain, epoch]));
}

couriers('whose reader dies between two parts are taken up where it was', async () => {
  await withDaemons([BLUE, RED, GREEN], async (blue, red, green) => {
    for (const [mine, theirs] of [
      [blue, red],
      [blue, green],
      [red, green],
    ] as const) {
      await relate(mine, theirs);
    }
    await entry(green, '/web');
    await relate(green, red);
    const news = join(green.folder, 'green.courier');
    await done(green, 'courier', 'export', news, '--domain', GREEN);
    await done(red, 'courier', 'import', news, '--yes');
    await entry(red, '/web');
    const path = join(red.folder, 'both.courier');
    await done(red, 'courier', 'export', path);
    const [before, target] = [await epochsOf(blue), await epochsOf(red)];

    let died: Promise<unknown> | undefined;
    const code = await main(['courier', 'import', path, '--yes'], {
      environment: environmentOf({ HOLDFAST_CONTROL_SOCKET: blue.controlSocket }, 1_000, '/'),
      write: () => undefined,
      complain: (line) => {
        if (line === 'part 1 taken') died = blue.kill('SIGKILL');
      },
    });
    await died;
    assert.is(code, 1, 'the command says that it broke off');
    await blue.start();
    const half = await epochsOf(blue);
    assert.equal([half[RED], half[GREEN]], [target[RED], before[GREEN]], 'one part of two');
    const again = await eventually('an import', async () => {
      const outcome = await said(blue, 'courier', 'import', path, '--yes');
      return outcome.code === 0 ? outcome : undefined;
    });
    assert.not.match(again.out, new RegExp(`^${RED}\\s+epoch`, 'm'), 'what is here stays');
    assert.match(again.out, new RegExp(`^${GREEN}\\s+epoch`, 'm'));
    const whole = await epochsOf(blue);
    assert.equal([whole[RED], whole[GREEN]], [target[RED], target[GREEN]]);
  });
});

couriers('sealed to a member bring it what its domain decided while it was away', async () => {
  const authority = new DaemonProcess(BLUE, BRISK);
  const box = new DaemonProcess(BLUE, `${BRISK}[node]\nrole = "member"\n`);
  const red = new DaemonProcess(RED, BRISK);
  try {
    await Promise.all([authority, box, red].map((daemon) => daemon.start()));
    const at = (name: string) => join(authority.folder, name);
    const { fingerprint } = await controlling(authority, (control) => control.call('status', {}));
    await done(box, 'enroll', 'request', at('request'));
    await done(authority, 'enroll', 'challenge', at('request'), at('challenge'));
    const pinned = ['--fingerprint', fingerprint];
    await done(box, 'enroll', 'answer', at('challenge'), at('answer'), ...pinned);
    await done(authority, 'enroll', 'grant', at('answer'), at('grant'), '--approve');
    await done(box, 'enroll', 'install', at('grant'));
    await done(box, 'courier', 'recipient', at('recipient'));

    await entry(authority, '/web');
    await relate(authority, red);
    await done(authority, 'relation', 'narrow', RED, '--scope', '/web', '--yes');
    const path = at('sealed.courier');
    await done(authority, 'courier', 'export', path, '--to', at('recipient'));
    for (const stranger of [red, authority]) {
      const { refusal } = await said(stranger, 'courier', 'import', path, '--yes');
      assert.is(refusal, 'courier-sealed', stranger.domain);
    }
    const none = await controlling(box, (control) => control.call('federation.list', {}));
    assert.equal(none.relations, []);
    // Our own part says who is a partner, and those that follow are about them.
    await done(box, 'courier', 'import', path, '--yes');
    const { entries } = await controlling(box, (control) => control.call('entry.list', {}));
    assert.equal(
      entries.map(({ spiffeId }) => spiffeId),
      [`spiffe://${BLUE}/web`],
    );
    const { relations } = await controlling(box, (control) => control.call('federation.list', {}));
    assert.equal(
      relations.map(({ domain, terms, tier }) => [domain, terms.scope, tier]),
      [[RED, ['/web'], 'FRESH']],
    );
    await done(authority, 'relation', 'withdraw', RED, '--yes');
    await done(authority, 'courier', 'export', path, '--to', at('recipient'), '--domain', BLUE);
    await done(box, 'courier', 'import', path, '--yes');
    const after = await controlling(box, (control) => control.call('federation.list', {}));
    assert.equal(after.relations, [], 'withdrawn there too');
  } finally {
    await Promise.all([authority, box, red].map((daemon) => daemon.remove()));
  }
});

couriers('larger than any may be are refused before they are read', async () => {
  await withDaemons([BLUE], async (blue) => {
    const path = join(blue.folder, 'large.courier');
    const random = new SeededRandom('large');
    const { header, key } = newCourier([], random.bytes(32));
    const before = await epochsOf(blue);
    const refused = async (bytes: Uint8Array, sizeBytes = bytes.length) => {
      writeFileSync(path, bytes);
      truncateSync(path, sizeBytes);
      const [looked, taken] = [
        await said(blue, 'courier', 'inspect', path),
        await said(blue, 'courier', 'import', path, '--yes'),
      ];
      assert.is(looked.refusal, taken.refusal);
      return taken.refusal;
    };
    assert.is(await refused(header, COURIER_BYTES_MAX + 1), 'too-large', 'by its size');
    const length = (bytes: number) => new Writer().raw(header).u32(bytes).finish();
    assert.is(await refused(length(PART_BYTES_MAX + 1)), 'too-large', 'by a part');
    const crowd = header.slice(0, PREFIX_BYTES);
    crowd[PREFIX_BYTES - 1] = COURIER_RECIPIENTS_MAX + 1;
    assert.is(await refused(crowd), 'too-large', 'by its recipients');

    const part = toUtf8(await done(blue, 'bundle', 'export'));
    const opened = courierKey(header, key.fileKey);
    const parts = new Writer().raw(header);
    for (let index = 0; index <= COURIER_PARTS_MAX; index++) {
      const sealed = sealPart(opened, { index, isLast: index === COURIER_PARTS_MAX }, part);
      parts.u32(sealed.length).raw(sealed);
    }
    assert.is(await refused(parts.finish()), 'too-large', 'by the number of its parts');
    assert.equal(await epochsOf(blue), before);
  });
});

couriers.run();
