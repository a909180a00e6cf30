/**
 * The courier file: bundle files of many domains as one file, in parts that can neither be cut nor
 * put in another order unseen (PROTOCOL §6.8).
 *
 *     "HFC1" ‖ u8 n ‖ header ‖ part…
 *     header = file key (32)                                            where n is 0: for anybody
 *            | n × (node id 32 ‖ KEM ciphertext 1120 ‖ box 48)          sealed to n nodes
 *     part   = u32 length ‖ AES-256-GCM of a bundle file of one domain, padded
 *
 * A box holds the file key under the secret of its ciphertext. The nonce of a part is its number
 * and whether it is the last; it is bound to the digest of all before the first part. The file says
 * who can read it and proves nothing: that is for the documents in it.
 */

import { fromHex, Reader, toHex, toUtf8, Writer } from '../core/bytes.ts';
import { decryptAesGcm, encryptAesGcm, GCM_NONCE_BYTES } from '../core/ciphers.ts';
import { DIGEST_BYTES, sha256 } from '../core/digest.ts';
import {
  decapsulate,
  encapsulateTo,
  KEM_CIPHERTEXT_BYTES,
  KEM_RANDOM_BYTES,
} from '../core/hybrid-kem.ts';
import { BUNDLE_FILE_BYTES_MAX, COURIER_RECIPIENTS_MAX } from '../core/limits.ts';
import { pad, paddedLength, unpad } from '../core/padding.ts';
import { Refusal } from '../core/refusal.ts';
import type { KeyId } from '../core/suite.ts';

/** The first bytes, which say how long the header is. */
export const COURIER_PREFIX_BYTES = 5;
/** A file key. */
export const COURIER_KEY_BYTES = 32;
const TAG_BYTES = 16;
/** The longest part: of the longest bundle file, padded. */
export const PART_BYTES_MAX: number = paddedLength(BUNDLE_FILE_BYTES_MAX) + TAG_BYTES;

const MAGIC = toUtf8('HFC1');
const SLOT_BYTES = DIGEST_BYTES + KEM_CIPHERTEXT_BYTES + COURIER_KEY_BYTES + TAG_BYTES;
/** The secret of a ciphertext seals one box and nothing else. */
const BOX_NONCE = new Uint8Array(GCM_NONCE_BYTES);

/** A node that a file is sealed to, and its public KEM key. */
export interface SealedTo {
  readonly node: KeyId;
  readonly key: Uint8Array;
}

/** What seals and opens the parts of one file. */
export interface CourierKey {
  readonly fileKey: Uint8Array;
  /** Digest of prefix and header. */
  readonly bound: Uint8Array;
}

/** Where a part stands in its file. */
export interface PartPlace {
  /** From 0. */
  readonly index: number;
  readonly isLast: boolean;
}

/** Random bytes that `newCourier` wants. */
export function courierRandomBytes(recipients: number): number {
  return COURIER_KEY_BYTES + recipients * KEM_RANDOM_BYTES;
}

/**
 * The head of a new file, sealed to `recipients` or, where there are none, for anybody; and what
 * seals its parts. Refuses `too-large`, and `key-malformed` for what is no KEM key.
 */
export function newCourier(
  recipients: readonly SealedTo[],
  random: Uint8Array,
): { readonly header: Uint8Array; readonly key: CourierKey } {
  if (recipients.length > COURIER_RECIPIENTS_MAX) {
    throw new Refusal('too-large', { limit: COURIER_RECIPIENTS_MAX, got: recipients.length });
  }
  const draws = new Reader(random);
  const fileKey = draws.take(COURIER_KEY_BYTES);
  const head = new Writer().raw(MAGIC).u8(recipients.length);
  if (recipients.length === 0) head.raw(fileKey);
  for (const { node, key } of recipients) {
    const { ciphertext, secret } = encapsulateTo(key, draws.take(KEM_RANDOM_BYTES));
    const bound = fromHex(node);
    const box = encryptAesGcm({ key: secret, nonce: BOX_NONCE, bound, bytes: fileKey });
    head.raw(bound).raw(ciphertext).raw(box);
  }
  draws.end();
  const header = head.finish();
  return { header, key: courierKey(header, fileKey) };
}

/** Length of the whole head by its first bytes. Refuses `courier-malformed` and `too-large`. */
export function headerLength(prefix: Uint8Array): number {
  const count = prefix[MAGIC.length];
  const isCourier = MAGIC.every((octet, at) => prefix[at] === octet);
  if (!isCourier || count === undefined) throw new Refusal('courier-malformed');
  if (count > COURIER_RECIPIENTS_MAX) {
    throw new Refusal('too-large', { limit: COURIER_RECIPIENTS_MAX, got: count });
  }
  return COURIER_PREFIX_BYTES + (count === 0 ? COURIER_KEY_BYTES : count * SLOT_BYTES);
}

/** Whose a file is: its recipients, none of them for a file that anybody reads. */
export function recipientsOf(header: Uint8Array): readonly KeyId[] {
  return slotsOf(header).map(({ node }) => node);
}

/** The key in the head of a file for anybody; null where the file is sealed. */
export function openHeader(header: Uint8Array): Uint8Array | null {
  return header[MAGIC.length] === 0 ? header.slice(COURIER_PREFIX_BYTES) : null;
}

/**
 * The file key, for the node whose private KEM key this is. Refuses `courier-malformed`,
 * `courier-sealed` where the file is for others, and `courier-broken` where its box does not open.
 */
export function unsealHeader(header: Uint8Array, node: KeyId, seed: Uint8Array): Uint8Array {
  const slot = slotsOf(header).find((candidate) => candidate.node === node);
  if (slot === undefined) throw new Refusal('courier-sealed', { node });
  const key = decapsulate(seed, slot.ciphertext);
  const bound = fromHex(node);
  const fileKey = decryptAesGcm({ key, nonce: BOX_NONCE, bound, bytes: slot.box });
  // The key that this node has now may be another than the one it once stated.
  if (fileKey === undefined) throw new Refusal('courier-broken', { what: 'the box of this node' });
  return fileKey;
}

/** What seals and opens the parts behind this head. */
export function courierKey(header: Uint8Array, fileKey: Uint8Array): CourierKey {
  return { fileKey, bound: sha256(header) };
}

/** Seals one part, padded: its length says little of what its domain has to tell (§6.9). */
export function sealPart(key: CourierKey, place: PartPlace, part: Uint8Array): Uint8Array {
  return encryptAesGcm({ ...cipherAt(key, place), bytes: pad(part) });
}

/**
 * Opens one part. Refuses `truncated` where the file ends before its last part, `trailing-bytes`
 * where it goes on behind it, and `courier-broken` for what was not sealed at this place.
 */
export function openPart(key: CourierKey, place: PartPlace, sealed: Uint8Array): Uint8Array {
  const opened = decryptAesGcm({ ...cipherAt(key, place), bytes: sealed });
  const { index, isLast } = place;
  if (opened !== undefined) {
    const part = unpad(opened);
    if (part === null) throw new Refusal('courier-broken', { part: index + 1 });
    return part;
  }
  const other = cipherAt(key, { index, isLast: !isLast });
  if (decryptAesGcm({ ...other, bytes: sealed }) === undefined) {
    throw new Refusal('courier-broken', { part: index + 1 });
  }
  throw new Refusal(isLast ? 'truncated' : 'trailing-bytes', { part: index + 1 });
}

function cipherAt({ fileKey, bound }: CourierKey, { index, isLast }: PartPlace) {
  const nonce = new Writer()
    .raw(new Uint8Array(GCM_NONCE_BYTES - 5))
    .u32(index)
    .u8(isLast ? 1 : 0)
    .finish();
  return { key: fileKey, nonce, bound };
}

interface Slot {
  readonly node: KeyId;
  readonly ciphertext: Uint8Array;
  readonly box: Uint8Array;
}

function slotsOf(header: Uint8Array): readonly Slot[] {
  if (headerLength(header) !== header.length) throw new Refusal('courier-malformed');
  const reader = new Reader(header.subarray(COURIER_PREFIX_BYTES));
  return Array.from({ length: header[MAGIC.length] ?? 0 }, () => ({
    node: toHex(reader.take(DIGEST_BYTES)) as KeyId,
    ciphertext: reader.take(KEM_CIPHERTEXT_BYTES),
    box: reader.take(COURIER_KEY_BYTES + TAG_BYTES),
  }));
}
