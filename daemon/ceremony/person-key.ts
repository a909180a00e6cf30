/**
 * Key files of people: one hybrid pair a file, on a stick, in a safe (PROTOCOL §2.7). Not the keys
 * of a running daemon, which its custody keeps.
 *
 *     -----BEGIN HOLDFAST PERSON-----          JCS {key: {ed25519, mlDsa65}, seeds: …}
 *     -----BEGIN HOLDFAST PUBLIC-----          the public pair, 32 + 1,952 bytes
 *
 * With a passphrase the seeds are sealed: ChaCha20-Poly1305 under a key that is made of it
 * (passphrase-key.ts), the public pair as associated data, so that nobody swaps the name on a
 * sealed key.
 * The key files that a founded domain begins with are read too (store/key-file.ts).
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { concat, fromUtf8, toBase64Url, toUtf8 } from '../../core/bytes.ts';
import { encodeCanonical, type JsonObject, parseCanonical } from '../../core/canonical.ts';
import { KEY_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import {
  ED25519_KEY_BYTES,
  type KeyId,
  ML_DSA_65_KEY_BYTES,
  type PublicPair,
  SEED_PAIR_BYTES,
  type Signer,
  type Suite,
} from '../../core/suite.ts';
import { decodeBlocks, encodeBlock } from '../../federation/armour.ts';
import { publicMembers } from '../../federation/found.ts';
import { Members } from '../../federation/members.ts';
import { SALT_BYTES, stretchPassphrase } from '../custody/passphrase-key.ts';
import { createFile, readBounded, readPrivate } from '../host/files.ts';
import type { Random } from '../ports.ts';
import { loadKeyFile } from '../store/key-file.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PUBLIC_BYTES = ED25519_KEY_BYTES + ML_DSA_65_KEY_BYTES;
/** What `store/key-file.ts` writes begins so. */
const DAEMON_KEY = '-----BEGIN HOLDFAST KEY-----\nname: ';

/** Asks for the passphrase of a sealed key; called only where there is one. */
export type AskPassphrase = () => Promise<string>;

/**
 * Makes a pair and writes it to `path` (0600), sealed where `passphrase` is not null, and its
 * public half to `path.pub`. Fails `file-unwritable` where either stands: no key is overwritten.
 */
export async function createPersonKey(
  suite: Suite,
  random: Random,
  to: { readonly path: string; readonly passphrase: string | null },
): Promise<KeyId> {
  const seeds = random.bytes(SEED_PAIR_BYTES);
  const { publicPair, keyId } = suite.openSigner(seeds);
  const head = publicMembers(publicPair);
  const secret: JsonObject =
    to.passphrase === null
      ? { seeds: toBase64Url(seeds) }
      : await sealed(seeds, publicPair, to.passphrase, random);
  const body = encodeCanonical({ key: head, ...secret });
  await createFile(to.path, toUtf8(encodeBlock('person', body)), 0o600);
  await createFile(`${to.path}.pub`, toUtf8(encodePublicKey(publicPair)), 0o644);
  return keyId;
}

/**
 * Opens a key file of a person, or one of a daemon. Refuses `permissions-wide`, `key-malformed`,
 * and `passphrase-wrong`; fails `file-unreadable`.
 */
export async function openPersonKey(
  suite: Suite,
  path: string,
  ask: AskPassphrase,
): Promise<Signer> {
  const bytes = await readPrivate(path, KEY_FILE_BYTES_MAX);
  const seeds = startsWith(bytes, DAEMON_KEY)
    ? await loadKeyFile({ folder: dirname(path), name: basename(path, '.key') })
    : await openSeeds(bytes, path, ask);
  if (seeds.length !== SEED_PAIR_BYTES) throw new Refusal('key-malformed', { path });
  return suite.openSigner(seeds);
}

/** The public half as text. */
export function encodePublicKey({ ed25519, mlDsa65 }: PublicPair): string {
  return encodeBlock('public', concat(ed25519, mlDsa65));
}

/** Reads a public half. Refuses `key-malformed`; fails `file-unreadable`. */
export async function loadPublicKey(path: string): Promise<PublicPair> {
  const file = await readBounded(path, KEY_FILE_BYTES_MAX);
  const blocks = refusalOf(() => decodeBlocks(file));
  const block = blocks instanceof Refusal || blocks.length !== 1 ? undefined : blocks[0];
  if (block?.label !== 'public' || block.bytes.length !== PUBLIC_BYTES) {
    throw new Refusal('key-malformed', { path, why: 'not one public key' });
  }
  return {
    ed25519: block.bytes.slice(0, ED25519_KEY_BYTES),
    mlDsa65: block.bytes.slice(ED25519_KEY_BYTES),
  };
}

async function sealed(
  seeds: Uint8Array,
  pair: PublicPair,
  passphrase: string,
  random: Random,
): Promise<JsonObject> {
  const salt = random.bytes(SALT_BYTES);
  const nonce = random.bytes(NONCE_BYTES);
  const key = await stretchPassphrase(passphrase, salt);
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(concat(pair.ed25519, pair.mlDsa65), { plaintextLength: seeds.length });
  const box = concat(cipher.update(seeds), cipher.final(), cipher.getAuthTag());
  return {
    sealed: { salt: toBase64Url(salt), nonce: toBase64Url(nonce), box: toBase64Url(box) },
  };
}

/** The seeds in a person's file. What is wrong in it is never quoted: it could be the secret. */
async function openSeeds(bytes: Uint8Array, path: string, ask: AskPassphrase): Promise<Uint8Array> {
  const read = refusalOf(() => readPersonFile(bytes));
  if (read instanceof Refusal) throw new Refusal('key-malformed', { path });
  if (read.kind === 'plain') return read.seeds;
  const seeds = unsealed(read, await stretchPassphrase(await ask(), read.salt));
  if (seeds === undefined) throw new Refusal('passphrase-wrong', { path });
  return seeds;
}

type PersonFile =
  | { readonly kind: 'plain'; readonly seeds: Uint8Array }
  | {
      readonly kind: 'sealed';
      readonly pair: PublicPair;
      readonly salt: Uint8Array;
      readonly nonce: Uint8Array;
      readonly box: Uint8Array;
    };

function readPersonFile(bytes: Uint8Array): PersonFile {
  const [block, ...more] = decodeBlocks(bytes);
  if (block?.label !== 'person' || more.length > 0) throw new Refusal('key-malformed');
  const members = new Members(parseCanonical(block.bytes), 'person');
  const key = members.object('key');
  const pair = {
    ed25519: key.bytes('ed25519', ED25519_KEY_BYTES),
    mlDsa65: key.bytes('mlDsa65', ML_DSA_65_KEY_BYTES),
  };
  if (members.has('seeds')) {
    return { kind: 'plain', seeds: members.bytes('seeds', SEED_PAIR_BYTES) };
  }
  const box = members.object('sealed');
  return {
    kind: 'sealed',
    pair,
    salt: box.bytes('salt', SALT_BYTES),
    nonce: box.bytes('nonce', NONCE_BYTES),
    box: box.bytes('box', SEED_PAIR_BYTES + TAG_BYTES),
  };
}

function unsealed(
  { pair, nonce, box }: PersonFile & { readonly kind: 'sealed' },
  key: Uint8Array,
): Uint8Array | undefined {
  const opener = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
  opener.setAAD(concat(pair.ed25519, pair.mlDsa65), { plaintextLength: SEED_PAIR_BYTES });
  opener.setAuthTag(box.subarray(SEED_PAIR_BYTES));
  const seeds = opener.update(box.subarray(0, SEED_PAIR_BYTES));
  try {
    opener.final();
    return new Uint8Array(seeds);
  } catch {
    return undefined; // the tag is all that this can fail on
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  const head = refusalOf(() => fromUtf8(bytes.subarray(0, text.length)));
  return head === text;
}
