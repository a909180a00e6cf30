/**
 * What the desk of an authority remembers, as it is stored: applications under way, nodes that were
 * granted a lease, and marks of chips. Records come from our own store and are read strictly.
 */

import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import { encodeCanonical, parseCanonical } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import { ENROL_REQUEST_BYTES_MAX } from '../../core/limits.ts';
import type { KeyId } from '../../core/suite.ts';
import type { UnixMs } from '../../core/time.ts';
import { ASSURANCES, type Assurance } from '../../federation/assurance.ts';
import { Members } from '../../federation/members.ts';
import type { ChipMarks } from '../../firmware/high-water.ts';

/** How a request came. */
export type Way = 'network' | 'courier';

/** A machine that asks to be a node, and how far it is. */
export interface Application {
  readonly node: KeyId;
  readonly way: Way;
  /** The message it asked by. */
  readonly request: Uint8Array;
  /** The envelope of what it was asked. */
  readonly challenge: Uint8Array;
  /** What its chip has to find; null for a machine without one. */
  readonly secret: Uint8Array | null;
  readonly notAfter: UnixMs;
  readonly isApproved: boolean;
  /** What its newest answer earned; null before any. */
  readonly earned: Assurance | null;
  /** Digests of requests of this node that are older than this one. */
  readonly superseded: readonly Digest[];
}

/** A node that was granted a lease. */
export interface Enrolled {
  readonly node: KeyId;
  readonly group: string;
  readonly kind: string;
  readonly assurance: Assurance;
  /** Digest of its attestation key's name; null for a node without a chip. */
  readonly chip: Digest | null;
  /** Digest of the request that was granted. */
  readonly request: Digest;
  readonly grantedAt: UnixMs;
  readonly notAfter: UnixMs;
}

const MESSAGE_CHARS_MAX = 2 * ENROL_REQUEST_BYTES_MAX;
const SECRET_CHARS_MAX = 64;
/** As many older requests are remembered as anybody will have copies of. */
export const SUPERSEDED_MAX = 16;
const NAME_CHARS_MAX = 64;
/** TPMS_CLOCK_INFO: counts of resets and restarts are 32 bits wide. */
const U32_MAX = 2 ** 32 - 1;

export function encodeApplication(application: Application): Uint8Array {
  const { request, challenge, secret, notAfter, superseded, ...said } = application;
  return encodeCanonical({
    ...said,
    superseded: [...superseded],
    request: toBase64Url(request),
    challenge: toBase64Url(challenge),
    secret: secret === null ? null : toBase64Url(secret),
    notAfter: String(notAfter),
  });
}

export function readApplication(record: Uint8Array): Application {
  const members = new Members(parseCanonical(record), 'application');
  const bytes = (name: string, most: number) => fromBase64Url(members.text(name, most));
  return {
    node: members.digest('node'),
    way: members.value('way') === 'network' ? 'network' : 'courier',
    request: bytes('request', MESSAGE_CHARS_MAX),
    challenge: bytes('challenge', MESSAGE_CHARS_MAX),
    secret: members.value('secret') === null ? null : bytes('secret', SECRET_CHARS_MAX),
    notAfter: members.time('notAfter'),
    isApproved: members.flag('isApproved'),
    earned: members.value('earned') === null ? null : readAssurance(members, 'earned'),
    superseded: members.digests('superseded', SUPERSEDED_MAX),
  };
}

export function encodeEnrolled({ grantedAt, notAfter, ...members }: Enrolled): Uint8Array {
  return encodeCanonical({
    ...members,
    grantedAt: String(grantedAt),
    notAfter: String(notAfter),
  });
}

export function readEnrolled(record: Uint8Array): Enrolled {
  const members = new Members(parseCanonical(record), 'enrolled');
  return {
    node: members.digest('node'),
    group: members.text('group', NAME_CHARS_MAX),
    kind: members.text('kind', NAME_CHARS_MAX),
    assurance: readAssurance(members, 'assurance'),
    chip: members.digestOrNull('chip'),
    request: members.digest('request'),
    grantedAt: members.time('grantedAt'),
    notAfter: members.time('notAfter'),
  };
}

export function encodeMarks({ clock, firmwareVersion, counter }: ChipMarks): Uint8Array {
  const { clockMs, resetCount, restartCount, safe } = clock;
  return encodeCanonical({
    ...{ resetCount, restartCount, safe },
    clockMs: String(clockMs),
    firmwareVersion: String(firmwareVersion),
    counter: counter === null ? null : String(counter),
  });
}

export function readMarks(record: Uint8Array): ChipMarks {
  const members = new Members(parseCanonical(record), 'chip');
  return {
    clock: {
      clockMs: members.u64('clockMs'),
      resetCount: members.integer('resetCount', 0, U32_MAX),
      restartCount: members.integer('restartCount', 0, U32_MAX),
      safe: members.flag('safe'),
    },
    firmwareVersion: members.u64('firmwareVersion'),
    counter: members.value('counter') === null ? null : members.u64('counter'),
  };
}

function readAssurance(members: Members, name: string): Assurance {
  const assurance = ASSURANCES.find((known) => known === members.value(name));
  return assurance ?? members.refuse(name);
}
