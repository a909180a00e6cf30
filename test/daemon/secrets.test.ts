/**
 * No secret leaves by the way of words: every byte of every key file of a daemon that had a full
 * day is looked for in its log, its audit log, its answers, its errors and its command line, as
 * hex, base64, base64url and PEM. Timeout: 180 s.
 */

import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../core/bytes.ts';
import type { Method } from '../../daemon/control/calls.ts';
import { METHODS } from '../../daemon/control/params.ts';
import { DaemonProcess, relate } from '../daemon-process.ts';
import { BRISK, type } from './live.ts';

const secrets = suite('daemon/secrets');

/** Bytes of a secret that nothing else has by chance. */
const WINDOW_BYTES = 24;
/** The name of a key and the form around it are no secret. */
const FRAME_BYTES = 64;
const PASSPHRASE = 'correct horse battery staple';

/** What is between the first line and the checksum of a key file. */
function secretIn(path: string): Uint8Array {
  const lines = readFileSync(path, 'utf8').split('\n').slice(2, -3);
  return new Uint8Array(Buffer.from(lines.join(''), 'base64'));
}

/** Every spelling of a stretch of a secret, whatever it was aligned to. */
function spellings(secret: Uint8Array): readonly string[] {
  const middle = Math.max(0, Math.floor((secret.length - WINDOW_BYTES) / 2));
  const stretch = secret.subarray(middle, middle + WINDOW_BYTES);
  const bases = [0, 1, 2].flatMap((shift) => {
    const part = Buffer.from(stretch.subarray(shift, shift + 18));
    return [part.toString('base64'), part.toString('base64url')];
  });
  return [toHex(stretch), toHex(stretch).toUpperCase(), ...bases];
}

/** Asks for everything there is, rightly or not, and returns all that is answered. */
async function askAll(daemon: DaemonProcess): Promise<string> {
  const control = await daemon.control();
  const answers: string[] = [];
  const given: readonly object[] = [{}, { id: 'x' }, { name: 'root', folder: 'no/folder' }];
  for (const method of METHODS.filter((each) => each !== 'subscribe')) {
    for (const params of given) {
      const answer = await control.call(method as Method, params as never).catch(String);
      answers.push(JSON.stringify(answer));
    }
  }
  await control.close();
  return answers.join('\n');
}

/** What a person types in a day, and what is printed for it. */
async function aDay(daemon: DaemonProcess): Promise<string> {
  const at = (name: string): string => join(daemon.folder, name);
  writeFileSync(at('passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
  const lines: readonly (readonly string[])[] = [
    ['status', '--json'],
    ['entry', 'create', '--spiffe-id', 'spiffe://blue.example/web', '--selector', 'unix:uid:0'],
    ['svid', 'fetch', '--workload-socket', daemon.workloadSocket, '--write', at('svid')],
    ['root', 'key', 'create', at('ann'), '--passphrase-file', at('passphrase')],
    ['root', 'key', 'make', 'beacon', at('beacon')],
    ['key', 'list', '--json'],
    ['key', 'copy', 'root', at('safe')],
    ['bundle', 'export', at('blue.holdfast')],
    ['backup', at('blue.backup'), '--passphrase-file', at('passphrase')],
    ['courier', 'recipient', at('recipient')],
    ['revoke', 'identity', 'spiffe://blue.example/old', '--yes'],
    ['audit', 'tail', '--lines', '1000'],
    ['doctor', '--json', '--state', at('state'), '--config', at('config.toml')],
    ['root', 'sign', at('nothing'), '--key', at('state/keys/root.key'), '--yes'],
    ['key', 'copy', 'transport', at('safe')],
  ];
  const printed: string[] = [];
  for (const line of lines) {
    const { out, err } = await type(daemon, ...line);
    printed.push(out, err);
  }
  return printed.join('\n');
}

secrets('are in no log, no audit entry, no answer, no error and no command line', async () => {
  const [blue, red] = [
    new DaemonProcess('blue.example', BRISK),
    new DaemonProcess('red.example', BRISK),
  ];
  try {
    await Promise.all([blue.start(), red.start()]);
    await relate(blue, red);
    const printed = await aDay(blue);
    const answered = await askAll(blue);
    const line = readFileSync(`/proc/${blue.process.pid}/cmdline`, 'utf8');
    const variables = readFileSync(`/proc/${blue.process.pid}/environ`, 'utf8');
    const logged = blue.said.join('\n');
    await blue.kill('SIGTERM');
    const audited = readFileSync(blue.auditLog, 'utf8');
    const keys = globSync(['state/keys/*.key', 'safe/*.key'], { cwd: blue.folder });
    assert.ok(keys.length >= 9, keys.join(' '));
    const pem = readFileSync(join(blue.folder, 'svid/key.pem'), 'utf8').split('\n')[1] ?? '';
    const wanted = keys.flatMap((key) => {
      const secret = secretIn(join(blue.folder, key));
      assert.ok(secret.length >= WINDOW_BYTES, key);
      return spellings(secret).map((text) => ({ key, text }));
    });
    const all = { printed, answered, line, variables, logged, audited };
    for (const [place, text] of Object.entries(all)) {
      assert.ok(text.length > 0, place);
      for (const { key, text: secret } of wanted) {
        assert.not(text.includes(secret), `${key} is in what was ${place}`);
      }
      assert.not(text.includes(PASSPHRASE), `the passphrase is in what was ${place}`);
      assert.not(text.includes(pem.slice(0, FRAME_BYTES)), `an SVID's key is in ${place}`);
    }
  } finally {
    await Promise.all([blue.remove(), red.remove()]);
  }
});

secrets('that are planted in a text are found, however they are spelt', () => {
  const secret = toUtf8('an example of sixty-four bytes that stand for a private key: 0123456789');
  const found = (text: string): boolean => spellings(secret).some((each) => text.includes(each));
  for (const before of ['', 'a', 'ab', 'abc']) {
    const bytes = Buffer.concat([Buffer.from(before), secret]);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      assert.ok(found(`x ${bytes.toString(encoding)} y`), `${encoding} after ${before}`);
    }
  }
  assert.not(found('nothing to be seen here'));
});

secrets.run();
