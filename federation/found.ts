/**
 * Founding a domain: its first Root (PROTOCOL §2.1).
 *
 * A Root of one root key runs, and says so everywhere; two beacon ranks are the least, so that the
 * second may lie in a safe; two revocation keys, so that naming an authority takes two people as
 * soon as two people hold them.
 */

import { toBase64Url } from '../core/bytes.ts';
import type { JsonObject } from '../core/canonical.ts';
import { BEACON_KEY_LIFE_MS, CHAIN_MS_MAX, MAX_LEAD_MS } from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { PublicPair, Signer } from '../core/suite.ts';
import { addMs, type UnixMs } from '../core/time.ts';
import type { RecordWrite } from './effect.ts';
import { decodeEnvelope, signEnvelope } from './envelope.ts';
import type { AgeLimits } from './limits.ts';
import { recordKey } from './record-key.ts';
import { readRoot } from './root.ts';

/** All keys of a new domain. Those beside `beacon[0]` and `documents` may leave the machine. */
export interface FoundingKeys {
  readonly root: Signer;
  readonly beacon: readonly [Signer, Signer];
  readonly documents: Signer;
  readonly revocation: readonly [Signer, Signer];
}

/** What a first Root says beside its keys; `minEpochMs` in milliseconds. */
export interface FoundingTerms {
  readonly domain: TrustDomain;
  readonly now: UnixMs;
  readonly ceilings: AgeLimits;
  readonly minEpochMs: number;
}

/** The records that found a domain: its first Root, ready to be stored before anything else. */
export function foundDomain(keys: FoundingKeys, terms: FoundingTerms): readonly RecordWrite[] {
  const bytes = signEnvelope('root', rootBody(keys, terms), [keys.root]);
  const root = readRoot(decodeEnvelope(bytes));
  const part = String(root.version).padStart(20, '0');
  return [{ key: recordKey(terms.domain, 'root', part), value: bytes }];
}

function rootBody(keys: FoundingKeys, terms: FoundingTerms): JsonObject {
  const all = [keys.root, ...keys.beacon, keys.documents, ...keys.revocation];
  const until = String(addMs(terms.now, BEACON_KEY_LIFE_MS));
  return {
    domain: terms.domain,
    version: '1',
    lineage: '0',
    issuedAt: String(terms.now),
    keys: Object.fromEntries(all.map((signer) => [signer.keyId, publicMembers(signer.publicPair)])),
    roles: {
      root: { keys: [keys.root.keyId], threshold: 1 },
      beacon: keys.beacon.map((signer, rank) => ({ key: signer.keyId, rank, until })),
      documents: { keys: [keys.documents.keyId], threshold: 1 },
      revocation: {
        keys: keys.revocation.map((signer) => signer.keyId),
        lease: 1,
        authority: keys.revocation.length,
      },
    },
    retired: [],
    compromised: [],
    revocations: [],
    ceilings: { ...terms.ceilings },
    leaseKinds: ['slices'],
    minEpochMs: terms.minEpochMs,
    chainMs: CHAIN_MS_MAX,
    maxLeadMs: MAX_LEAD_MS,
    timeQuorum: 2,
  };
}

/** The members of a Root that name one key. */
export function publicMembers(pair: PublicPair): JsonObject {
  return { ed25519: toBase64Url(pair.ed25519), mlDsa65: toBase64Url(pair.mlDsa65) };
}
