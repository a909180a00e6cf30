/**
 * Known omissions of known firmware, as a table: what to add to a log that does not replay.
 *
 * A row is tried only after the plain replay of its PCR has failed, and counts only if the amended
 * events lead to the quoted value. So a row can complete a log, and can never make a wrong one
 * right. The name of the row that helped goes into the result.
 */

import { toUtf8 } from '../core/bytes.ts';
import { hashOf } from '../core/ciphers.ts';
import type { UnverifiedEvent } from './event-log.ts';
import { EV_EFI_ACTION } from './event-types.ts';
import type { Bank } from './pcrs.ts';

/** One omission: events that firmware extended and did not log. */
export interface EventQuirk {
  readonly name: string;
  readonly pcr: number;
  /** The texts of the missing EV_EFI_ACTION events, which follow the last logged one. */
  readonly missing: readonly string[];
}

const INVOCATION = 'Exit Boot Services Invocation';
const SUCCESS = 'Exit Boot Services Returned with Success';
const FAILURE = 'Exit Boot Services Returned with Failure';
/**
 * The rows, in the order they are tried. All three were seen where the loader fetched the log
 * before ExitBootServices and the firmware keeps no table of final events.
 */
export const EVENT_QUIRKS: readonly EventQuirk[] = [
  { name: 'exit-boot-services', pcr: 5, missing: [INVOCATION, SUCCESS] },
  { name: 'exit-boot-services-failed', pcr: 5, missing: [INVOCATION, FAILURE] },
  {
    name: 'exit-boot-services-repeated',
    pcr: 5,

    missing: [INVOCATION, FAILURE, SUCCESS],
  },
];

/** `events` of one PCR with what the row says is missing. */
export function amendEvents(
  quirk: EventQuirk,
  bank: Bank,
  events: readonly UnverifiedEvent[],
): readonly UnverifiedEvent[] {
  const added = quirk.missing.map((text, index): UnverifiedEvent => {
    const claimedBytes = toUtf8(text);
    const digests = new Map([[bank, hashOf(bank, claimedBytes)]]);
    const { pcr } = quirk;
    return { source: 'quirk', index, pcr, type: EV_EFI_ACTION, digests, claimedBytes };
  });
  return [...events, ...added];
}
