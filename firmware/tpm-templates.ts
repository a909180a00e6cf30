/**
 * The public areas we ask a TPM to fill: storage and endorsement keys, attestation and issuing
 * keys, sealed secrets.
 *
 * Two rules hold for all that we design. noDA: losing power while such an object is in use must
 * never count towards lockout (a chip locked itself after three cut cables and not one wrong
 * password). And a policy is the only way in: userWithAuth beside a policy lets an empty password
 * walk around it, so `Guard` has no value that means both. Endorsement templates are not ours;
 * their bytes are fixed by the TCG, or the certificate of the maker would fit another key.
 */

import type { Brand } from '../core/brand.ts';
import { concat, fromHex, Writer } from '../core/bytes.ts';
import type { CurveName, HashName } from '../core/ciphers.ts';
import { CURVE_ID, HASH_ALG, TPM_ALG, TPMA_OBJECT } from './tpm-constants.ts';
import { EMPTY, sized } from './tpm-structures.ts';

/** TPMT_PUBLIC with its unique field left to the TPM. Part 2 §12.2.4. */
export type Template = Brand<Uint8Array, 'Template'>;

/** What authorizes the use of an object: a secret (perhaps empty), or a policy; never both. */
export type Guard =
  | { readonly kind: 'auth' }
  | { readonly kind: 'policy'; readonly policy: Uint8Array };

const { FIXED_TPM, FIXED_PARENT, SENSITIVE_DATA_ORIGIN, USER_WITH_AUTH } = TPMA_OBJECT;
const { ADMIN_WITH_POLICY, NO_DA, RESTRICTED, DECRYPT, SIGN } = TPMA_OBJECT;

const BY_AUTH: Guard = { kind: 'auth' };
const FIXED = FIXED_TPM | FIXED_PARENT;
const AES_128_CFB = symmetric(128);
const AES_256_CFB = symmetric(256);
const NO_ALG = new Writer().u16(TPM_ALG.NULL).finish();

/**
 * The storage root key: ECC P-256, restricted decryption, template of the TCG TPM v2.0
 * Provisioning Guidance §7.5.1 with noDA. The parent of all that we keep.
 */
export const SRK_P256: Template = ours({
  type: TPM_ALG.ECC,
  attributes: FIXED | SENSITIVE_DATA_ORIGIN | RESTRICTED | DECRYPT,
  guard: BY_AUTH,
  body: concat(AES_128_CFB, NO_ALG, eccBody('p256', new Uint8Array(32))),
});

/**
 * The attestation key: ECC P-256, restricted, ECDSA with SHA-256. Create it in the endorsement
 * hierarchy: elsewhere the TPM obfuscates resetCount and restartCount (Part 1 §36.7).
 */
export const AK_P256: Template = ours({
  type: TPM_ALG.ECC,
  attributes: FIXED | SENSITIVE_DATA_ORIGIN | RESTRICTED | SIGN,
  guard: BY_AUTH,
  body: concat(NO_ALG, ecdsa('sha256'), eccBody('p256', EMPTY)),
});

/** An issuing key that never leaves the chip: ECC P-256, unrestricted, ECDSA with SHA-256. */
export function signingKeyP256(guard: Guard): Template {
  return ours({
    type: TPM_ALG.ECC,
    attributes: FIXED | SENSITIVE_DATA_ORIGIN | SIGN,
    guard,
    body: concat(NO_ALG, ecdsa('sha256'), eccBody('p256', EMPTY)),
  });
}

/** A secret that the TPM hands out to whoever satisfies `guard`. Part 1 §27.6. */
export function sealedSecret(guard: Guard): Template {
  return ours({
    type: TPM_ALG.KEYEDHASH,
    attributes: FIXED,
    guard,
    body: concat(NO_ALG, sized(EMPTY)),
  });
}

/**
 * The public half of an ECDSA P-256 key made elsewhere, for LoadExternal: the key by which an
 * authority approves policies. Its name goes into PolicyAuthorize.
 */
export function externalKeyP256(point: { x: Uint8Array; y: Uint8Array }): Template {
  return template(
    TPM_ALG.ECC,
    'sha256',
    USER_WITH_AUTH | SIGN,
    EMPTY,
    concat(
      NO_ALG,
      ecdsa('sha256'),
      new Writer().u16(CURVE_ID.p256).u16(TPM_ALG.NULL).finish(),
      sized(point.x),
      sized(point.y),
    ),
  );
}

// ---- endorsement keys, TCG EK Credential Profile 2.5 annex B ----

/** PolicyA: PolicySecret(endorsement), over SHA-256. EK Credential Profile §B.6.2. */
export const EK_POLICY_A_SHA256 = fromHex(
  '837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa',
);
/** PolicyA over SHA-384. EK Credential Profile §B.6.2. */
export const EK_POLICY_A_SHA384 = fromHex(
  '8bbf2266537c171cb56e403c4dc1d4b64f432611dc386e6f532050c3278c930e143e8bb1133824ccb431053871c6db53',
);
/** PolicyC: PolicyAuthorizeNV of the maker's index, over SHA-384. EK Credential Profile §B.6.4. */
export const EK_POLICY_C_SHA384 = fromHex(
  'd6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5b4947c2d73e63005eed2dc2b3593d165',
);
/** PolicyB: PolicyOR(PolicyA, PolicyC), over SHA-384. EK Credential Profile §B.6.3. */
export const EK_POLICY_B_SHA384 = fromHex(
  'b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12',
);

const EK_ATTRIBUTES = FIXED | SENSITIVE_DATA_ORIGIN | ADMIN_WITH_POLICY | RESTRICTED | DECRYPT;

/** EK RSA-2048, template L-1. EK Credential Profile §B.3.3. */
export const EK_RSA_2048: Template = template(
  TPM_ALG.RSA,
  'sha256',
  EK_ATTRIBUTES,
  EK_POLICY_A_SHA256,
  concat(AES_128_CFB, NO_ALG, new Writer().u16(2048).u32(0).finish(), sized(new Uint8Array(256))),
);

/** EK ECC P-256, template L-2. EK Credential Profile §B.3.4. */
export const EK_ECC_P256: Template = template(
  TPM_ALG.ECC,
  'sha256',
  EK_ATTRIBUTES,
  EK_POLICY_A_SHA256,
  concat(AES_128_CFB, NO_ALG, eccBody('p256', new Uint8Array(32))),
);

/**
 * EK ECC P-384, template H-3. EK Credential Profile §B.4.5. The TCG sets userWithAuth beside the
 * policy here; we use the policy, since this key counts wrong passwords towards lockout.
 */
export const EK_ECC_P384: Template = template(
  TPM_ALG.ECC,
  'sha384',
  EK_ATTRIBUTES | USER_WITH_AUTH,
  EK_POLICY_B_SHA384,
  concat(AES_256_CFB, NO_ALG, eccBody('p384', EMPTY)),
);

interface Design {
  readonly type: number;
  readonly attributes: number;
  readonly guard: Guard;
  readonly body: Uint8Array;
}

/**
 * A template of our own design. adminWithPolicy stays clear beside a policy: it would forbid
 * TPM2_Certify of the key, and what an admin may do here (change a secret nobody asks for)
 * opens nothing.
 */
function ours({ type, attributes, guard, body }: Design): Template {
  const byPolicy = guard.kind === 'policy';
  const access = byPolicy ? 0 : USER_WITH_AUTH;
  const policy = byPolicy ? guard.policy : EMPTY;
  return template(type, 'sha256', attributes | NO_DA | access, policy, body);
}

function template(
  type: number,
  nameHash: HashName,
  attributes: number,
  policy: Uint8Array,
  body: Uint8Array,
): Template {
  const head = new Writer().u16(type).u16(HASH_ALG[nameHash]).u32(attributes).finish();
  return concat(head, sized(policy), body) as Template;
}

function symmetric(keyBits: number): Uint8Array {
  return new Writer().u16(TPM_ALG.AES).u16(keyBits).u16(TPM_ALG.CFB).finish();
}

function ecdsa(hash: HashName): Uint8Array {
  return new Writer().u16(TPM_ALG.ECDSA).u16(HASH_ALG[hash]).finish();
}

/** Curve, no KDF, and both coordinates as `unique` says: it goes into the derivation. */
function eccBody(curve: CurveName, unique: Uint8Array): Uint8Array {
  const head = new Writer().u16(CURVE_ID[curve]).u16(TPM_ALG.NULL).finish();
  return concat(head, sized(unique), sized(unique));
}
