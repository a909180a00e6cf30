/**
 * How a machine booted, as far as its chip vouches for it: evidence in, believed facts out.
 *
 * The one path from a bundle to something that may be appraised: key, quote, logs, replay, Secure
 * Boot. Whether the chip is genuine is the other half, in `ek-certificate.ts` and
 * `activation.ts`; whether the boot is approved is asked in `appraisal.ts`.
 */

import type { Brand } from '../core/brand.ts';
import { Refusal } from '../core/refusal.ts';
import { checkAttestationKey } from './activation.ts';
import type { ClockInfo } from './attest.ts';
import { type Challenge, counterOf, verifyAttested } from './attested.ts';
import { decodeEventLog, type UnverifiedEventLog } from './event-log.ts';
import type { Evidence } from './evidence.ts';
import type { ChipMarks } from './high-water.ts';
import { decodeImaLog, IMA_PCR, type ImaReplay, replayIma } from './ima.ts';
import { refusedAs } from './malformed.ts';
import type { Bank } from './pcrs.ts';
import { verifyQuote } from './quote.ts';
import { type Replay, replayLogs } from './replay.ts';
import { type SecureBoot, secureBootOf } from './secure-boot.ts';
import { decodePublic, type KeyPublic } from './tpm-public.ts';
import { decodeUserspaceLog } from './userspace-log.ts';

/** What a chip vouches for about one boot. Only `verifyBoot` makes one. */
export type BootState = Brand<
  {
    readonly replay: Replay;
    readonly secureBoot: SecureBoot;
    /** Null where no list was shown or the quote does not cover its PCR. */
    readonly ima: ImaReplay | null;
    readonly clock: ClockInfo;
    readonly firmwareVersion: bigint;
    /** The NV counter of the state's generation; null where the node has none. */
    readonly counter: bigint | null;
    /** Name of the attestation key. */
    readonly keyName: Uint8Array;
  },
  'BootState'
>;

/** What the asker demands of a quote. */
export interface BootExpectation {
  readonly challenge: Challenge;
  readonly bank: Bank;
  /** PCRs that the quote has to cover. */
  readonly required: readonly number[];
  /** PCRs that the logs have to lead to; for others the state says that they do not. */
  readonly mustExplain: readonly number[];
  /** Name of the NV counter that a statement about one has to be about. */
  readonly counterName: Uint8Array;
}

/**
 * Verifies a bundle. Refuses what its parts refuse, in this order: `evidence-malformed` and
 * `ak-attributes` for the key, the codes of `verifyQuote`, `log-malformed`, the codes of
 * `replayLogs`, `log-event-type`, `ima-replay`, and for the counter the codes of `verifyAttested`
 * and `attest-index`.
 */
export function verifyBoot(evidence: Evidence, expected: BootExpectation): BootState {
  const key = decodeKey(evidence.attestationKey);
  checkAttestationKey(key);
  const { challenge, bank, required, mustExplain } = expected;
  const shown = { ...evidence.quote, pcrs: evidence.pcrs };
  const quote = verifyQuote(shown, { key, challenge, bank, required });
  const replay = replayLogs({
    pcrs: quote.pcrs,
    firmware: evidence.eventLog === null ? NO_LOG : decodeEventLog(evidence.eventLog),
    userspace: evidence.userspaceLog === null ? [] : decodeUserspaceLog(evidence.userspaceLog),
    mustExplain,
  });
  const covered = quote.pcrs.values.has(IMA_PCR);
  const { imaLog } = evidence;
  const state = {
    replay,
    secureBoot: secureBootOf(replay),
    ima: imaLog === null || !covered ? null : replayIma(quote.pcrs, decodeImaLog(imaLog)),
    clock: quote.clock,
    firmwareVersion: quote.firmwareVersion,
    counter: readCounter(evidence, key, expected),
    keyName: quote.keyName,
  };
  return state as unknown as BootState;
}

function readCounter(
  { counter }: Evidence,
  key: KeyPublic,
  { challenge, counterName }: BootExpectation,
): bigint | null {
  if (counter === null) return null;
  return counterOf(verifyAttested('nv', key, counter, challenge), counterName);
}

/** What peers remember of the chip (see `high-water.ts`). */
export function marksOf({ clock, firmwareVersion, counter }: BootState): ChipMarks {
  return { clock, firmwareVersion, counter };
}

/** Some clouds hand out an empty log; then nothing is explained. */
const NO_LOG: UnverifiedEventLog = {
  format: 'sha1',
  banks: [],
  startupLocality: 0,
  unverifiedEvents: [],
};

/** Decodes the public area of a key that evidence shows. Refuses `evidence-malformed`. */
export function decodeKey(raw: Uint8Array): KeyPublic {
  return refusedAs('evidence-malformed', () => {
    const key = decodePublic(raw);
    if (key.kind === 'sealed') throw new Refusal('evidence-malformed', { kind: key.kind });
    return key;
  });
}
