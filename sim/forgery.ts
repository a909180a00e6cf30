/**
 * Forgeries: what a thief can make with a stolen key, and what anybody can make without one.
 */

import { encodeCanonical, type JsonObject } from '../core/canonical.ts';
import type { Digest } from '../core/digest.ts';
import { SIGNERS_MAX } from '../core/limits.ts';
import type { Signer } from '../core/suite.ts';
import {
  encodeEnvelope,
  signEnvelope,
  signSlot,
  type UnverifiedEnvelope,
} from '../federation/envelope.ts';
import { publicMembers } from '../federation/found.ts';
import type { Members } from '../federation/members.ts';
import type { Dice } from './dice.ts';
import { envelopeOf } from './reading.ts';

/**
 * The envelope of a beacon or manifest with one bit changed, after its magic, or with the next
 * number under the same signatures: no key has signed that. In the payload it is the bit that makes
 * text none, for what a digit of a digest becomes differs from suite to suite.
 */
export function damagedEnvelope(dice: Dice, envelope: Uint8Array): Uint8Array {
  const { type, slots, payload, members } = envelopeOf(envelope);
  if (dice.chance(300_000)) {
    const number = type === 'beacon' ? 'epoch' : 'version';
    const body = { ...members.json(), [number]: String(members.u64(number) + 1n) };
    return encodeEnvelope(type, slots, encodeCanonical(body));
  }
  const bytes = Uint8Array.from(envelope);
  const at = 4 + dice.below(bytes.length - 4);
  const bit = at < bytes.length - payload.length ? dice.below(8) : 7;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return bytes;
}

/** The digest that names a beacon in its ticks. */
export function digestOfEnvelope(envelope: Uint8Array): Digest {
  return envelopeOf(envelope).digest;
}

/** Another beacon under the same number, by the very key that signed the first. */
export function rivalBeacon(beacon: Uint8Array, key: Signer, leadMs: number): Uint8Array {
  const body = envelopeOf(beacon).members;
  const issuedAt = String(body.time('issuedAt') + leadMs);
  return signEnvelope('beacon', { ...body.json(), issuedAt, previous: null }, [key]);
}

/** A beacon of the next number, dated so far ahead of the one held. */
export function laterBeacon(beacon: Uint8Array, key: Signer, leadMs: number): Uint8Array {
  const held = envelopeOf(beacon);
  const epoch = String(held.members.u64('epoch') + 1n);
  const issuedAt = String(held.members.time('issuedAt') + leadMs);
  const body = { ...held.members.json(), epoch, issuedAt, previous: held.digest };
  return signEnvelope('beacon', body, [key]);
}

/** A refresh hint that no bundle of a run has. */
const FORGED_HINT = 2_000_000;

/**
 * The manifest or the bundle of the next version, by the documents key: no beacon pins it, for the
 * domain says something else under that number.
 */
export function nextContents(held: UnverifiedEnvelope, documents: Signer): Uint8Array {
  const number = held.members.u64('version') + 1n;
  const version = String(number);
  const body = { ...held.members.json(), version };
  if (held.type === 'manifest') {
    const bundle = { version, digest: held.digest };
    const names = { ...held.members.object('names').json(), bundle };
    return signEnvelope('manifest', { ...body, names }, [documents]);
  }
  const bundle = { spiffe_refresh_hint: FORGED_HINT, spiffe_sequence: Number(number) };
  return signEnvelope('bundle', { ...body, ...bundle }, [documents]);
}

/** What whoever has too few root keys may try. */
export const ROOT_FORGERIES = ['other keys', 'one key twice', 'same number', 'too far'] as const;
type RootForgery = (typeof ROOT_FORGERIES)[number];
/** By how much its number is above that of the Root held. */
const STEPS: Readonly<Record<RootForgery, bigint>> = {
  ...{ 'other keys': 1n, 'one key twice': 1n, 'same number': 0n, 'too far': 2n },
};

/** A Root by one stolen root key and by one that is the thief's own, which it may name. */
export function forgedRoot(
  kind: RootForgery,
  held: Uint8Array,
  { stolen, own }: { readonly stolen: Signer; readonly own: Signer },
): Uint8Array {
  const { members } = envelopeOf(held);
  const version = String(members.u64('version') + STEPS[kind]);
  const issuedAt = String(members.time('issuedAt') + 1);
  const body = { ...members.json(), version, issuedAt };
  if (kind === 'one key twice') {
    const payload = encodeCanonical(body);
    const slot = signSlot('root', payload, stolen);
    return encodeEnvelope('root', [slot, slot], payload);
  }
  return signEnvelope('root', { ...body, ...ruledBy(own, members) }, [stolen, own]);
}

/** The keys and roles of a Root, with one key in place of all its root keys. */
function ruledBy(own: Signer, root: Members): JsonObject {
  const [keys, roles] = [root.object('keys'), root.object('roles')];
  const gone = new Set<string>(roles.object('root').digests('keys', SIGNERS_MAX));
  const kept = Object.entries(keys.json()).filter(([keyId]) => !gone.has(keyId));
  return {
    keys: { ...Object.fromEntries(kept), [own.keyId]: publicMembers(own.publicPair) },
    roles: { ...roles.json(), root: { keys: [own.keyId], threshold: 1 } },
  };
}
