/**
 * The control method that shows how this machine booted: PCRs, events, and the difference where the
 * boot is not an approved one (PROTOCOL §7.3).
 *
 * It is for the eyes of whoever may ask this daemon, and proves nothing to others: no stranger
 * asked a nonce. Nothing is kept; each call quotes anew.
 */

import { toHex } from '../../core/bytes.ts';
import { BOOT_EVENT_CHARS_MAX, BOOT_EVENTS_SHOWN_MAX } from '../../core/limits.ts';
import type { ControlMethods } from '../control/server.ts';
import type { AttestationView } from '../control/views.ts';
import type { NodeCustody } from '../custody/open-custody.ts';
import { eventLines } from '../tpm/event-words.ts';
import type { JudgedBoot } from '../tpm/own-boot.ts';
import { formatTpmAddress } from '../tpm/tpm-address.ts';

const NO_CHIP: AttestationView = {
  ...{ tpm: '', verdict: 'none', state: '', differences: [], bank: '', secureBoot: '' },
  ...{ pcrs: [], events: [] },
};

/** The method over the chip of this machine, if its keys lie behind one. */
export function attestationMethods({
  nodeCustody: { chip },
}: {
  readonly nodeCustody: NodeCustody;
}) {
  return {
    'attestation.show': async () => {
      if (chip === null) return NO_CHIP;
      const tpm = formatTpmAddress(chip.device.address);
      return { tpm, ...attestationView(await chip.custody.judgeBoot()) };
    },
  } satisfies Partial<ControlMethods>;
}

function attestationView({ evidence, boot, appraisal }: JudgedBoot): Omit<AttestationView, 'tpm'> {
  const { replay, secureBoot } = boot;
  const isApproved = appraisal.kind === 'approved';
  return {
    verdict: appraisal.kind,
    state: isApproved ? appraisal.state : (appraisal.nearest ?? ''),
    differences: isApproved ? [] : appraisal.differences,
    bank: replay.bank,
    secureBoot: [secureBoot.state, ...secureBoot.anomalies].join('; '),
    pcrs: [...replay.pcrs.values].map(([pcr, value]) => ({
      pcr,
      value: toHex(value),
      explained: replay.explained.includes(pcr),
      trouble: replay.unexplained.get(pcr) ?? '',
    })),
    events: eventLines(evidence, boot)
      .slice(-BOOT_EVENTS_SHOWN_MAX)
      .map((event) => ({ ...event, text: event.text.slice(0, BOOT_EVENT_CHARS_MAX) })),
  };
}
