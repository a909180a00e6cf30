/**
 * A ceremony: people make the next Root of a domain, sign it, and hand it to whoever writes. What
 * they signed they keep, so that a machine put back to an older state hears of every Root again.
 */

import { toUtf8 } from '../core/bytes.ts';
import type { JsonObject } from '../core/canonical.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId, PublicPair } from '../core/suite.ts';
import { unixMs } from '../core/time.ts';
import { admitAll } from '../federation/admit.ts';
import { encodeBlock } from '../federation/armour.ts';
import { type Belief, newBelief, newestRoot, rankInForce } from '../federation/belief.ts';
import type { FileItem } from '../federation/bundle-file.ts';
import { decodeEnvelope, encodeEnvelope, signEnvelope, signSlot } from '../federation/envelope.ts';
import { decodeEquivocation } from '../federation/equivocation.ts';
import { asRead } from '../federation/moment.ts';
import { recordKey } from '../federation/record-key.ts';
import type { Root } from '../federation/root.ts';
import { draftRoot, type RootChange } from '../federation/root-draft.ts';
import { type DomainKeys, FIRST_ROOT, MADE_KEYS, madeKeysOf, rootSignersOf } from './founding.ts';
import type { Machine } from './machine.ts';
import { keepingOf } from './reading.ts';
import { partsOfKey } from './step.ts';
import type { World } from './world.ts';

/** The role keys that lie on the machine where a ceremony is held. */
interface KeysThere {
  /** Named by no Root so far. */
  readonly fresh: PublicPair;
  /** The documents keys among those that the newest Root names. */
  readonly documents: readonly KeyId[];
}

/** What people change: by what they know, the newest Root, and the keys that they have there. */
type Changes = (known: Belief, root: Root, keys: KeysThere) => readonly RootChange[];

/** What the people of each domain have signed. */
const signedIn = new WeakMap<World, Map<TrustDomain, readonly Uint8Array[]>>();

/** Signs the next Root: what `changesOf` makes of the one known, and of the keys there. */
export function signNextRoot(world: World, machine: Machine, changesOf: Changes): void {
  const { domain } = machine;
  const draft = draftNextRoot(world, machine, changesOf);
  const keys = world.keys.get(domain);
  if (draft === null || keys === undefined) return;
  const all = signedIn.get(world) ?? new Map<TrustDomain, readonly Uint8Array[]>();
  signedIn.set(world, all.set(domain, [...rootsSigned(world, domain), signedRoot(draft, keys)]));
}

/** The Roots that the people of a domain have signed so far, from version 2 on. */
export function rootsSigned(world: World, domain: TrustDomain): readonly Uint8Array[] {
  return signedIn.get(world)?.get(domain) ?? [];
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
 * is left (PROTOCOL §2.5), and hand in every Root they signed.
 */
export function nameAnotherKey(world: World, machine: Machine): void {
  const known = knownRoots(world, machine);
  if (known !== null && rankInForce(known) === null) {
    signNextRoot(world, machine, (_, __, { fresh: key }) => [{ kind: 'rotate', key }]);
    world.coverage.saw('people: a domain without a beacon key was given one');
  }
  publishRoots(world, machine);
}

function draftNextRoot(world: World, machine: Machine, changesOf: Changes): Uint8Array | null {
  const { domain } = machine;
  const known = knownRoots(world, machine);
  const held = known === null ? undefined : newestRoot(known)?.root;
  if (known === null || held === undefined) return null;
  const used = new Set(known.roots.flatMap((one) => [...one.root.publicPairs.keys()]));
  const isStandby = world.authoritiesOf(domain)[0] !== machine;
  const made = madeKeysOf(world.suite, isStandby ? machine.name : domain);
  const fresh = made.find(({ keyId }) => !used.has(keyId));
  if (fresh === undefined) {
    world.coverage.saw(`people: ${MADE_KEYS} keys were used up`);
    return null;
  }
  if (isStandby) world.coverage.saw('people: a ceremony was held at a standby that writes');
  // Each machine has documents keys of its own, and whoever stands by stays ready.
  const documents = [...held.documents.keys.keys()].filter((keyId) => machine.holds(keyId));
  const changes = changesOf(known, held, { fresh: fresh.publicPair, documents });
  if (changes.length === 0) return null;
  return draftRoot(known, changes, machine.clock.now(world.now).wall);
}

/**
 * Hands every Root that was signed to the machine, each time a copy signed anew: other bytes, and
 * the same statement.
 */
export function publishRoots(world: World, machine: Machine): void {
  const keys = world.keys.get(machine.domain);
  if (keys === undefined) return;
  const roots = rootsSigned(world, machine.domain);
  const file = roots.map((bytes) => encodeBlock('root', signedRoot(bytes, keys))).join('');
  if (file !== '') machine.request({ kind: 'import', file: toUtf8(file) }, () => undefined);
}

/**
 * The first Root, all that people signed since, as one chain, what the domain revoked, and the
 * proofs against its keys; with the date of the newest evidence, which no Root may be older than.
 */
function knownRoots(world: World, machine: Machine): Belief | null {
  const first = machine.believed.get(recordKey(machine.domain, 'root', FIRST_ROOT));
  if (first === undefined) return null;
  const { domain, digest } = decodeEnvelope(first);
  const context = {
    suite: world.suite,
    now: asRead(machine.clock.now(world.now)),
    bootId: machine.clock.bootId,
  };
  const held = (asked: string): readonly Uint8Array[] =>
    [...machine.believed].flatMap(([key, value]) => {
      const [of, kind] = partsOfKey(key);
      return of === domain && kind === asked ? [value] : [];
    });
  const all = [first, ...rootsSigned(world, domain), ...held('revocations')];
  const items: FileItem[] = [
    ...all.map((bytes) => ({ kind: 'envelope', envelope: decodeEnvelope(bytes) }) as const),
    ...held('disowned').map(
      (bytes) => ({ kind: 'proof', proof: decodeEquivocation(bytes) }) as const,
    ),
  ];
  const keeping = machine.believed.get(recordKey(domain, 'keeping'));
  const asOf = keeping === undefined ? null : keepingOf(keeping).asOf;
  const { belief } = admitAll(context, newBelief(domain, digest), items);
  return { ...belief, asOf: asOf === null ? null : unixMs(asOf) };
}

function signedRoot(draft: Uint8Array, keys: DomainKeys): Uint8Array {
  const { payload } = decodeEnvelope(draft);
  const slots = rootSignersOf(keys).map((signer) => signSlot('root', payload, signer));
  return encodeEnvelope('root', slots, payload);
}
