/**
 * The people's part of a beginning: keys, the first Root, what a domain publishes first.
 *
 * Keys come from their names, so that a run needs no key material beside its seed. The Root that
 * `foundDomain` makes is signed anew with a shorter chain: short chains are renewed often, which a
 * run of hours would not see otherwise.
 */

import { concat, toUtf8 } from '../core/bytes.ts';
import type { JsonObject } from '../core/canonical.ts';
import { sha256 } from '../core/digest.ts';
import { BEACON_KEY_LIFE_MS } from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Signer, Suite } from '../core/suite.ts';
import { addMs, DAY_MS, unixMs } from '../core/time.ts';
import type { GrantedTerms } from '../federation/authority.ts';
import type { RecordWrite } from '../federation/effect.ts';
import { decodeEnvelope, signEnvelope } from '../federation/envelope.ts';
import { type FoundingKeys, foundDomain, publicMembers } from '../federation/found.ts';
import type { Draft } from '../federation/input.ts';
import { signLease } from '../federation/lease.ts';
import type { AgeLimits } from '../federation/limits.ts';
import { NO_POLICY, policyBody } from '../federation/policy.ts';
import { recordKey } from '../federation/record-key.ts';
import { START_MS } from './machine-clock.ts';

/** All private keys of a domain. */
export interface DomainKeys extends FoundingKeys {
  /** Root keys beside the first one: none, or enough that two sign. */
  readonly otherRoots: readonly Signer[];
}

/** How many keys sign a Root at most: as many as people come together. */
const ROOT_SIGNERS = 2;
/** Root keys of a domain one of which will be stolen. */
const ROOT_KEYS = 3;
/** Mean time between two epochs that Root asks for. */
const MIN_EPOCH_MS = 1_000;

/** The private pair of that name. */
export function signerOf(suite: Suite, name: string): Signer {
  return suite.openSigner(concat(sha256(toUtf8(`${name}/1`)), sha256(toUtf8(`${name}/2`))));
}

/** The keys of a domain, by role; one root key, or three where one will be stolen. */
export function keysOf(suite: Suite, domain: TrustDomain, losesRoot = false): DomainKeys {
  const key = (role: string): Signer => signerOf(suite, `${domain}/${role}`);
  const others = losesRoot ? ROOT_KEYS - 1 : 0;
  return {
    root: key('root'),
    otherRoots: Array.from({ length: others }, (_, i) => key(`root-${i + 1}`)),
    beacon: [key('beacon-0'), key('beacon-1')],
    documents: key('documents'),
    revocation: [key('revocation-0'), key('revocation-1')],
  };
}

/** Who of a domain signs its Roots: as many as its Roots ask for. */
export function rootSignersOf({ root, otherRoots }: DomainKeys): readonly Signer[] {
  return [root, ...otherRoots].slice(0, ROOT_SIGNERS);
}

/** What a standby signs with once it takes over; the first has the key of the second rank. */
export interface StandbyKeys {
  readonly beacon: Signer;
  readonly documents: Signer;
}

/** The keys of the standbys of a domain, the next in turn first. */
export function standbyKeysOf(
  suite: Suite,
  domain: TrustDomain,
  { beacon: [, next] }: DomainKeys,
  count: number,
): readonly StandbyKeys[] {
  return Array.from({ length: count }, (_, i) => ({
    beacon: i === 0 ? next : signerOf(suite, `${domain}/beacon-${i + 1}`),
    documents: signerOf(suite, `${domain}/documents-${i + 1}`),
  }));
}

/** How many role keys an authority, or a standby, makes in a run for Roots to name. */
export const MADE_KEYS = 8;

/**
 * Keys that lie on the machine of an authority, and speak once a Root names them; `owner` is its
 * domain, or the name of a standby.
 */
export function madeKeysOf(suite: Suite, owner: string): readonly Signer[] {
  return Array.from({ length: MADE_KEYS }, (_, i) => signerOf(suite, `${owner}/made-${i}`));
}

/** How many keys people have made to revoke with later. */
const SPARE_REVOKERS = 10;

/** Keys of those who revoke later, once a Root names them; at hand where the first ones are. */
export function spareRevokersOf(suite: Suite, domain: TrustDomain): readonly Signer[] {
  return Array.from({ length: SPARE_REVOKERS }, (_, i) =>
    signerOf(suite, `${domain}/revocation-${i + 2}`),
  );
}

/** The two people of a domain who may override (PROTOCOL §4.9). */
export function peopleOf(suite: Suite, domain: TrustDomain): readonly [Signer, Signer] {
  return [signerOf(suite, `${domain}/ann`), signerOf(suite, `${domain}/bob`)];
}

/** The first Root of a domain, as the record every machine of it starts with. */
export function firstRecords(
  keys: DomainKeys,
  domain: TrustDomain,
  terms: {
    readonly ceilings: AgeLimits;
    readonly chainMs: number;
    readonly people: readonly Signer[];
    readonly standbys: readonly StandbyKeys[];
    /** 0 is for ever. */
    readonly writerForMs: number;
  },
): readonly RecordWrite[] {
  const first = foundDomain(keys, {
    domain,
    now: unixMs(START_MS - DAY_MS),
    ceilings: terms.ceilings,
    minEpochMs: MIN_EPOCH_MS,
  });
  return first.map(({ key, value }) => {
    if (value === null) return { key, value };
    const founded = decodeEnvelope(value).members;
    const { people, standbys, writerForMs } = terms;
    const roots = [keys.root, ...keys.otherRoots];
    const signers = rootSignersOf(keys);
    const named = [
      ...roots,
      ...people,
      ...standbys.flatMap(({ beacon, documents }) => [beacon, documents]),
    ];
    const pairs = named.map(({ keyId, publicPair }) => [keyId, publicMembers(publicPair)]);
    const override = people.map(({ keyId }, i) => ({ key: keyId, name: `Person ${i + 1}` }));
    const root = { keys: roots.map(({ keyId }) => keyId).sort(), threshold: signers.length };
    const body = {
      ...founded.json(),
      keys: { ...founded.object('keys').json(), ...Object.fromEntries(pairs) },
      roles: { ...founded.object('roles').json(), ...rolesWith(keys, standbys), root, override },
      chainMs: terms.chainMs,
      ...(writerForMs === 0 ? {} : { writerForMs }),
    };
    return { key, value: signEnvelope('root', body, signers) };
  });
}

/** Who speaks, and in which turn: the authority, and each standby after it. */
function rolesWith(keys: DomainKeys, standbys: readonly StandbyKeys[]): JsonObject {
  if (standbys.length === 0) return {};
  const until = String(addMs(unixMs(START_MS), BEACON_KEY_LIFE_MS));
  const beacons = [keys.beacon[0], ...standbys.map(({ beacon }) => beacon)];
  const documents = [keys.documents, ...standbys.map((standby) => standby.documents)];
  return {
    beacon: beacons.map(({ keyId }, rank) => ({ key: keyId, rank, until })),
    documents: { keys: documents.map(({ keyId }) => keyId).sort(), threshold: 1 },
  };
}

/** A bundle whose refresh hint tells its generations apart. */
export function bundleDraft(generation: number): Draft {
  return { type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: generation } };
}

/** What every domain publishes first. */
export function firstDrafts(): readonly Draft[] {
  return [
    bundleDraft(1),
    { type: 'policy', name: 'policy', body: policyBody(NO_POLICY) },
    { type: 'entries', name: 'entries/default', body: { group: 'default', entries: [] } },
  ];
}

/** What every follower of this world is granted: to serve one group. */
export const FOLLOWER_TERMS: GrantedTerms = {
  ...{ kind: 'slices', assurance: 'software', group: 'default' },
  ...{ chip: null, references: null },
};

/** The part of the record in which the first Root is stored. */
export const FIRST_ROOT = '1'.padStart(20, '0');

/**
 * The lease that a follower of a domain starts with, as the record it is stored in: of the length
 * that its authority grants.
 */
export function leaseRecord(
  keys: DomainKeys,
  { domain, node, forMs }: { domain: TrustDomain; node: Signer; forMs: number },
): RecordWrite {
  const issuedAt = unixMs(START_MS);
  const notAfter = addMs(issuedAt, forMs);
  const terms = { ...FOLLOWER_TERMS, domain, isAuthority: false, issuedAt, notAfter };
  const value = signLease(keys.documents, node.publicPair, terms);
  return { key: recordKey(domain, 'lease'), value };
}
