/**
 * A ceremony: people make the next Root of a domain, sign it, and hand it to whoever writes. What
 * they signed they keep, so that a machine put back to an older state hears of every Root again,
 * and of what was revoked by keys that a later one took out of their role (PROTOCOL §5.5).
 */

import { equalBytes, toUtf8 } from '../core/bytes.ts';
import type { JsonObject } from '../core/canonical.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId, PublicPair, Signer } from '../core/suite.ts';
import { admitNews } from '../federation/admit.ts';
import { encodeBlock } from '../federation/armour.ts';
import { type Belief, newestRoot, rankInForce } from '../federation/belief.ts';
import type { FileItem } from '../federation/bundle-file.ts';
import { decodeEnvelope, encodeEnvelope, signEnvelope, signSlot } from '../federation/envelope.ts';
import { asRead } from '../federation/moment.ts';
import { recordsByDomain, restoreBelief } from '../federation/record.ts';
import type { Root } from '../federation/root.ts';
import { draftRoot, type RootChange } from '../federation/root-draft.ts';
import {
  type DomainKeys,
  MADE_KEYS,
  madeKeysOf,
  rootSignersOf,
  spareRevokersOf,
} from './founding.ts';
import type { Machine } from './machine.ts';
import { partsOfKey } from './step.ts';
import type { World } from './world.ts';

/** The role keys that lie on the machine where a ceremony is held. */
interface KeysThere {
  /** Named by no Root so far. */
  readonly fresh: PublicPair;
  /** The documents keys among those that the newest Root names. */
  readonly documents: readonly KeyId[];
  /** Revocation keys that no Root names so far. */
  readonly revokers: readonly PublicPair[];
}

/** What people change: by what they know, the newest Root, and the keys that they have there. */
type Changes = (known: Belief, root: Root, keys: KeysThere) => readonly RootChange[];

/** What the people of each domain have signed: Roots from version 2 on, and what they revoked. */
const signedIn = new WeakMap<World, Map<TrustDomain, Signed[]>>();

interface Signed {
  readonly label: 'root' | 'revocations';
  readonly bytes: Uint8Array;
}

/** Signs the next Root: what `changesOf` makes of the one known, and of the keys there. */
export function signNextRoot(world: World, machine: Machine, changesOf: Changes): void {
  const { domain } = machine;
  const draft = draftNextRoot(world, machine, changesOf);
  const keys = world.keys.get(domain);
  if (draft === null || keys === undefined) return;
  signedBy(world, domain).push({ label: 'root', bytes: signedRoot(draft, keys) });
}

/** The Roots that the people of a domain have signed so far, from version 2 on. */
export function rootsSigned(world: World, domain: TrustDomain): readonly Uint8Array[] {
  return signedBy(world, domain).flatMap(({ label, bytes }) => (label === 'root' ? [bytes] : []));
}

/** People keep what they revoked at a machine. */
export function keepRevocations(world: World, { domain, believed }: Machine): void {
  const kept = signedBy(world, domain);
  for (const [key, bytes] of believed) {
    const [of, kind] = partsOfKey(key);
    if (of !== domain || kind !== 'revocations') continue;
    if (!kept.some((one) => equalBytes(one.bytes, bytes))) kept.push({ label: kind, bytes });
  }
}

function signedBy(world: World, domain: TrustDomain): Signed[] {
  const all = signedIn.get(world) ?? new Map<TrustDomain, Signed[]>();
  signedIn.set(world, all);
  const signed = all.get(domain) ?? [];
  all.set(domain, signed);
  return signed;
}

/** Signs a Root that gives its ranks from 0 on again, and hands it in. */
export function offerMisnumberedRoot(world: World, machine: Machine): void {
  const draft = draftNextRoot(world, machine, (_, __, { fresh }) => [
    { kind: 'rotate', key: fresh },
  ]);
  const keys = world.keys.get(machine.domain);
  if (draft === null || keys === undefined) return;
  const body = decodeEnvelope(draft).members.json();
  const roles = body.roles as JsonObject;
  const beacon = (roles.beacon as readonly JsonObject[]).map((key, rank) => ({ ...key, rank }));
  const bytes = signEnvelope('root', { ...body, roles: { ...roles, beacon } }, rootSignersOf(keys));
  const file = toUtf8(encodeBlock('root', bytes));
  machine.request({ kind: 'import', file }, ({ answer }) => {
    const outcomes = answer instanceof Refusal ? [] : answer.imported.map(({ outcome }) => outcome);
    const isSeen = outcomes.some(
      (one) => one instanceof Refusal && one.code === 'root-rank-reused',
    );
    if (isSeen) world.coverage.saw('people: a rank given twice was refused');
  });
}

/**
 * Has the people of a domain name another beacon key in the next Root, where by all they know none
 * is left (PROTOCOL §2.5), and hand in all they signed.
 */
export function nameAnotherKey(world: World, machine: Machine): void {
  const known = knownRoots(world, machine);
  if (known !== null && rankInForce(known) === null) {
    signNextRoot(world, machine, (_, __, { fresh: key }) => [{ kind: 'rotate', key }]);
    world.coverage.saw('people: a domain without a beacon key was given one');
  }
  publishSigned(world, machine);
}

function draftNextRoot(world: World, machine: Machine, changesOf: Changes): Uint8Array | null {
  const { domain } = machine;
  const known = knownRoots(world, machine);
  const held = known === null ? undefined : newestRoot(known)?.root;
  if (known === null || held === undefined) return null;
  const used = new Set(known.roots.flatMap((one) => [...one.root.publicPairs.keys()]));
  const isStandby = world.authoritiesOf(domain)[0] !== machine;
  const made = madeKeysOf(world.suite, isStandby ? machine.name : domain);
  const isFresh = ({ keyId }: Signer): boolean => !used.has(keyId);
  const fresh = made.find(isFresh);
  if (fresh === undefined) {
    world.coverage.saw(`people: ${MADE_KEYS} keys were used up`);
    return null;
  }
  if (isStandby) world.coverage.saw('people: a ceremony was held at a standby that writes');
  // Each machine has documents keys of its own, and whoever stands by stays ready.
  const documents = [...held.documents.keys.keys()].filter((keyId) => machine.holds(keyId));
  const spare = spareRevokersOf(world.suite, domain).filter(isFresh);
  const revokers = spare.map(({ publicPair }) => publicPair);
  const changes = changesOf(known, held, { fresh: fresh.publicPair, documents, revokers });
  if (changes.length === 0) return null;
  return draftRoot(known, changes, machine.clock.now(world.now).wall);
}

/**
 * Hands all that people signed to the machine, in the order in which they did: of a Root each time
 * a copy signed anew, other bytes and the same statement.
 */
export function publishSigned(world: World, machine: Machine): void {
  const keys = world.keys.get(machine.domain);
  if (keys === undefined) return;
  const file = signedBy(world, machine.domain)
    .map(({ label, bytes }) =>
      encodeBlock(label, label === 'root' ? signedRoot(bytes, keys) : bytes),
    )
    .join('');
  if (file !== '') machine.request({ kind: 'import', file: toUtf8(file) }, () => undefined);
}

/**
 * What the machine believes of its domain, and all that people signed and it may have lost; with
 * the date of the newest evidence, which no Root may be older than.
 */
function knownRoots(world: World, machine: Machine): Belief | null {
  const { domain, clock, believed } = machine;
  const { bootId } = clock;
  const context = { suite: world.suite, now: asRead(clock.now(world.now)), bootId };
  const records = recordsByDomain(believed).get(domain) ?? new Map();
  const held = restoreBelief(domain, records, { bootId, continuity: 'software' });
  if (held === null) return null;
  const items = signedBy(world, domain).map(
    ({ bytes }): FileItem => ({ kind: 'envelope', envelope: decodeEnvelope(bytes) }),
  );
  const { belief } = admitNews(context, held, items);
  return { ...belief, asOf: held.asOf };
}

function signedRoot(draft: Uint8Array, keys: DomainKeys): Uint8Array {
  const { payload } = decodeEnvelope(draft);
  const slots = rootSignersOf(keys).map((signer) => signSlot('root', payload, signer));
  return encodeEnvelope('root', slots, payload);
}
