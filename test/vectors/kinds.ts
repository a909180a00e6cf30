/**
 * The table of kinds. The first that claims a file has it.
 *
 * A kind without a judge is named with the reason, so that its files are counted as skipped and
 * nobody takes their silence for agreement.
 */

import { handshakeKind } from './handshake.ts';
import { jcsKind } from './jcs.ts';
import { isUnder, type Kind } from './kind.ts';
import { mlKem768Kind } from './ml-kem.ts';
import { decodingKind, ladderKind } from './protocol.ts';
import { ed25519Kind, mlDsa65Kind } from './signatures.ts';
import { spiffeBundleKind, x509SvidKind } from './spiffe.ts';
import { tpmKind } from './tpm.ts';
import { isOfCollection } from './wycheproof.ts';

/** Every kind, in the order in which they claim. */
export const KINDS: readonly Kind[] = [
  ladderKind,
  decodingKind,
  handshakeKind,
  ed25519Kind,
  mlDsa65Kind,
  mlKem768Kind,
  {
    name: 'other algorithms (Wycheproof)',
    claims: isOfCollection,
    judge: { absent: 'the protocol does not use this algorithm' },
  },
  jcsKind,
  spiffeBundleKind,
  x509SvidKind,
  {
    name: 'Merkle proofs (RFC 9162)',
    claims: isUnder('merkle'),
    judge: { absent: 'the project keeps no Merkle log' },
  },
  tpmKind,
];
