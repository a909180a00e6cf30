/**
 * Approved boot states: what the authority of a domain signs, and what a boot is appraised by.
 *
 * A state holds PCR values, rules on events by their digests, whether Secure Boot has to be on and
 * the least firmware of the chip. A state is one row of `states` in the domain's references; the
 * document around them (type, domain, signatures) is no matter of this file. Members that nobody
 * knows are refused: one of them could be the rule that forbids.
 *
 * Example: `{"bank":"sha256","events":[{"allow":["98c6…"],"pcr":4,"require":["98c6…"]}],
 * "firmwareVersionMin":"0","name":"edge 12","pcrs":{"7":["02a4…"]},"secureBoot":"required"}`
 */

import { fromHex, toHex } from '../core/bytes.ts';
import { isObject, type Json, type JsonObject } from '../core/canonical.ts';
import { HASH_BYTES } from '../core/ciphers.ts';
import { NAME_CHARS_MAX, REFERENCE_DIGESTS_MAX, REFERENCE_STATES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { BootState } from './boot-state.ts';
import { refusedAs } from './malformed.ts';
import type { Bank } from './pcrs.ts';
import { PCR_COUNT } from './tpm-constants.ts';

/** Digests as lower-case hex, of the bank of their state. */
export type DigestSet = ReadonlySet<string>;

/** Every event of the PCR is in `allow`, and every digest of `require` occurs. */
export interface EventRule {
  readonly pcr: number;
  readonly allow: DigestSet;
  /** A subset of `allow`. */
  readonly require: DigestSet;
}

/** One approved state. */
export interface ReferenceState {
  readonly name: string;
  readonly bank: Exclude<Bank, 'sha1'>;
  /** For each PCR named: the values that are approved. */
  readonly pcrs: ReadonlyMap<number, DigestSet>;
  readonly events: readonly EventRule[];
  readonly secureBoot: 'required' | 'any';
  readonly firmwareVersionMin: bigint;
}

const STATE_MEMBERS = ['bank', 'events', 'firmwareVersionMin', 'name', 'pcrs', 'secureBoot'];
const RULE_MEMBERS = ['allow', 'pcr', 'require'];
const U64_MAX = 2n ** 64n - 1n;

/** Reads the states of a references document. Refuses `references-malformed`. */
export function parseReferences(states: Json): readonly ReferenceState[] {
  return refusedAs('references-malformed', () => {
    if (!Array.isArray(states) || states.length > REFERENCE_STATES_MAX) refuse('states');
    return (states as readonly Json[]).map(parseState);
  });
}

function parseState(value: Json): ReferenceState {
  const state = membersOf(value, STATE_MEMBERS);
  const { name, bank, secureBoot } = state;
  if (typeof name !== 'string' || name === '' || name.length > NAME_CHARS_MAX) refuse('name');
  if (bank !== 'sha256' && bank !== 'sha384' && bank !== 'sha512') refuse('bank');
  if (secureBoot !== 'required' && secureBoot !== 'any') refuse('secureBoot');
  if (!isObject(state.pcrs) || !Array.isArray(state.events)) return refuse('pcrs and events');
  const pcrs = Object.entries(state.pcrs).map(([pcr, values]): [number, DigestSet] => [
    parsePcr(PCR_NAMES.get(pcr)),
    parseDigests(values, bank),
  ]);
  return {
    name,
    bank,
    pcrs: new Map(pcrs),
    events: (state.events as readonly Json[]).map((rule) => parseRule(rule, bank)),
    secureBoot,
    firmwareVersionMin: parseVersion(state.firmwareVersionMin),
  };
}

function parseRule(value: Json, bank: Bank): EventRule {
  const rule = membersOf(value, RULE_MEMBERS);
  const allow = parseDigests(rule.allow, bank);
  const require = parseDigests(rule.require, bank);
  if (![...require].every((digest) => allow.has(digest))) refuse('require');
  return { pcr: parsePcr(rule.pcr), allow, require };
}

const PCR_NAMES: ReadonlyMap<string, number> = new Map(
  Array.from({ length: PCR_COUNT }, (_, pcr) => [String(pcr), pcr]),
);

function parsePcr(value: Json | undefined): number {
  const inside = typeof value === 'number' && Number.isInteger(value) && value >= 0;
  if (!inside || value >= PCR_COUNT) return refuse('pcr');
  return value;
}

function parseDigests(value: Json | undefined, bank: Bank): DigestSet {
  if (!Array.isArray(value) || value.length > REFERENCE_DIGESTS_MAX) return refuse('digests');
  const digests = (value as readonly Json[]).map((text) => {
    if (typeof text !== 'string' || fromHex(text).length !== HASH_BYTES[bank]) refuse('digest');
    return text;
  });
  return new Set(digests);
}

function parseVersion(value: Json | undefined): bigint {
  if (typeof value !== 'string' || !/^(?:0|[1-9][0-9]{0,19})$/.test(value)) {
    return refuse('firmwareVersionMin');
  }
  const version = BigInt(value); // decimal digits only, as checked
  return version > U64_MAX ? refuse('firmwareVersionMin') : version;
}

function membersOf(value: Json, members: readonly string[]): JsonObject {
  if (!isObject(value)) return refuse('object');
  const names = Object.keys(value).sort();
  const same = names.length === members.length && names.every((name, i) => name === members[i]);
  return same ? value : refuse(names.join(' '));
}

function refuse(member: string): never {
  throw new Refusal('references-malformed', { member });
}

/** A state as its row of the document. */
export function encodeState(state: ReferenceState): JsonObject {
  const sorted = (set: DigestSet): readonly string[] => [...set].sort();
  const pcrs = [...state.pcrs].map(([pcr, values]) => [String(pcr), sorted(values)] as const);
  return {
    name: state.name,
    bank: state.bank,
    pcrs: Object.fromEntries(pcrs),
    events: state.events.map(({ pcr, allow, require }) => ({
      pcr,
      allow: sorted(allow),
      require: sorted(require),
    })),
    secureBoot: state.secureBoot,
    firmwareVersionMin: String(state.firmwareVersionMin),
  };
}

/**
 * Drafts the state that approves exactly this boot, for a person to review: the values of `pcrs`,
 * and for those that the logs explain a rule on their events, which can name what differs later.
 * Refuses `quote-selection` for a PCR that the boot does not vouch for.
 */
export function draftState(boot: BootState, name: string, pcrs: readonly number[]): ReferenceState {
  const { replay, secureBoot, firmwareVersion } = boot;
  const bank = replay.bank === 'sha1' ? refuse('bank') : replay.bank;
  const values = pcrs.map((pcr): [number, DigestSet] => {
    const value = replay.pcrs.values.get(pcr);
    if (value === undefined) throw new Refusal('quote-selection', { pcr });
    return [pcr, new Set([toHex(value)])];
  });
  const explained = pcrs.filter((pcr) => replay.explained.includes(pcr));
  const events = explained.map((pcr): EventRule => {
    const own = replay.events.filter((event) => event.pcr === pcr);
    const digests = new Set(own.map((event) => toHex(event.digest)));
    return { pcr, allow: digests, require: digests };
  });
  return {
    name,
    bank,
    pcrs: new Map(values),
    events,
    secureBoot: secureBoot.state === 'on' ? 'required' : 'any',
    firmwareVersionMin: firmwareVersion,
  };
}
