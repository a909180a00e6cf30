/**
 * The events of a log in words, each with whether its digest covers what it says.
 *
 * An event whose digest does not cover its text may say anything: the text is shown as a hint, and
 * marked. Events of PCRs that the quote does not vouch for are claims altogether.
 */

import { equalBytes, fromUtf8, toHex } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { BootState } from '../../firmware/boot-state.ts';
import { decodeEventLog, type UnverifiedEvent } from '../../firmware/event-log.ts';
import { eventTypeName } from '../../firmware/event-types.ts';
import type { Evidence } from '../../firmware/evidence.ts';
import type { Bank } from '../../firmware/pcrs.ts';
import { decodeUefiVariable } from '../../firmware/uefi-variable.ts';
import { decodeUserspaceLog } from '../../firmware/userspace-log.ts';

/**
 * What of an event is proven. `all`: digest and text. `digest`: that this digest was measured,
 * while text and type are hints. `nothing`: no quote leads to it.
 */
export type Proven = 'all' | 'digest' | 'nothing';

/** One event as a line to read. */
export interface EventLine {
  readonly pcr: number;
  readonly index: number;
  readonly source: UnverifiedEvent['source'];
  readonly type: string;
  readonly proven: Proven;
  /** Hex; empty where the log has none in the bank. */
  readonly digest: string;
  readonly text: string;
}

/** Every event of the logs of a bundle, by PCR, as far as its verified boot proves it. */
export function eventLines(evidence: Evidence, boot: BootState): readonly EventLine[] {
  const { explained, events, bank } = boot.replay;
  const believed = new Set(events.map(({ source, index }) => `${source} ${index}`));
  const isMeasured = ({ pcr, source, index }: UnverifiedEvent): boolean =>
    explained.includes(pcr) && believed.has(`${source} ${index}`);
  return linesOf(eventsOf(evidence), bank, isMeasured);
}

/** Every event of a bare log, in the bank that most kernels use. Refuses as `decodeEventLog`. */
export function unprovenEventLines(log: Uint8Array): readonly EventLine[] {
  const { banks, unverifiedEvents } = decodeEventLog(log);
  const bank = banks.includes('sha256') ? 'sha256' : (banks.at(-1) ?? 'sha1');
  return linesOf(unverifiedEvents, bank, () => false);
}

function eventsOf({ eventLog, userspaceLog }: Evidence): readonly UnverifiedEvent[] {
  return [
    ...(eventLog === null ? [] : decodeEventLog(eventLog).unverifiedEvents),
    ...(userspaceLog === null ? [] : decodeUserspaceLog(userspaceLog)),
  ];
}

function linesOf(
  events: readonly UnverifiedEvent[],
  bank: Bank,
  isMeasured: (event: UnverifiedEvent) => boolean,
): readonly EventLine[] {
  const lines = events.map((event): EventLine => {
    const { pcr, index, source, type, digests, claimedBytes } = event;
    const digest = digests.get(bank);
    const covers = digest !== undefined && equalBytes(digest, hashOf(bank, claimedBytes));
    return {
      pcr,
      index,
      source,
      type: eventTypeName(type),
      proven: isMeasured(event) ? (covers ? 'all' : 'digest') : 'nothing',
      digest: digest === undefined ? '' : toHex(digest),
      text: textOf(claimedBytes),
    };
  });
  return lines.toSorted((a, b) => a.pcr - b.pcr); // stable: the order within a PCR is the log's
}

const TEXT_CHARS_MAX = 80;

/** What the bytes of an event say to a person: a variable, a text, or how many they are. */
export function textOf(bytes: Uint8Array): string {
  const variable = decodeUefiVariable(bytes);
  if (variable === null || !/^[\x20-\x7e]+$/.test(variable.name)) {
    return readable(bytes) ?? valueText(bytes);
  }
  return `${variable.name} = ${valueText(variable.value)}`;
}

function valueText(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'empty';
  return bytes.length <= 8 ? toHex(bytes) : `${bytes.length} bytes`;
}

/** UTF-8 or UTF-16, both as firmware writes them, with a zero at the end or without. */
function readable(bytes: Uint8Array): string | undefined {
  const wide =
    bytes.length > 2 && bytes.length % 2 === 0 && bytes.every((b, i) => i % 2 === 0 || b === 0);
  const narrow = wide ? bytes.filter((_, i) => i % 2 === 0) : bytes;
  const end = narrow.indexOf(0);
  const body = end === narrow.length - 1 ? narrow.subarray(0, end) : narrow;
  const text = refusalOf(() => fromUtf8(body));
  const isText = !(text instanceof Refusal) && /^[\x20-\x7e]{3,}$/.test(text);
  if (!isText) return undefined;
  return text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX - 1)}…`;
}
