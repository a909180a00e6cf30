/**
 * From an endorsement certificate to the root of its maker, with no network: by the intermediates
 * that travelled with the evidence, to one of the roots that the domain trusts.
 *
 * Each of those roots is an anchor: its own dates and signature are not asked for (RFC 5280
 * §6.1.1), so an intermediate may be an anchor too. Any order and any surplus of intermediates
 * will do; the number of signatures that a stranger can cause to be checked is bounded.
 */

import { equalBytes } from '../core/bytes.ts';
import { INTERMEDIATES_MAX, PATH_SIGNATURES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { UnixMs } from '../core/time.ts';
import { isSignedBy, type UnverifiedCertificate } from './certificate.ts';

/** What a path is built from. */
export interface PathInput {
  readonly leaf: UnverifiedCertificate;
  readonly intermediates: readonly UnverifiedCertificate[];
  readonly roots: readonly UnverifiedCertificate[];
  readonly now: UnixMs;
}

/**
 * The path from the leaf to an anchor, both included. Refuses `too-large` for more intermediates
 * than may travel, `ek-certificate-expired`, `ek-certificate-critical` and
 * `ek-certificate-untrusted`.
 */
export function buildPath(input: PathInput): readonly UnverifiedCertificate[] {
  const { leaf, intermediates, roots, now } = input;
  if (intermediates.length > INTERMEDIATES_MAX) {
    throw new Refusal('too-large', { limit: INTERMEDIATES_MAX, got: intermediates.length });
  }
  checkUsable(leaf, now);
  const open: (readonly UnverifiedCertificate[])[] = [[leaf]];
  const signatures = { left: PATH_SIGNATURES_MAX };
  let hindrance: Refusal | null = null;
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const tip = path.at(-1) ?? leaf;
    const anchor = roots.find((root) => isIssuedBy(tip, root, path, signatures));
    if (anchor !== undefined) return [...path, anchor];
    for (const next of intermediates) {
      if (path.includes(next) || !isIssuedBy(tip, next, path, signatures)) continue;
      const trouble = troubleWith(next, now);
      if (trouble === null) open.push([...path, next]);
      else hindrance ??= trouble;
    }
  }
  throw (
    hindrance ?? new Refusal('ek-certificate-untrusted', { intermediates: intermediates.length })
  );
}

/** Whether `issuer` may stand above `tip`, which ends `path`, and signed it. */
function isIssuedBy(
  tip: UnverifiedCertificate,
  issuer: UnverifiedCertificate,
  path: readonly UnverifiedCertificate[],
  signatures: { left: number },
): boolean {
  const authoritiesBelow = path.length - 1;
  if (!equalBytes(tip.issuer, issuer.subject) || !issuer.isAuthority || !issuer.maySign)
    return false;
  if (issuer.pathLength !== null && authoritiesBelow > issuer.pathLength) return false;
  if (signatures.left === 0) return false;
  signatures.left -= 1;
  return isSignedBy(tip, issuer.key);
}

function checkUsable(certificate: UnverifiedCertificate, now: UnixMs): void {
  const trouble = troubleWith(certificate, now);
  if (trouble !== null) throw trouble;
}

function troubleWith(certificate: UnverifiedCertificate, now: UnixMs): Refusal | null {
  const { notBefore, notAfter, unknownCritical } = certificate;
  if (now < notBefore || now > notAfter) {
    return new Refusal('ek-certificate-expired', { now, notBefore, notAfter });
  }
  const [extension] = unknownCritical;
  return extension === undefined ? null : new Refusal('ek-certificate-critical', { extension });
}
