/** A backup as a file: what opens it, and what is refused before anything is written. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8 } from '../../../core/bytes.ts';
import { sha256 } from '../../../core/digest.ts';
import { BACKUP_BYTES_MAX } from '../../../core/limits.ts';
import { openBackup, sealBackup } from '../../../daemon/backup/backup-file.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../daemon/backup/snapshot.ts';
import { stretchPassphrase } from '../../../daemon/custody/passphrase-key.ts';
import { refuses } from '../../refused.ts';
import { refused } from '../refused.ts';

const backups = suite('daemon/backup/backup-file');

const PASSPHRASE = 'a long night on watch';
const SECRET = toUtf8('what a key file holds');
const SALT = new Uint8Array(16).fill(1);
const NONCE = new Uint8Array(12).fill(2);
const VERSION_AT = 16;

const sealed = async (snapshot: Uint8Array): Promise<Uint8Array> =>
  sealBackup(
    { salt: SALT, nonce: NONCE, key: await stretchPassphrase(PASSPHRASE, SALT) },
    snapshot,
  );

const open = (file: Uint8Array, passphrase = PASSPHRASE) =>
  openBackup(file, async () => passphrase);

/** Not to be asked: what is wrong with a file is said before. */
const unasked = (file: Uint8Array) => openBackup(file, async () => assert.unreachable() as never);

/** With the digest of what it now holds, as whoever changed it would put there. */
const summed = (file: Uint8Array): Uint8Array => {
  const body = file.subarray(0, -32);
  return concat(body, sha256(body));
};

const changedAt = (file: Uint8Array, at: number): Uint8Array =>
  file.map((byte, i) => (i === at ? byte ^ 1 : byte));

backups('open with their passphrase, and show nothing of what they hold', async () => {
  const file = await sealed(SECRET);
  assert.equal((await open(file)).snapshot, SECRET);
  assert.not(Buffer.from(file).includes(Buffer.from(SECRET)));
  await refused(() => open(file, 'another'), 'passphrase-wrong');
});

backups('that were cut, changed, lengthened or are of another version are refused', async () => {
  const file = await sealed(SECRET);
  for (const length of [0, VERSION_AT, VERSION_AT + 1, 40, file.length - 1]) {
    await refused(() => unasked(file.subarray(0, length)), 'truncated');
  }
  await refused(() => unasked(concat(file, Uint8Array.of(0))), 'trailing-bytes');
  await refused(() => unasked(changedAt(file, VERSION_AT)), 'backup-version');
  await refused(() => unasked(changedAt(file, 0)), 'backup-malformed');
  for (const at of [VERSION_AT + 1, file.length - 50, file.length - 1]) {
    await refused(() => unasked(changedAt(file, at)), 'backup-malformed');
  }
  for (const at of [VERSION_AT + 20, file.length - 50]) {
    await refused(() => open(summed(changedAt(file, at))), 'passphrase-wrong');
  }
});

backups('that are larger than any are not made', async () => {
  refuses('too-large', () =>
    sealBackup(
      { salt: SALT, nonce: NONCE, key: new Uint8Array(32) },
      new Uint8Array(BACKUP_BYTES_MAX),
    ),
  );
});

backups('hold a snapshot that reads back as it was, of names that are ours alone', () => {
  const snapshot = {
    records: new Map([['self', SECRET]]),
    keys: new Map([['root.key', SECRET]]),
    audit: toUtf8('{}\n'),
  };
  assert.equal(decodeSnapshot(encodeSnapshot(snapshot)), snapshot);
  for (const name of ['../root.key', 'root', '', 'a/b.key']) {
    const strange = { ...snapshot, keys: new Map([[name, SECRET]]) };
    refuses('backup-malformed', () => decodeSnapshot(encodeSnapshot(strange)), name);
  }
  for (const name of ['seal', 'format', 'unheard-of']) {
    const strange = { ...snapshot, records: new Map([[name, SECRET]]) };
    refuses('backup-malformed', () => decodeSnapshot(encodeSnapshot(strange)), name);
  }
});

backups.run();
