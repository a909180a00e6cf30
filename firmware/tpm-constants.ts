/**
 * The numbers of TPM 2.0 that we send or read, each table signed by its clause.
 *
 * Only what the project uses stands here. "Part 2" is the TPM 2.0 Library Specification, Part 2:
 * Structures, revision 1.59. Response codes have their own file, tpm-rc.ts.
 */

import type { CurveName, HashName } from '../core/ciphers.ts';

/** Algorithm identifiers. Part 2 §6.3, TPM_ALG_ID. */
export const TPM_ALG = {
  RSA: 0x0001,
  SHA1: 0x0004,
  AES: 0x0006,
  KEYEDHASH: 0x0008,
  SHA256: 0x000b,
  SHA384: 0x000c,
  SHA512: 0x000d,
  NULL: 0x0010,
  RSASSA: 0x0014,
  RSAPSS: 0x0016,
  ECDSA: 0x0018,
  ECC: 0x0023,
  CFB: 0x0043,
} as const;

/** The identifier of each hash. Part 2 §6.3. */
export const HASH_ALG: Readonly<Record<HashName, number>> = {
  sha1: TPM_ALG.SHA1,
  sha256: TPM_ALG.SHA256,
  sha384: TPM_ALG.SHA384,
  sha512: TPM_ALG.SHA512,
};

/** The identifier of each curve. Part 2 §6.4, TPM_ECC_CURVE. */
export const CURVE_ID: Readonly<Record<CurveName, number>> = { p256: 0x0003, p384: 0x0004 };

/** Command codes. Part 2 §6.5.2, TPM_CC. */
export const TPM_CC = {
  EvictControl: 0x120,
  NV_UndefineSpace: 0x122,
  NV_DefineSpace: 0x12a,
  CreatePrimary: 0x131,
  NV_Increment: 0x134,
  ActivateCredential: 0x147,
  Certify: 0x148,
  PolicyNV: 0x149,
  CertifyCreation: 0x14a,
  GetTime: 0x14c,
  NV_Read: 0x14e,
  PolicySecret: 0x151,
  Create: 0x153,
  Load: 0x157,
  Quote: 0x158,
  Sign: 0x15d,
  Unseal: 0x15e,
  FlushContext: 0x165,
  LoadExternal: 0x167,
  NV_ReadPublic: 0x169,
  PolicyAuthorize: 0x16a,
  PolicyAuthValue: 0x16b,
  PolicyOR: 0x171,
  ReadPublic: 0x173,
  StartAuthSession: 0x176,
  VerifySignature: 0x177,
  GetCapability: 0x17a,
  GetRandom: 0x17b,
  PCR_Read: 0x17e,
  PolicyPCR: 0x17f,
  ReadClock: 0x181,
  PCR_Extend: 0x182,
  NV_Certify: 0x184,
  PolicyGetDigest: 0x189,
} as const;

/** The name of a command, as the specification spells it after `TPM2_`. */
export type CommandName = keyof typeof TPM_CC;

/** Structure tags. Part 2 §6.9, TPM_ST. */
export const TPM_ST = {
  NO_SESSIONS: 0x8001,
  SESSIONS: 0x8002,
  CREATION: 0x8021,
  VERIFIED: 0x8022,
  HASHCHECK: 0x8024,
} as const;

/** Comparisons of PolicyNV: NV contents on the left, operand on the right. Part 2 §6.8, TPM_EO. */
export const TPM_EO = {
  EQ: 0x0000,
  UNSIGNED_GE: 0x0007,
  UNSIGNED_LE: 0x0009,
} as const;

/** Kinds of session. Part 2 §6.11, TPM_SE. */
export const TPM_SE = { HMAC: 0x00, POLICY: 0x01 } as const;

/** Groups of capabilities. Part 2 §6.12, TPM_CAP. */
export const TPM_CAP = { HANDLES: 0x1, PCRS: 0x5, TPM_PROPERTIES: 0x6 } as const;

/** Properties. Part 2 §6.13, TPM_PT; those from 0x200 may change. */
export const TPM_PT = {
  REVISION: 0x102,
  MANUFACTURER: 0x105,
  VENDOR_STRING_1: 0x106,
  VENDOR_STRING_2: 0x107,
  VENDOR_STRING_3: 0x108,
  VENDOR_STRING_4: 0x109,
  FIRMWARE_VERSION_1: 0x10b,
  FIRMWARE_VERSION_2: 0x10c,
  PERMANENT: 0x200,
  STARTUP_CLEAR: 0x201,
  LOCKOUT_COUNTER: 0x20e,
  MAX_AUTH_FAIL: 0x20f,
  LOCKOUT_INTERVAL: 0x210,
  LOCKOUT_RECOVERY: 0x211,
} as const;

/** Bits of TPM_PT_PERMANENT: which secrets are set, and lockout. Part 2 §8.6, TPMA_PERMANENT. */
export const TPMA_PERMANENT = {
  OWNER_AUTH_SET: 0x001,
  ENDORSEMENT_AUTH_SET: 0x002,
  LOCKOUT_AUTH_SET: 0x004,
  IN_LOCKOUT: 0x200,
} as const;

/** Permanent handles. Part 2 §7.4, TPM_RH and TPM_RS. */
export const TPM_RH = {
  OWNER: 0x4000_0001,
  NULL: 0x4000_0007,
  PASSWORD: 0x4000_0009,
  ENDORSEMENT: 0x4000_000b,
} as const;

/** The first handle of each type. Part 2 §7.2 and §7.5, TPM_HT and TPM_HC. */
export const FIRST_HANDLE = {
  nv: 0x0100_0000,
  hmacSession: 0x0200_0000,
  policySession: 0x0300_0000,
  transient: 0x8000_0000,
  persistent: 0x8100_0000,
} as const;

/** Attributes of an object. Part 2 §8.3, TPMA_OBJECT. */
export const TPMA_OBJECT = {
  FIXED_TPM: 0x0000_0002,
  FIXED_PARENT: 0x0000_0010,
  SENSITIVE_DATA_ORIGIN: 0x0000_0020,
  USER_WITH_AUTH: 0x0000_0040,
  ADMIN_WITH_POLICY: 0x0000_0080,
  NO_DA: 0x0000_0400,
  RESTRICTED: 0x0001_0000,
  DECRYPT: 0x0002_0000,
  SIGN: 0x0004_0000,
} as const;

/** Attributes of a session in one command. Part 2 §8.4, TPMA_SESSION. */
export const TPMA_SESSION = { CONTINUE: 0x01, DECRYPT: 0x20, ENCRYPT: 0x40 } as const;

/** Attributes of an NV index. Part 2 §13.4, TPMA_NV; the type is TPM_NT of §13.2. */
export const TPMA_NV = {
  AUTH_WRITE: 0x0000_0004,
  TYPE_COUNTER: 0x0000_0010,
  AUTH_READ: 0x0004_0000,
  NO_DA: 0x0200_0000,
  WRITTEN: 0x2000_0000,
} as const;

/** The type field of TPMA_NV. Part 2 §13.4. */
export const NV_TYPE_MASK = 0x0000_00f0;

/** PCRs of a PC client. PC Client Platform TPM Profile §4.6. */
export const PCR_COUNT = 24;

/** Where the certificates of the endorsement keys lie. TCG EK Credential Profile §2.2.1.4. */
export const EK_CERTIFICATE_NV = {
  rsa2048: 0x01c0_0002,
  eccP256: 0x01c0_000a,
  eccP384: 0x01c0_0016,
} as const;

/** Where makers and installers keep the RSA endorsement key. TCG Provisioning Guidance §7.8. */
export const EK_RSA_PERSISTENT = 0x8101_0001;
