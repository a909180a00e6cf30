/**
 * Reads and verifies X509-SVIDs of others, by the letter of the standard (X509-SVID §4, §5).
 *
 * Two steps with two types. `parseX509Svid` judges the shape of what was shown, and needs neither
 * roots nor a clock. `verifyX509Svid` adds dates and signatures up to a root of the ID's own
 * trust domain; roots of several domains are never pooled, or each partner could speak for every
 * other (SPIFFE Federation §7.3). The age of the roots is judged by whoever hands the roots in.
 *
 * Stricter than RFC 5280 §6 on purpose: the chain comes in order, any critical extension not
 * listed here is refused, name constraints bind whether they are critical or not and stand in no
 * leaf, and self-issued certificates count towards a path length.
 */

import { CHAIN_CERTIFICATES_MAX } from '../../core/limits.ts';
import { Refusal, type RefusalDetails, refusalOf } from '../../core/refusal.ts';
import {
  parseSpiffeId,
  pathOf,
  type SpiffeId,
  type TrustDomain,
  trustDomainOf,
} from '../../core/spiffe-id.ts';
import { type UnixMs, unixMs } from '../../core/time.ts';
import { ASSURANCES, type Assurance, isAssured } from '../../federation/assurance.ts';
import { vouchingFor } from './cell.ts';
import {
  type Certificate,
  decodeCertificate,
  EXTENSION,
  isIssuedBy,
  PURPOSE,
} from './certificate.ts';
import { type GeneralName, mayCertify, NAME_FORM } from './name-constraints.ts';
import { parsePem } from './pem.ts';
import { ML_DSA_65_OID } from './private-key.ts';
import {
  isAuthorityRevoked,
  isLeafRevoked,
  isSerialRevoked,
  NOTHING_REVOKED,
  type RevokedByDomain,
  type RevokedSet,
  serialText,
} from './revoked.ts';

/** An X509-SVID of the right shape, which nobody has verified. */
export interface UnverifiedSvid {
  readonly spiffeId: SpiffeId;
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
}

/** What a verified X509-SVID proves. */
export interface VerifiedSvid {
  readonly spiffeId: SpiffeId;
  /** The earliest end on the path, root included. */
  readonly notAfter: UnixMs;
  /** What its domain says of the machine; the least where it says nothing (PROTOCOL §7.3). */
  readonly assurance: Assurance;
}

/** The roots of each domain that the caller trusts at this moment. */
export type X509Roots = ReadonlyMap<TrustDomain, readonly Uint8Array[]>;

const SIGNATURE_ALGORITHMS: ReadonlySet<string> = new Set([
  '1.2.840.10045.4.3.2', // ecdsa-with-SHA256, -384, -512 (RFC 5758 §3.2)
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.2.840.113549.1.1.10', // RSASSA-PSS (RFC 4055 §3.1)
  '1.2.840.113549.1.1.11', // sha256-, sha384-, sha512WithRSAEncryption (RFC 4055 §5)
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.3.101.112', // Ed25519 (RFC 8410 §3)
  ML_DSA_65_OID,
]);
const UNDERSTOOD: ReadonlySet<string> = new Set(Object.values(EXTENSION));

/** Reads the PEM of a leaf and its intermediates. Refuses what `decodeX509Svid` does. */
export function parseX509Svid(pem: string): UnverifiedSvid {
  return decodeX509Svid(asInvalid(() => parsePem(pem, 'CERTIFICATE')));
}

/**
 * Reads a chain, leaf first. Refuses `svid-id`, `svid-ca`, `svid-cert-sign`, `svid-crl-sign`,
 * `svid-no-digital-signature`, `svid-issuer-ca`, `svid-issuer-cert-sign`, and `svid-invalid` with
 * the rule that was broken.
 */
export function decodeX509Svid(chain: readonly Uint8Array[]): UnverifiedSvid {
  if (chain.length > CHAIN_CERTIFICATES_MAX) {
    refuse('too many certificates', { limit: CHAIN_CERTIFICATES_MAX, got: chain.length });
  }
  const [leaf, ...intermediates] = asInvalid(() => chain.map(decodeCertificate));
  if (leaf === undefined) refuse('no certificate');
  const spiffeId = checkLeaf(leaf);
  for (const intermediate of intermediates) checkSigning(intermediate, trustDomainOf(spiffeId));
  return { spiffeId, leaf, intermediates };
}

/**
 * Verifies a chain at `now` against the roots of its own domain. Refuses what `decodeX509Svid`
 * does, `svid-untrusted`, `svid-expired`, `svid-constrained`, and `svid-revoked` by what its own
 * domain revoked: a partner revokes nothing of another's. Who knows of no revocations hands none
 * in. `cellsOf` are the domains that vouch for cells of theirs.
 */
export function verifyX509Svid(
  chain: readonly Uint8Array[],
  roots: X509Roots,
  now: UnixMs,
  revoked: RevokedByDomain = new Map(),
  cellsOf: Iterable<TrustDomain> = [],
): VerifiedSvid {
  const svid = decodeX509Svid(chain);
  const domain = vouchingFor(trustDomainOf(svid.spiffeId), roots, cellsOf);
  const gone = revoked.get(domain) ?? NOTHING_REVOKED;
  checkRevoked(svid, gone);
  const ownRoots = asInvalid(() => (roots.get(domain) ?? []).map(decodeCertificate)).filter(
    (root) => !isAuthorityRevoked(gone, root),
  );
  if (ownRoots.length === 0) throw new Refusal('svid-untrusted', { why: 'no root', domain });
  const path = pathToRoot(svid, ownRoots, now);
  for (const certificate of path) checkDates(certificate, now);
  checkNames(path);
  const notAfter = unixMs(Math.min(...path.map((certificate) => certificate.notAfter)));
  return { spiffeId: svid.spiffeId, notAfter, assurance: assuranceOf(path) };
}

/** PROTOCOL §5.5: by serial, by identity and date, and whatever a revoked key vouches for. */
function checkRevoked({ spiffeId, leaf, intermediates }: UnverifiedSvid, gone: RevokedSet): void {
  const serial = serialText(leaf);
  const isGone =
    isLeafRevoked(gone, { spiffeId, serial, notBefore: leaf.notBefore }) ||
    intermediates.some(
      (issuer) => isSerialRevoked(gone, serialText(issuer)) || isAuthorityRevoked(gone, issuer),
    );
  if (isGone) throw new Refusal('svid-revoked', { spiffeId, serial });
}

/** X509-SVID §2, §4.3, §5.2, and what Appendix A asks of a leaf. */
function checkLeaf(leaf: Certificate): SpiffeId {
  checkExtensions(leaf);
  const [uri, another] = leaf.uris;
  if (uri === undefined || another !== undefined) {
    throw new Refusal('svid-id', { why: 'not one URI', got: leaf.uris.length });
  }
  const spiffeId = refusalOf(() => parseSpiffeId(uri));
  if (spiffeId instanceof Refusal) throw new Refusal('svid-id', spiffeId.details);
  if (pathOf(spiffeId) === '') throw new Refusal('svid-id', { why: 'no path', got: spiffeId });
  if (leaf.isCa) throw new Refusal('svid-ca', { spiffeId });
  if (leaf.nameConstraints !== null) refuse('name constraints in a leaf');
  const usage = leaf.keyUsage ?? refuse('a leaf without key usage');
  if (!usage.digitalSignature) throw new Refusal('svid-no-digital-signature', { spiffeId });
  if (usage.keyCertSign) throw new Refusal('svid-cert-sign', { spiffeId });
  if (usage.cRLSign) throw new Refusal('svid-crl-sign', { spiffeId });
  if (leaf.purposes !== null) {
    const { serverAuth, clientAuth } = PURPOSE;
    const serves = leaf.purposes.includes(serverAuth) && leaf.purposes.includes(clientAuth);
    if (!serves) refuse('a leaf with purposes is for servers and clients both');
  }
  return spiffeId;
}

/** X509-SVID §3.1, §4.1, §4.3 for a certificate that signs. */
function checkSigning(certificate: Certificate, domain: TrustDomain): void {
  checkExtensions(certificate);
  if (!certificate.isCa) throw new Refusal('svid-issuer-ca', { domain });
  if (certificate.keyUsage?.keyCertSign !== true) {
    throw new Refusal('svid-issuer-cert-sign', { domain });
  }
  for (const uri of certificate.uris) {
    if (uri !== `spiffe://${domain}`) {
      refuse('an intermediate names its own domain alone', { got: uri.slice(0, 128) });
    }
  }
}

function checkExtensions(certificate: Certificate): void {
  const { extensions, keyUsage, signatureAlgorithm } = certificate;
  for (const [id, critical] of extensions) {
    if (critical && !UNDERSTOOD.has(id)) refuse('a critical extension that is unknown', { id });
  }
  if (keyUsage !== null && extensions.get(EXTENSION.keyUsage) !== true) {
    refuse('key usage that is not critical');
  }
  if (!SIGNATURE_ALGORITHMS.has(signatureAlgorithm)) {
    refuse('a signature algorithm that is not taken', { got: signatureAlgorithm });
  }
}

/** The chain from the leaf to one of `roots`, signatures verified; as short as it can be. */
function pathToRoot(
  svid: UnverifiedSvid,
  roots: readonly Certificate[],
  now: UnixMs,
): readonly Certificate[] {
  const path: Certificate[] = [svid.leaf];
  for (const [below, certificate] of [svid.leaf, ...svid.intermediates].entries()) {
    const root = roots.find((candidate) => isRootOf(candidate, certificate, below, now));
    if (root !== undefined) return [...path, root];
    const issuer = svid.intermediates[below];
    if (issuer === undefined) break;
    if (!isIssuedBy(certificate, issuer)) {
      throw new Refusal('svid-untrusted', { why: 'not signed by the next' });
    }
    checkPathLength(issuer, below);
    path.push(issuer);
  }
  throw new Refusal('svid-untrusted', {
    why: 'no path to a root',
    domain: trustDomainOf(svid.spiffeId),
  });
}

/** Of two roots with one name the usable one counts, so all that may fail is asked here. */
function isRootOf(
  root: Certificate,
  certificate: Certificate,
  below: number,
  now: UnixMs,
): boolean {
  return (
    root.isCa &&
    root.keyUsage?.keyCertSign === true &&
    (root.pathLength === null || below <= root.pathLength) &&
    isCurrent(root, now) &&
    isIssuedBy(certificate, root)
  );
}

function checkPathLength(issuer: Certificate, below: number): void {
  if (issuer.pathLength !== null && below > issuer.pathLength) {
    refuse('a path longer than its issuer allows', { limit: issuer.pathLength, got: below });
  }
}

/** RFC 5280 §4.2.1.10: each authority on the path binds all that is below it. */
function checkNames(path: readonly Certificate[]): void {
  for (const [above, { nameConstraints }] of path.entries()) {
    if (nameConstraints === null) continue;
    for (const certificate of path.slice(0, above)) {
      const wrong = namesOf(certificate).find((name) => !mayCertify(nameConstraints, name));
      if (wrong === undefined) continue;
      throw new Refusal('svid-constrained', { got: wrong.text, form: wrong.form & 0x1f });
    }
  }
}

/**
 * PROTOCOL §7.3 — a machine speaks well of itself: what a root signed counts, and what stands below
 * that lowers it at most.
 */
function assuranceOf(path: readonly Certificate[]): Assurance {
  const [, vouched, ...below] = path.toReversed();
  return below.reduce(
    (least, { assurance }) =>
      assurance !== null && isAssured(least, assurance) ? assurance : least,
    vouched?.assurance ?? ASSURANCES[0],
  );
}

function namesOf({ names, subject }: Certificate): readonly GeneralName[] {
  // A Name without a part is a bare SEQUENCE: two octets.
  return subject.length === 2 ? names : [...names, { form: NAME_FORM.directory, text: '' }];
}

function checkDates(certificate: Certificate, now: UnixMs): void {
  if (isCurrent(certificate, now)) return;
  const { notBefore, notAfter } = certificate;
  throw new Refusal('svid-expired', { notBefore, notAfter, now });
}

function isCurrent(certificate: Certificate, now: UnixMs): boolean {
  // Both ends belong to the validity, and notAfter lasts for its whole second (RFC 5280 §4.1.2.5).
  return certificate.notBefore <= now && now < certificate.notAfter + 1_000;
}

/** Runs a reader whose own refusals mean, here, that this is no X509-SVID. */
function asInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal)
      return refuse(String(error.details.why ?? error.message), error.details);
    throw error;
  }
}

function refuse(why: string, details: RefusalDetails = {}): never {
  throw new Refusal('svid-invalid', { ...details, why });
}
