/**
 * The endorsement key that a machine shows, and the certificate that its maker left beside it.
 *
 * A key with a certificate is preferred, and among those the quick ones: a discrete chip derives
 * an RSA key in seconds to minutes, so for RSA the key that lies persistent is used if there is
 * one. TCG EK Credential Profile 2.5 §2.2.1.4.
 */

import { equalBytes } from '../../core/bytes.ts';
import type { Digest } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import { decodeCertificate } from '../../firmware/certificate.ts';
import {
  type ChipMake,
  endorsementDigest,
  makeOf,
  unwrapCertificate,
} from '../../firmware/ek-certificate.ts';
import type { Held } from '../../firmware/held.ts';
import { EK_CERTIFICATE_NV, EK_RSA_PERSISTENT } from '../../firmware/tpm-constants.ts';
import {
  createPrimary,
  hierarchyEntity,
  type LoadedKey,
  readPublic,
} from '../../firmware/tpm-keys.ts';
import { readCertificateNv } from '../../firmware/tpm-nv.ts';
import { isTpmError } from '../../firmware/tpm-rc.ts';
import type { TpmRunner } from '../../firmware/tpm-runner.ts';
import {
  EK_ECC_P256,
  EK_ECC_P384,
  EK_POLICY_A_SHA256,
  EK_RSA_2048,
} from '../../firmware/tpm-templates.ts';

/** An endorsement key by its kind. */
export type EndorsementKind = keyof typeof EK_CERTIFICATE_NV;

/** In the order of preference. */
const KINDS = ['eccP384', 'eccP256', 'rsa2048'] as const satisfies readonly EndorsementKind[];
const TEMPLATES = { eccP384: EK_ECC_P384, eccP256: EK_ECC_P256, rsa2048: EK_RSA_2048 } as const;

/** A certificate as it lies in NV, padding and all. */
export interface FoundCertificate {
  readonly kind: EndorsementKind;
  readonly contents: Uint8Array;
}

/** Every endorsement certificate of the chip, the preferred one first. */
export async function findCertificates(tpm: TpmRunner): Promise<readonly FoundCertificate[]> {
  const found: FoundCertificate[] = [];
  for (const kind of KINDS) {
    const contents = await readCertificateNv(tpm, EK_CERTIFICATE_NV[kind]);
    if (contents !== undefined) found.push({ kind, contents });
  }
  return found;
}

/** Derives or finds the key of a kind. What it loads, the scope flushes. */
export async function openEndorsementKey(held: Held, kind: EndorsementKind): Promise<LoadedKey> {
  const kept = kind === 'rsa2048' ? await readPersistent(held) : undefined;
  return kept ?? createPrimary(held, hierarchyEntity('endorsement'), TEMPLATES[kind]);
}

/** The RSA key at its usual handle, if what lies there is one of that template. */
async function readPersistent(held: Held): Promise<LoadedKey | undefined> {
  try {
    const object = await readPublic(held, EK_RSA_PERSISTENT);
    const { publicArea } = object;
    const fits = publicArea.kind === 'rsa' && equalBytes(publicArea.policy, EK_POLICY_A_SHA256);
    return fits ? { ...object, publicArea } : undefined;
  } catch (error) {
    if (isTpmError(error, 'HANDLE') || error instanceof Refusal) return undefined;
    throw error;
  }
}

/** What a certificate says of its chip. Nobody has verified it yet. */
export interface CertificateClaims extends ChipMake {
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** Null for a key of an algorithm that we do not compute. */
  readonly endorsement: Digest | null;
}

/** Reads a certificate for show. Refuses `ek-certificate-malformed` and `too-large`. */
export function readCertificateClaims(contents: Uint8Array): CertificateClaims {
  const certificate = decodeCertificate(unwrapCertificate(contents));
  const { notBefore, notAfter, key } = certificate;
  const endorsement = key.kind === 'unknown' ? null : endorsementDigest(key);
  return { ...makeOf(certificate), notBefore, notAfter, endorsement };
}
