/**
 * The fingerprint of a domain: the digest of its first Root, as people compare it.
 */

import { fromHex } from '../../core/bytes.ts';
import { DIGEST_BYTES, type Digest } from '../../core/digest.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { decodeBundleFile, decodeFileItem } from '../../federation/bundle-file.ts';
import { readChallenge } from './challenge.ts';
import { decodeMessageFile } from './message.ts';

/** Reads a fingerprint, 64 hex digits. Refuses `enrol-fingerprint`. */
export function parseFingerprint(text: string): Digest {
  const digest = text.trim().toLowerCase();
  const bytes = refusalOf(() => fromHex(digest));
  if (bytes instanceof Refusal || bytes.length !== DIGEST_BYTES) {
    throw new Refusal('enrol-fingerprint', { expected: '64 hex digits', got: digest.slice(0, 80) });
  }
  return digest as Digest;
}

/** The first Root that the file beside a challenge shows. Refuses `root-unknown`, framing codes. */
export function challengeFingerprint(text: string): Digest {
  const { file } = readChallenge(decodeMessageFile(text));
  const [block] = decodeBundleFile(file);
  const item = block === undefined ? undefined : decodeFileItem(block);
  if (item?.kind !== 'envelope' || item.envelope.type !== 'root') {
    throw new Refusal('root-unknown', { why: 'the file does not begin with a first Root' });
  }
  return item.envelope.digest;
}
