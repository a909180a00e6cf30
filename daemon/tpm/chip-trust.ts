/**
 * Which chips a verifier believes in: those whose certificate leads to the root of a maker, and
 * those whose endorsement key a person allowed by its hash. Both come from files.
 *
 * The list of allowed keys has a line for each key, and comments behind `#`:
 *
 *     # compared on the console of the machine
 *     3c0e8d7b…(64 digits of hex)…  tpm   gatehouse, unit 4
 */

import { fromUtf8 } from '../../core/bytes.ts';
import type { Digest } from '../../core/digest.ts';
import { EK_LIST_BYTES_MAX, EK_ROOTS_MAX, INTERMEDIATES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import { decodeKey } from '../../firmware/boot-state.ts';
import {
  checkEkAllowed,
  type EkAllowance,
  endorsementDigest,
  type TrustedChip,
  verifyEkCertificate,
} from '../../firmware/ek-certificate.ts';
import type { Evidence } from '../../firmware/evidence.ts';
import { readBounded } from '../host/files.ts';
import { parsePem, pemBytesMax } from '../identity/pem.ts';

/** Roots of makers, DER, and keys that were allowed one by one. */
export interface ChipTrust {
  readonly roots: readonly Uint8Array[];
  readonly allowed: readonly EkAllowance[];
}

/**
 * The chip behind a bundle, trusted. A key on the list needs no certificate. Refuses `ek-unlisted`
 * where no certificate can help, and as `verifyEkCertificate` does.
 */
export function trustChip(evidence: Evidence, trust: ChipTrust, now: UnixMs): TrustedChip {
  const { endorsementCertificate: certificate, intermediates } = evidence;
  const key = decodeKey(evidence.endorsementKey);
  const endorsement = endorsementDigest(key);
  const isListed = trust.allowed.some((allowance) => allowance.endorsement === endorsement);
  if (isListed || certificate === null || trust.roots.length === 0) {
    return checkEkAllowed(key, trust.allowed);
  }
  return verifyEkCertificate({ key, certificate, intermediates, roots: trust.roots, now });
}

/** Loads what a configuration names, and nothing else is trusted. Refuses and fails as below. */
export async function loadChipTrust(named: {
  readonly ekRoots: string | null;
  readonly ekAllowed: string | null;
}): Promise<ChipTrust> {
  const { ekRoots, ekAllowed } = named;
  return {
    roots: ekRoots === null ? [] : await loadRoots(ekRoots),
    allowed: ekAllowed === null ? [] : await loadAllowances(ekAllowed),
  };
}

/** Loads the roots of makers, PEM. Refuses `bad-encoding`, `too-large`; fails `file-unreadable`. */
export function loadRoots(path: string): Promise<readonly Uint8Array[]> {
  return loadCertificates(path, EK_ROOTS_MAX);
}

/** Loads what may travel with evidence between a certificate and its root, PEM. */
export function loadIntermediates(path: string): Promise<readonly Uint8Array[]> {
  return loadCertificates(path, INTERMEDIATES_MAX);
}

async function loadCertificates(path: string, most: number): Promise<readonly Uint8Array[]> {
  const text = fromUtf8(await readBounded(path, pemBytesMax(most)));
  return parsePem(text, 'CERTIFICATE', most);
}

/** Loads a list of allowed keys. Refuses `ek-list-malformed`; fails `file-unreadable`. */
export async function loadAllowances(path: string): Promise<readonly EkAllowance[]> {
  return parseAllowances(fromUtf8(await readBounded(path, EK_LIST_BYTES_MAX)));
}

const LINE = /^([0-9a-f]{64})[ \t]+(tpm|vtpm)[ \t]+(\S.*)$/;

/** Parses a list of allowed keys. Refuses `ek-list-malformed`, naming the line. */
export function parseAllowances(text: string): readonly EkAllowance[] {
  return text.split('\n').flatMap((line, at) => {
    if (/^\s*(?:#|$)/.test(line)) return [];
    const [, endorsement, grade, note] = LINE.exec(line.trimEnd()) ?? [];
    if (endorsement === undefined || note === undefined) {
      throw new Refusal('ek-list-malformed', { line: at + 1 });
    }
    return [{ endorsement: endorsement as Digest, grade: grade as EkAllowance['grade'], note }];
  });
}
