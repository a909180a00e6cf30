/**
 * Documents as an authority makes them and as nobody should: every member, key and signer of each
 * can be chosen. Keys are real; what is forged is only what they are made to say.
 */

import { toBase64Url, toUtf8 } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { type Digest, digestOf, sha256 } from '../../core/digest.ts';
import { parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import type { Signer } from '../../core/suite.ts';
import { DAY_MS, HOUR_MS, unixMs } from '../../core/time.ts';
import { decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { saltedKey } from '../../federation/manifest.ts';
import { type Beside, type Revocation, revocationsBody } from '../../federation/revocations.ts';
import {
  buildChain,
  chainCommitment,
  encodeTick,
  STOP_INDEX,
  stopCommitment,
} from '../../federation/tick.ts';
import { keysOf, LIMITS, signerOf } from '../fakes/coalition.ts';

/** The instant around which everything is dated. */
export const NOW = 1_790_000_000_000;
/** When the domain was founded. */
export const FOUNDED = NOW - DAY_MS;
/** The domain everything speaks for, where nothing else is said. */
export const DOMAIN: TrustDomain = parseTrustDomain('blue.example');
/** The keys of that domain. */
export const KEYS = keysOf('blue');
/** A key pair that no Root names. */
export const STRANGER: Signer = signerOf('stranger');

/** What a Root says; whatever is left out is as a founded domain has it. */
export interface RootPlan {
  readonly domain?: string;
  readonly version?: number;
  readonly lineage?: number;
  readonly issuedAt?: number;
  readonly root?: readonly Signer[];
  readonly threshold?: number;
  readonly beacon?: readonly Signer[];
  /** Their ranks; 0, 1, … where nothing is said. */
  readonly ranks?: readonly number[];
  readonly until?: number;
  readonly documents?: Signer;
  readonly revocation?: readonly Signer[];
  readonly retired?: readonly Signer[];
  readonly compromised?: readonly Signer[];
  /** Members put in place of those made from the plan. */
  readonly members?: JsonObject;
  readonly signers?: readonly Signer[];
}

/** The bytes of a Root. */
export function forgeRoot(plan: RootPlan = {}): Uint8Array {
  const { root = [KEYS.root], beacon = KEYS.beacon, documents = KEYS.documents } = plan;
  const { revocation = KEYS.revocation, ranks = [] } = plan;
  const until = String(plan.until ?? NOW + 300 * DAY_MS);
  const idOf = (signer: Signer): string => signer.keyId;
  const all = [...root, ...beacon, documents, ...revocation];
  const body: JsonObject = {
    domain: plan.domain ?? DOMAIN,
    version: String(plan.version ?? 1),
    lineage: String(plan.lineage ?? 0),
    issuedAt: String(plan.issuedAt ?? FOUNDED),
    keys: Object.fromEntries(all.map((signer) => [signer.keyId, publicMembers(signer)])),
    roles: {
      root: { keys: root.map(idOf), threshold: plan.threshold ?? 1 },
      beacon: beacon.map((signer, i) => ({ key: signer.keyId, rank: ranks[i] ?? i, until })),
      documents: { keys: [documents.keyId], threshold: 1 },
      revocation: { keys: revocation.map(idOf), lease: 1, authority: 2 },
    },
    retired: (plan.retired ?? []).map(idOf),
    compromised: (plan.compromised ?? []).map(idOf),
    revocations: [],
    ceilings: { freshForMs: DAY_MS, degradedForMs: 2 * DAY_MS, survivalForMs: 30 * DAY_MS },
    leaseKinds: ['slices'],
    minEpochMs: 100,
    chainMs: HOUR_MS,
    maxLeadMs: 2_000,
    timeQuorum: 2,
  };
  return signEnvelope('root', { ...body, ...plan.members }, plan.signers ?? root);
}

/** The members of a Root that name one key. */
export function publicMembers(signer: Signer): JsonObject {
  return {
    ed25519: toBase64Url(signer.publicPair.ed25519),
    mlDsa65: toBase64Url(signer.publicPair.mlDsa65),
  };
}

/** What a beacon says; whatever is left out is that of epoch 1 at `NOW`. */
export interface BeaconPlan {
  readonly domain?: string;
  readonly root?: number;
  readonly lineage?: number;
  readonly rank?: number;
  readonly epoch?: number;
  readonly issuedAt?: number;
  readonly manifest?: Uint8Array;
  readonly manifestVersion?: number;
  readonly periodMs?: number;
  readonly count?: number;
  readonly previous?: Digest;
  /** Another seed makes another chain, and so another beacon under the same number. */
  readonly seed?: string;
  readonly members?: JsonObject;
  readonly signer?: Signer;
}

/** A beacon, and what only its writer can reveal of it. */
export interface ForgedBeacon {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly issuedAt: number;
  tick(index: number): Uint8Array;
  readonly stop: Uint8Array;
}

/** Makes a beacon with its chain. */
export function forgeBeacon(plan: BeaconPlan = {}): ForgedBeacon {
  const { periodMs = 1_000, count = 60, rank = 0, issuedAt = NOW } = plan;
  const manifest = decodeEnvelope(plan.manifest ?? CONTENTS.manifest);
  const body = {
    domain: plan.domain ?? DOMAIN,
    rootVersion: BigInt(plan.root ?? 1),
    lineage: BigInt(plan.lineage ?? 0),
    rank,
    epoch: BigInt(plan.epoch ?? 1),
    issuedAt: unixMs(issuedAt),
    manifestDigest: manifest.digest,
    periodMs,
    count,
    previous: plan.previous ?? null,
  };
  const commitment = chainCommitment(body);
  const values = buildChain(commitment, sha256(toUtf8(plan.seed ?? 'seed')), count);
  const secret = sha256(toUtf8(`${plan.seed ?? 'seed'}/stop`));
  const members: JsonObject = {
    domain: body.domain,
    root: String(body.rootVersion),
    lineage: String(body.lineage),
    rank,
    epoch: String(body.epoch),
    issuedAt: String(issuedAt),
    manifest: {
      version: String(plan.manifestVersion ?? manifest.members.u64('version')),
      digest: manifest.digest,
    },
    limits: { ...LIMITS },
    tick: { anchor: toBase64Url(values[0] ?? new Uint8Array()), periodMs, count },
    stop: toBase64Url(stopCommitment(commitment, secret)),
    previous: body.previous,
  };
  const signer = plan.signer ?? KEYS.beacon[rank] ?? STRANGER;
  const bytes = signEnvelope('beacon', { ...members, ...plan.members }, [signer]);
  const { digest } = decodeEnvelope(bytes);
  return {
    bytes,
    digest,
    issuedAt,
    tick: (index) => encodeTick(digest, index, values[index] ?? new Uint8Array(32)),
    stop: encodeTick(digest, STOP_INDEX, secret),
  };
}

/** Contents: a manifest and the documents it pins. */
export interface Contents {
  readonly manifest: Uint8Array;
  readonly bundle: Uint8Array;
  readonly entries: Uint8Array;
}

/** Makes a bundle of that version. */
export function forgeBundle(version = 1, members: JsonObject = {}): Uint8Array {
  const head = { domain: DOMAIN, version: String(version), spiffe_sequence: version };
  return signEnvelope('bundle', { ...head, keys: [], ...members }, [KEYS.documents]);
}

/** Makes the private document `entries/default` of that version. */
export function forgeEntries(version = 1, members: JsonObject = {}): Uint8Array {
  const body = {
    domain: DOMAIN,
    version: String(version),
    name: 'entries/default',
    salt: SALT,
    group: 'default',
    entries: [],
  };
  return signEnvelope('entries', { ...body, ...members }, [KEYS.documents]);
}

/** The salt of the private document. */
export const SALT: Digest = digestOf(toUtf8('salt'));
/** How a manifest lists the private document. */
export const ENTRIES_KEY: string = saltedKey('entries/default', SALT);

/** Makes a manifest of `names`. */
export function forgeManifest(
  version: number,
  names: JsonObject,
  plan: { readonly members?: JsonObject; readonly signer?: Signer } = {},
): Uint8Array {
  const body = { domain: DOMAIN, version: String(version), names };
  return signEnvelope('manifest', { ...body, ...plan.members }, [plan.signer ?? KEYS.documents]);
}

/** How a manifest lists a document. */
export function pinOf(document: Uint8Array): JsonObject {
  const { digest, members } = decodeEnvelope(document);
  return { version: String(members.u64('version')), digest };
}

/** Makes a bundle and entries of one version, and the manifest that pins both. */
export function forgeContents(version = 1): Contents {
  const bundle = forgeBundle(version);
  const entries = forgeEntries(version);
  const names = { bundle: pinOf(bundle), [ENTRIES_KEY]: pinOf(entries) };
  return { manifest: forgeManifest(version, names), bundle, entries };
}

/** The first contents of the domain. */
export const CONTENTS: Contents = forgeContents();

/** Makes a revocation document; entries are put in order. */
export function forgeRevocations(
  entries: readonly Revocation[],
  plan: {
    readonly version?: number;
    readonly domain?: TrustDomain;
    readonly signers?: readonly Signer[];
    readonly beside?: readonly Beside[];
  } = {},
): Uint8Array {
  const { domain = DOMAIN, version = 1, beside = [] } = plan;
  const body = revocationsBody(domain, BigInt(version), entries, beside);
  return signEnvelope('revocations', body, plan.signers ?? KEYS.revocation.slice(0, 1));
}
