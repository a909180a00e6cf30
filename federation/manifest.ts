/**
 * Manifest: every document a domain stands by, with version and digest (PROTOCOL §2.3).
 *
 * Names that partners have a use for stand in clear. Those only the domain's own nodes read are
 * listed as salted hashes, so that a partner learns neither how many groups of workloads there are
 * by name nor what they are called; the salt travels inside the document itself.
 */

import { fromHex, toUtf8 } from '../core/bytes.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { MANIFEST_NAMES_MAX, NAME_CHARS_MAX } from '../core/limits.ts';
import { readOnce } from '../core/read-once.ts';
import type { UnverifiedEnvelope } from './envelope.ts';
import { checkMust } from './must.ts';

/** What a manifest says of one name; a null digest means the name has left. */
export interface Pin {
  readonly version: bigint;
  readonly digest: Digest | null;
}

/** A manifest as read. */
export interface Manifest {
  readonly digest: Digest;
  readonly version: bigint;
  /** By manifest key: a clear name, or the salted hash of one. */
  readonly pins: ReadonlyMap<string, Pin>;
  /** What it pins as `revocations`: asked for whenever its domain is judged. */
  readonly revocations: Digest | null;
}

const KNOWN = new Set(['domain', 'must', 'names', 'type', 'version']);
const NAME_LABEL = toUtf8('holdfast/name/v1\0');

/** Reads a manifest's payload. Refuses `document-malformed` and `document-must`. */
export const readManifest = readOnce(readMembers);

function readMembers(envelope: UnverifiedEnvelope): Manifest {
  const { members } = envelope;
  checkMust(members, KNOWN);
  const names = members.object('names');
  const keys = names.names();
  if (keys.length > MANIFEST_NAMES_MAX) members.refuse('names');
  const pins = new Map(
    keys.map((key) => {
      if (key.length > NAME_CHARS_MAX) names.refuse(key.slice(0, NAME_CHARS_MAX));
      const pin = names.object(key);
      return [key, { version: pin.u64('version'), digest: pin.digestOrNull('digest') }];
    }),
  );
  const revocations = pins.get('revocations')?.digest ?? null;
  return { digest: envelope.digest, version: members.u64('version'), pins, revocations };
}

/** The manifest key of a name that partners need not read: `~` and a salted SHA-256. */
export function saltedKey(name: string, salt: Digest): string {
  return `~${digestOf(NAME_LABEL, fromHex(salt), toUtf8(name))}`;
}
