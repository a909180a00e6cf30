/**
 * The roll of a domain's authorities and the life of each: prepared → active → old → gone.
 *
 * An authority is published before it signs, so that verifiers far away know it by then, and it
 * stays published after it signed, so that what it signed is taken until its end. Taint asks for
 * all that an old authority signed to be issued anew; revocation takes it out of the bundle. Pure:
 * keys, storage and publishing are in `daemon/authority/authority-book.ts`.
 */

import { fromBase64, toHex } from '../../core/bytes.ts';
import { isObject, type Json, type JsonObject } from '../../core/canonical.ts';
import {
  AUTHORITIES_MAX,
  AUTHORITY_ACTIVATE_MS,
  AUTHORITY_LIFE_MS,
  AUTHORITY_PREPARE_MS,
} from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { addMs, type UnixMs, unixMs } from '../../core/time.ts';
import { decodeCertificate } from './certificate.ts';
import { KEY_TYPES, type KeyType } from './private-key.ts';

const USES = ['x509', 'jwt'] as const;
const STATES = ['prepared', 'active', 'old'] as const;

/** What an authority signs: certificates or tokens. */
export type AuthorityUse = (typeof USES)[number];
export type AuthorityState = (typeof STATES)[number];

/** Authorities that follow one another. */
export interface AuthorityLine {
  readonly use: AuthorityUse;
  readonly keyType: KeyType;
}

/** One authority of the roll. */
export interface RollEntry extends AuthorityLine {
  /** Subject key identifier in hex, or `kid`. */
  readonly id: string;
  /** Counts the authorities of one line, from 1; it names the key's file. */
  readonly number: number;
  readonly state: AuthorityState;
  readonly isTainted: boolean;
  /** When it stops to be worth anything. */
  readonly notAfter: UnixMs;
  /** Its JWK as the bundle carries it. */
  readonly jwk: JsonObject;
}

export type AuthorityRoll = readonly RollEntry[];

/** What is to be done by schedule. */
export type RollStep =
  | { readonly kind: 'prepare'; readonly line: AuthorityLine }
  | { readonly kind: 'activate'; readonly id: string }
  | { readonly kind: 'prune'; readonly id: string };

/** True if both follow one another. */
export function isOfLine(a: AuthorityLine, b: AuthorityLine): boolean {
  return a.use === b.use && a.keyType === b.keyType;
}

/** The authority of this id. Refuses `authority-unknown`. */
export function findAuthority(roll: AuthorityRoll, id: string): RollEntry {
  const found = roll.find((entry) => entry.id === id);
  if (found === undefined) throw new Refusal('authority-unknown', { id: id.slice(0, 64) });
  return found;
}

/** The number of the next authority of a line. */
export function nextNumber(roll: AuthorityRoll, line: AuthorityLine): number {
  return 1 + Math.max(0, ...roll.filter((entry) => isOfLine(entry, line)).map((e) => e.number));
}

/**
 * An authority of our domain whose key lies on another machine, or is lost, as one that signs no
 * more here: it stays published until it ends. Refuses what its certificate's reader refuses.
 */
export function adoptedFrom(roll: AuthorityRoll, jwk: JsonObject, now: UnixMs): RollEntry {
  const keyType = jwk.kty === 'AKP' ? 'ml-dsa-65' : 'ec-p256';
  const use = jwk.use === 'jwt-svid' ? 'jwt' : 'x509';
  const head = { use, keyType, number: nextNumber(roll, { use, keyType }), jwk } as const;
  const rest = { state: 'old', isTainted: false } as const;
  if (use === 'jwt') {
    return { ...head, ...rest, id: String(jwk.kid), notAfter: addMs(now, AUTHORITY_LIFE_MS) };
  }
  const [der] = Array.isArray(jwk.x5c) ? jwk.x5c : [];
  const { subjectKeyId, notAfter } = decodeCertificate(fromBase64(String(der)));
  return { ...head, ...rest, id: toHex(subjectKeyId ?? new Uint8Array(0)), notAfter };
}

/** Adds a prepared authority. Refuses `authority-state` if its line has one already. */
export function prepared(roll: AuthorityRoll, entry: RollEntry): AuthorityRoll {
  checkPreparable(roll, entry);
  return [...roll, entry];
}

/** Refuses `authority-state` if a line has a prepared authority, or the bundle is full. */
export function checkPreparable(roll: AuthorityRoll, line: AuthorityLine): void {
  const waiting = roll.find((entry) => isOfLine(entry, line) && entry.state === 'prepared');
  if (waiting !== undefined) {
    throw new Refusal('authority-state', { id: waiting.id, state: 'prepared already' });
  }
  if (roll.length >= AUTHORITIES_MAX) {
    throw new Refusal('authority-state', { limit: AUTHORITIES_MAX, state: 'all places taken' });
  }
}

/** Lets a prepared authority sign from now on. Refuses `authority-state` for any other. */
export function activated(roll: AuthorityRoll, id: string): AuthorityRoll {
  const next = inState(roll, id, 'prepared');
  return roll.map((entry): RollEntry => {
    if (entry.id === id) return { ...entry, state: 'active' };
    const isReplaced = isOfLine(entry, next) && entry.state === 'active';
    return isReplaced ? { ...entry, state: 'old' } : entry;
  });
}

/** Marks an old authority. Refuses `authority-state` for one that still signs, or will. */
export function tainted(roll: AuthorityRoll, id: string): AuthorityRoll {
  inState(roll, id, 'old');
  return roll.map((entry) => (entry.id === id ? { ...entry, isTainted: true } : entry));
}

/** Takes a tainted authority out. Refuses `authority-state` for any other. */
export function revoked(roll: AuthorityRoll, id: string): AuthorityRoll {
  const { isTainted } = inState(roll, id, 'old');
  if (!isTainted) throw new Refusal('authority-state', { id, state: 'old, not tainted' });
  return roll.filter((entry) => entry.id !== id);
}

/** Takes out what has ended. */
export function pruned(roll: AuthorityRoll, id: string): AuthorityRoll {
  return roll.filter((entry) => entry.id !== id || entry.state !== 'old');
}

/** The next thing that the schedule asks for, and since when; undefined for an empty roll. */
export function nextStep(
  roll: AuthorityRoll,
): { readonly at: UnixMs; readonly step: RollStep } | undefined {
  const steps = roll.map((entry) => stepOf(roll, entry)).filter((step) => step !== undefined);
  return steps.sort((a, b) => a.at - b.at)[0];
}

function stepOf(
  roll: AuthorityRoll,
  entry: RollEntry,
): { readonly at: UnixMs; readonly step: RollStep } | undefined {
  const { id, notAfter, state } = entry;
  if (state === 'old') return { at: notAfter, step: { kind: 'prune', id } };
  if (state === 'prepared') return undefined; // its turn comes with the active one's end
  const next = roll.find((other) => isOfLine(other, entry) && other.state === 'prepared');
  const { use, keyType } = entry;
  if (next === undefined) {
    const leftMs = Math.min(AUTHORITY_LIFE_MS / 2, AUTHORITY_PREPARE_MS);
    return { at: before(notAfter, leftMs), step: { kind: 'prepare', line: { use, keyType } } };
  }
  const leftMs = Math.min(AUTHORITY_LIFE_MS / 6, AUTHORITY_ACTIVATE_MS);
  return { at: before(notAfter, leftMs), step: { kind: 'activate', id: next.id } };
}

/** The roll as a record of the store. */
export function encodeRoll(roll: AuthorityRoll): Json {
  return roll.map((entry): JsonObject => ({ ...entry }));
}

/** Reads a roll back. Refuses `state-corrupt`. */
export function parseRoll(value: Json): AuthorityRoll {
  if (!Array.isArray(value) || value.length > AUTHORITIES_MAX) return corrupt();
  return (value as readonly Json[]).map(parseRollEntry);
}

function parseRollEntry(value: Json): RollEntry {
  if (!isObject(value)) return corrupt();
  const { id, number, isTainted, notAfter, jwk } = value;
  const use = USES.find((known) => known === value.use) ?? corrupt();
  const keyType = KEY_TYPES.find((known) => known === value.keyType) ?? corrupt();
  const state = STATES.find((known) => known === value.state) ?? corrupt();
  if (typeof id !== 'string' || typeof number !== 'number' || typeof notAfter !== 'number') {
    return corrupt();
  }
  if (typeof isTainted !== 'boolean' || !isObject(jwk)) return corrupt();
  return { id, number, use, keyType, state, isTainted, notAfter: unixMs(notAfter), jwk };
}

function inState(roll: AuthorityRoll, id: string, state: AuthorityState): RollEntry {
  const entry = findAuthority(roll, id);
  if (entry.state !== state) {
    throw new Refusal('authority-state', { id, expected: state, got: entry.state });
  }
  return entry;
}

function before(at: UnixMs, ms: number): UnixMs {
  return unixMs(Math.max(0, at - ms));
}

function corrupt(): never {
  throw new Refusal('state-corrupt', { record: 'authorities' });
}
