/**
 * Root: who may speak for a domain, and within which ceilings (PROTOCOL §2.1).
 *
 * This file reads a Root and judges whether it may follow the one held. Whose first Root is
 * believed at all is a relation's business (`admit-root.ts`), never this file's.
 */

import { assert } from '../core/assert.ts';
import { toHex } from '../core/bytes.ts';
import type { Digest } from '../core/digest.ts';
import {
  CHAIN_MS_MAX,
  MIN_EPOCH_MS_MAX,
  MIN_EPOCH_MS_MIN,
  OVERRIDE_SIGNERS,
  REVOCATION_DOCUMENTS_MAX,
  SIGNERS_MAX,
  WRITER_FOR_MS_MAX,
  WRITER_FOR_MS_MIN,
} from '../core/limits.ts';
import { readOnce } from '../core/read-once.ts';
import { Refusal } from '../core/refusal.ts';
import {
  ED25519_KEY_BYTES,
  type KeyId,
  keyIdOf,
  ML_DSA_65_KEY_BYTES,
  type PublicPair,
  type Suite,
} from '../core/suite.ts';
import { MINUTE_MS, type UnixMs } from '../core/time.ts';
import { type SignerRole, type UnverifiedEnvelope, type Verified, verifySlot } from './envelope.ts';
import { type AgeLimits, readLimits } from './limits.ts';
import type { Members } from './members.ts';
import { checkMust } from './must.ts';
import {
  ACTION_CLASSES,
  type ActionClass,
  DEFAULT_TIER_CAPS,
  isPermitted,
  TIER_CEILINGS,
  TIERS,
  type Tier,
} from './tier.ts';

/** The kinds of lease a Root may allow (PROTOCOL §7.2). */
export const LEASE_KINDS = ['slices', 'cell', 'domain'] as const;
/** One kind of lease. */
export type LeaseKind = (typeof LEASE_KINDS)[number];

/** A beacon key, its rank, and the time from which nothing that it dates counts. */
export interface BeaconKey {
  readonly rank: number;
  readonly keyId: KeyId;
  readonly until: UnixMs;
}

/** The revocation role: one set of keys, a threshold for each class of target. */
export interface RevocationRole {
  readonly keys: ReadonlyMap<KeyId, PublicPair>;
  readonly leaseThreshold: number;
  readonly authorityThreshold: number;
}

/** A person who may sign overrides, by the name that every answer shows (PROTOCOL §4.9). */
export interface OverrideKey {
  readonly keyId: KeyId;
  readonly name: string;
}

/** A Root as read. The `Verified` envelope it came in is kept beside it by whoever believes it. */
export interface Root {
  readonly version: bigint;
  readonly lineage: bigint;
  readonly issuedAt: UnixMs;
  readonly root: SignerRole;
  readonly documents: SignerRole;
  readonly revocation: RevocationRole;
  /** Rising by rank: one machine each, the lowest rank in force speaks (PROTOCOL §2.5). */
  readonly beaconKeys: readonly BeaconKey[];
  /** People, one key each; empty where nobody may override. */
  readonly override: readonly OverrideKey[];
  readonly publicPairs: ReadonlyMap<KeyId, PublicPair>;
  readonly retired: readonly KeyId[];
  readonly compromised: readonly KeyId[];
  readonly ceilings: AgeLimits;
  /** The worst tier that a policy may name for a class of act (PROTOCOL §4.7). */
  readonly tierCaps: ReadonlyMap<ActionClass, Tier>;
  readonly leaseKinds: readonly LeaseKind[];
  readonly minEpochMs: number;
  readonly chainMs: number;
  readonly maxLeadMs: number;
  readonly timeQuorum: number;
  /** A writer speaks so long after it asked what its standby answered; null is without end. */
  readonly writerForMs: number | null;
  /** Revocation documents that count whatever key signed them (PROTOCOL §5.5). */
  readonly revocations: readonly Digest[];
}

const KEYS_MAX = 4 * SIGNERS_MAX;
/** Keys that a Root may call retired, and as many compromised. */
export const KEYS_NAMED_MAX = 64;
/** One byte in a summary row and in the commitment of a chain. */
export const RANK_MAX = 255;
/** How a person is called: letters, digits, spaces and `.'-`, as they stand in a name. */
const PERSON = /^[\p{L}\p{N}][\p{L}\p{N} .'-]*$/u;
const PERSON_CHARS_MAX = 64;
/** A domain may trade lead for slow clocks, but not for more than this. */
const LEAD_MS_MAX = 10 * MINUTE_MS;
const KNOWN = new Set([
  ...['ceilings', 'chainMs', 'compromised', 'domain', 'issuedAt', 'keys', 'leaseKinds', 'lineage'],
  ...[
    'maxLeadMs',
    'minEpochMs',
    'must',
    'retired',
    'revocations',
    'roles',
    'tierCaps',
    'timeQuorum',
  ],
  ...['type', 'version', 'writerForMs'],
]);

/**
 * Reads a Root's payload. Refuses `document-malformed`, `document-must`, and `root-key-reused`
 * when a key stands in two roles or one leg of a pair in two pairs: a threshold met by one person
 * twice is no threshold.
 */
export const readRoot = readOnce(readMembers);

function readMembers({ members }: UnverifiedEnvelope): Root {
  checkMust(members, KNOWN);
  const publicPairs = readKeys(members.object('keys'));
  const roles = members.object('roles');
  const beaconKeys = readBeaconKeys(roles);
  const revocation = roles.object('revocation');
  const root: Root = {
    version: members.u64('version'),
    lineage: members.u64('lineage'),
    issuedAt: members.time('issuedAt'),
    root: readRole(roles.object('root'), publicPairs),
    documents: readRole(roles.object('documents'), publicPairs),
    revocation: {
      keys: selectKeys(revocation, publicPairs),
      leaseThreshold: revocation.integer('lease', 1, SIGNERS_MAX),
      authorityThreshold: revocation.integer('authority', 1, SIGNERS_MAX),
    },
    beaconKeys,
    override: roles.has('override') ? readOverrideKeys(roles) : [],
    publicPairs,
    retired: members.digests('retired', KEYS_NAMED_MAX),
    compromised: members.digests('compromised', KEYS_NAMED_MAX),
    ceilings: readLimits(members.object('ceilings')),
    tierCaps: members.has('tierCaps')
      ? readTierCaps(members.object('tierCaps'))
      : DEFAULT_TIER_CAPS,
    leaseKinds: readLeaseKinds(members),
    minEpochMs: members.integer('minEpochMs', MIN_EPOCH_MS_MIN, MIN_EPOCH_MS_MAX),
    chainMs: members.integer('chainMs', 1, CHAIN_MS_MAX),
    maxLeadMs: members.integer('maxLeadMs', 0, LEAD_MS_MAX),
    timeQuorum: members.integer('timeQuorum', 1, SIGNERS_MAX),
    writerForMs: members.has('writerForMs')
      ? members.integer('writerForMs', WRITER_FOR_MS_MIN, WRITER_FOR_MS_MAX)
      : null,
    revocations: members.digests('revocations', REVOCATION_DOCUMENTS_MAX),
  };
  if (root.version < 1n) members.refuse('version');
  checkNoReuse(root);
  return root;
}

/**
 * Verifies a first Root: signed by its own threshold. It proves that the keys it names agree, and
 * nothing about whose they are; the pinned digest of the relation does that.
 */
export function verifyFirstRoot(suite: Suite, envelope: UnverifiedEnvelope, root: Root): Verified {
  if (root.version !== 1n) {
    throw new Refusal('root-step', { expected: 1n, got: root.version });
  }
  return verifyRoles(suite, envelope, [root.root]);
}

/** Verifies that both Roots' thresholds signed the later one; see `checkNext` for its contents. */
export function verifyNextRoot(
  suite: Suite,
  envelope: UnverifiedEnvelope,
  root: Root,
  held: Root,
): Verified {
  return verifyRoles(suite, envelope, [held.root, root.root]);
}

/**
 * Checks that a Root may follow `chain`, the whole chain from version 1: exactly the next version,
 * a lineage and a date that do not fall, and a lawful succession of keys. Refuses
 * `root-rolled-back`, `root-step`, `root-rank-reused` and `root-key-reused`.
 */
export function checkNext(root: Root, chain: readonly Root[]): void {
  const held = chain.at(-1);
  assert(held !== undefined, 'a first Root follows nothing');
  if (root.version <= held.version) {
    throw new Refusal('root-rolled-back', { held: held.version, got: root.version });
  }
  if (root.version !== held.version + 1n) {
    throw new Refusal('root-step', { expected: held.version + 1n, got: root.version });
  }
  if (root.lineage < held.lineage || root.issuedAt < held.issuedAt) {
    throw new Refusal('root-rolled-back', { why: 'lineage or date falls' });
  }
  checkSuccession(root, chain);
}

/** Who signs overrides: two people, both of whom Root names (PROTOCOL §4.9). */
export function overrideRole(root: Root): SignerRole {
  const keys = root.override.flatMap(({ keyId }) => {
    const pair = root.publicPairs.get(keyId);
    return pair === undefined ? [] : [[keyId, pair] as const];
  });
  return { keys: new Map(keys), threshold: OVERRIDE_SIGNERS };
}

/** The beacon key of a rank, or undefined where the Root names none. */
export function beaconKeyOf(root: Root, rank: number): BeaconKey | undefined {
  return root.beaconKeys.find((key) => key.rank === rank);
}

/**
 * Checks that a Root which follows `chain` gives away no rank twice within its lineage: a key
 * keeps its rank, or gets one above all there ever were. A rank that came back, or came in below,
 * would be in force under evidence that outranks it, and the domain could say nothing more. Nor
 * does a key come back that was called compromised.
 */
function checkSuccession(root: Root, chain: readonly Root[]): void {
  const lineage = chain.filter((earlier) => earlier.lineage === root.lineage);
  const used = lineage.flatMap(({ beaconKeys }) => beaconKeys.map(({ rank }) => rank));
  const highest = Math.max(-1, ...used);
  const held = lineage.at(-1);
  for (const { rank, keyId } of root.beaconKeys) {
    const isKept = held !== undefined && beaconKeyOf(held, rank)?.keyId === keyId;
    if (!isKept && rank <= highest) throw new Refusal('root-rank-reused', { rank, highest });
  }
  const compromised = new Set<string>(chain.flatMap((earlier) => earlier.compromised));
  const back = [...root.publicPairs.keys()].find((keyId) => compromised.has(keyId));
  if (back !== undefined) {
    throw new Refusal('root-key-reused', { key: back, why: 'it was called compromised' });
  }
}

/** Every slot is a key of one of the roles, and each role's own threshold is met. */
function verifyRoles(
  suite: Suite,
  envelope: UnverifiedEnvelope,
  roles: readonly SignerRole[],
): Verified {
  for (const role of roles) {
    const got = envelope.slots.filter((slot) => role.keys.has(slot.keyId)).length;
    if (got < role.threshold)
      throw new Refusal('threshold-unmet', { expected: role.threshold, got });
  }
  for (const slot of envelope.slots) {
    const pair = roles.map((role) => role.keys.get(slot.keyId)).find((key) => key !== undefined);
    if (pair === undefined) throw new Refusal('signer-unknown', { key: slot.keyId });
    verifySlot(suite, envelope, slot, pair);
  }
  return envelope as Verified;
}

function readKeys(keys: Members): ReadonlyMap<KeyId, PublicPair> {
  const ids = keys.names();
  if (ids.length > KEYS_MAX) keys.refuse('*');
  return new Map(
    ids.map((id) => {
      const key = keys.object(id);
      const pair = {
        ed25519: key.bytes('ed25519', ED25519_KEY_BYTES),
        mlDsa65: key.bytes('mlDsa65', ML_DSA_65_KEY_BYTES),
      };
      if (keyIdOf(pair) !== id) keys.refuse(id);
      return [id as KeyId, pair];
    }),
  );
}

function readRole(role: Members, pairs: ReadonlyMap<KeyId, PublicPair>): SignerRole {
  const keys = selectKeys(role, pairs);
  return { keys, threshold: role.integer('threshold', 1, keys.size) };
}

function selectKeys(
  role: Members,
  pairs: ReadonlyMap<KeyId, PublicPair>,
): ReadonlyMap<KeyId, PublicPair> {
  const ids = role.digests('keys', SIGNERS_MAX);
  return new Map(ids.map((id) => [id, pairs.get(id) ?? role.refuse('keys')]));
}

function readBeaconKeys(roles: Members): readonly BeaconKey[] {
  const ranks = roles.list('beacon', SIGNERS_MAX);
  if (ranks.length < 1) roles.refuse('beacon');
  const keys = ranks.map((_, i) => {
    const key = roles.item('beacon', i);
    const rank = key.integer('rank', 0, RANK_MAX);
    return { rank, keyId: key.digest('key'), until: key.time('until') };
  });
  if (keys.some(({ rank }, i) => i > 0 && rank <= (keys[i - 1]?.rank ?? 0))) roles.refuse('beacon');
  return keys;
}

/** One key for each name: two names under which one person signs would be no two people. */
function readOverrideKeys(roles: Members): readonly OverrideKey[] {
  const people = roles.list('override', SIGNERS_MAX).map((_, i) => {
    const person = roles.item('override', i);
    const name = person.text('name', PERSON_CHARS_MAX);
    return { keyId: person.digest('key'), name: PERSON.test(name) ? name : person.refuse('name') };
  });
  if (new Set(people.map(({ name }) => name)).size !== people.length) roles.refuse('override');
  return people;
}

/** Caps that differ from the usual ones; none is above what not even Root can lift. */
function readTierCaps(members: Members): ReadonlyMap<ActionClass, Tier> {
  const caps = new Map(DEFAULT_TIER_CAPS);
  for (const name of members.names()) {
    const action = ACTION_CLASSES.find((known) => known === name);
    if (action === undefined) continue; // an act this version cannot do
    const tier = TIERS.find((known) => known === members.value(name)) ?? members.refuse(name);
    if (!isPermitted(tier, TIER_CEILINGS.get(action) ?? 'FRESH')) members.refuse(name);
    caps.set(action, tier);
  }
  return caps;
}

function readLeaseKinds(members: Members): readonly LeaseKind[] {
  return members.list('leaseKinds', LEASE_KINDS.length).map((value) => {
    return LEASE_KINDS.find((kind) => kind === value) ?? members.refuse('leaseKinds');
  });
}

function checkNoReuse(root: Root): void {
  const inRoles = [
    ...root.root.keys.keys(),
    ...root.documents.keys.keys(),
    ...root.revocation.keys.keys(),
    ...root.beaconKeys.map((key) => key.keyId),
    ...root.override.map((key) => key.keyId),
  ];
  const legs = [...root.publicPairs.values()].flatMap((pair) => [
    toHex(pair.ed25519),
    toHex(pair.mlDsa65),
  ]);
  const unknown = inRoles.some((id) => !root.publicPairs.has(id));
  const idle = root.publicPairs.size !== new Set(inRoles).size;
  const twice = new Set(inRoles).size !== inRoles.length || new Set(legs).size !== legs.length;
  if (unknown || idle || twice) {
    throw new Refusal('root-key-reused', {
      why: unknown || idle ? 'keys and roles differ' : 'twice',
    });
  }
  const named = new Set([...root.retired, ...root.compromised]);
  if (inRoles.some((id) => named.has(id))) {
    throw new Refusal('root-key-reused', { why: 'a retired or compromised key has a role' });
  }
}
