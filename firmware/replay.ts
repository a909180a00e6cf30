/**
 * The only door to believed events: a log is replayed until it leads to PCR values that a chip
 * vouches for.
 *
 * What the chip proves is the digests and their order within one PCR. It proves neither the type
 * of an event nor its data; data is believed where the digest of the event is its hash, and such
 * data alone is handed on. PC Client Platform Firmware Profile 1.06 §10.2.2.
 */

import type { Brand } from '../core/brand.ts';
import { equalBytes } from '../core/bytes.ts';
import { hashOf } from '../core/ciphers.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { UnverifiedEvent, UnverifiedEventLog } from './event-log.ts';
import { amendEvents, EVENT_QUIRKS } from './event-quirks.ts';
import { EV_SEPARATOR } from './event-types.ts';
import { type Bank, type BelievedPcrs, extendPcr, initialPcr } from './pcrs.ts';

/** An event that was extended into the quoted PCR, in this order. */
export type MeasuredEvent = Brand<MeasuredFields, 'MeasuredEvent'>;

interface MeasuredFields {
  readonly source: UnverifiedEvent['source'];
  /** Place in its log. */
  readonly index: number;
  readonly pcr: number;
  /** What the log calls the event. No digest covers it: it is for people to read. */
  readonly claimedType: number | string;
  /** The digest in the bank of the replay. */
  readonly digest: Uint8Array;
  /** The event's data if `digest` is its hash; null if the data is a mere hint. */
  readonly coveredBytes: Uint8Array | null;
}

/** What is believed already, and the logs that are not. */
export interface ReplayInput {
  readonly pcrs: BelievedPcrs;
  readonly firmware: UnverifiedEventLog;
  /** Records of `decodeUserspaceLog`; empty where the node shows none. */
  readonly userspace: readonly UnverifiedEvent[];
  /** PCRs that the logs have to explain: a failure of one of these is refused. */
  readonly mustExplain: readonly number[];
}

/** What the logs proved. */
export interface Replay {
  readonly bank: Bank;
  readonly pcrs: BelievedPcrs;
  /** Events of the explained PCRs, by PCR and then in order. */
  readonly events: readonly MeasuredEvent[];
  /** PCRs whose value the events lead to, ascending. */
  readonly explained: readonly number[];
  /** PCRs whose value they do not lead to, and why. */
  readonly unexplained: ReadonlyMap<number, RefusalCode>;
  /** Names of the quirks that helped. */
  readonly quirks: readonly string[];
}

/**
 * Replays both logs against believed PCR values. For a PCR in `mustExplain` it refuses `log-bank`
 * (no digest in the quoted bank), `log-short` (events are missing), `log-long` (firmware events
 * follow the quoted state) and `log-replay`; other PCRs that fail are listed as unexplained. A
 * PCR outside the believed ones has no events here, whatever the log says.
 */
export function replayLogs(input: ReplayInput): Replay {
  const events: MeasuredEvent[] = [];
  const explained: number[] = [];
  const unexplained = new Map<number, RefusalCode>();
  const quirks: string[] = [];
  const wanted = new Set(input.mustExplain);
  for (const pcr of [...input.pcrs.values.keys()].sort((a, b) => a - b)) {
    const outcome = replayPcr(input, pcr);
    if (outcome instanceof Refusal) {
      if (wanted.has(pcr)) throw outcome;
      unexplained.set(pcr, outcome.code);
      continue;
    }
    explained.push(pcr);
    if (outcome.quirk !== null) quirks.push(outcome.quirk);
    events.push(...outcome.events.map((event) => believe(event, input.pcrs.bank)));
    wanted.delete(pcr);
  }
  for (const pcr of wanted) throw new Refusal('quote-selection', { pcr });
  return { bank: input.pcrs.bank, pcrs: input.pcrs, events, explained, unexplained, quirks };
}

interface Explained {
  readonly events: readonly UnverifiedEvent[];
  readonly quirk: string | null;
}

function replayPcr(input: ReplayInput, pcr: number): Explained | Refusal {
  const { bank } = input.pcrs;
  const firmware = input.firmware.unverifiedEvents.filter((event) => event.pcr === pcr);
  const userspace = input.userspace.filter((event) => event.pcr === pcr);
  const undigested = [...firmware, ...userspace].find((event) => !event.digests.has(bank));
  if (undigested !== undefined) {
    return new Refusal('log-bank', { pcr, bank, event: undigested.index });
  }
  const plain = explain(input, pcr, firmware, userspace);
  if (plain !== null) return { events: plain, quirk: null };
  for (const quirk of EVENT_QUIRKS.filter((row) => row.pcr === pcr)) {
    const amended = explain(input, pcr, amendEvents(quirk, bank, firmware), userspace);
    if (amended !== null) return { events: amended, quirk: quirk.name };
  }
  return diagnose(input, pcr, firmware);
}

/**
 * The events that lead to the quoted value, or null. All of firmware's have to, since firmware was
 * done before anybody could quote; userspace goes on measuring, so a prefix of its records will
 * do, and the rest is not believed.
 */
function explain(
  { pcrs, firmware: { startupLocality } }: ReplayInput,
  pcr: number,
  firmware: readonly UnverifiedEvent[],
  userspace: readonly UnverifiedEvent[],
): readonly UnverifiedEvent[] | null {
  const quoted = pcrs.values.get(pcr) ?? new Uint8Array(0);
  // A PCR that nothing was measured into holds its initial value; StartupLocality sets PCR 0 all
  // the same.
  let value = initialPcr(pcrs.bank, pcr, startupLocality);
  for (const event of firmware) value = extended(pcrs.bank, value, event);
  if (equalBytes(value, quoted)) return firmware;
  for (const [i, event] of userspace.entries()) {
    value = extended(pcrs.bank, value, event);
    if (equalBytes(value, quoted)) return [...firmware, ...userspace.slice(0, i + 1)];
  }
  return null;
}

function extended(bank: Bank, value: Uint8Array, event: UnverifiedEvent): Uint8Array {
  return extendPcr(bank, value, digestIn(event, bank));
}

/** The digest of an event that `replayPcr` has seen to have one. */
function digestIn(event: UnverifiedEvent, bank: Bank): Uint8Array {
  return event.digests.get(bank) ?? new Uint8Array(0);
}

/** Says which way a log fails, as far as the log itself can tell. */
function diagnose(
  { pcrs, firmware: { startupLocality } }: ReplayInput,
  pcr: number,
  firmware: readonly UnverifiedEvent[],
): Refusal {
  const quoted = pcrs.values.get(pcr) ?? new Uint8Array(0);
  let value = initialPcr(pcrs.bank, pcr, startupLocality);
  for (const event of firmware) {
    if (equalBytes(value, quoted)) return new Refusal('log-long', { pcr, event: event.index });
    value = extended(pcrs.bank, value, event);
  }
  // Firmware closes each of PCR 0 to 7 with a separator: a log without one was cut (§3.3.4).
  const closed = pcr > 7 || firmware.some((event) => event.type === EV_SEPARATOR);
  if (firmware.length === 0 || !closed) return new Refusal('log-short', { pcr });
  return new Refusal('log-replay', { pcr, events: firmware.length });
}

function believe(event: UnverifiedEvent, bank: Bank): MeasuredEvent {
  const digest = digestIn(event, bank);
  const covers = equalBytes(hashOf(bank, event.claimedBytes), digest);
  const fields: MeasuredFields = {
    source: event.source,
    index: event.index,
    pcr: event.pcr,
    claimedType: event.type,
    digest,
    coveredBytes: covers ? event.claimedBytes : null,
  };
  return fields as unknown as MeasuredEvent;
}
