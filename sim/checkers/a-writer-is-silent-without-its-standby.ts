/**
 * A writer that Root ties to its standby is silent once that one has taken over for longer than
 * `writerForMs` (PROTOCOL §2.5): whoever hears it alone hears it no longer than that. Where the
 * turn passed over that standby, it is for it to hear of that first; and a Root that names a key of
 * a rank above gives the word to whoever holds that one.
 */

import type { KeyId } from '../../core/suite.ts';
import type { CheckerKind } from '../checker.ts';
import { revocationsOf } from '../lost-revocations.ts';
import type { Machine } from '../machine.ts';
import type { Step } from '../step.ts';

/** Boot clocks run slow by some millionths, and readings are whole numbers. */
const SLOW_SHARE = 1 / 1_000;
const ROUNDING_MS = 2;

export const aWriterIsSilentWithoutItsStandby: CheckerKind = {
  sentence: 'a writer is silent without its standby',
  make: (world, fail) => {
    const { writerForMs } = world.scenario;
    const mostMs = Math.ceil(writerForMs * (1 + SLOW_SHARE)) + ROUNDING_MS;
    return {
      step: (step) => {
        const { machine, t } = step;
        const handover = writerForMs === 0 ? undefined : world.handovers.get(machine.domain);
        if (handover === undefined || !speaks(step)) return;
        const turns = world.authoritiesOf(machine.domain);
        if (turns[turns.indexOf(machine) + 1]?.name !== handover.to) return;
        if ((machine.node?.rank ?? 0) > handover.rank) return;
        if (isUnknown(machine, world.machine(handover.to))) return;
        world.coverage.saw('checker: a writer spoke after its standby took over');
        if (t - handover.at <= mostMs) return;
        fail(`${machine.name} speaks ${t - handover.at} ms after ${handover.to} took over`);
      },
    };
  },
};

/**
 * True where the standby answers again that it has not taken over, for it knows of nothing: a disk
 * that was put back took the revocation along, or people revoked at a machine that is cut off.
 */
function isUnknown(writer: Machine, standby: Machine | undefined): boolean {
  if (standby === undefined || standby.node === null || standby.node.hasVoice) return false;
  return writer.restored || standby.restored || !knowsEndOf(writer, standby);
}

/** True where a machine holds a revocation of a key of that writer. */
function knowsEndOf(writer: Machine, other: Machine): boolean {
  return revocationsOf(other, writer.domain)
    .flatMap(([, { entries }]) => entries)
    .some(({ class: kind, target }) => kind === 'authority' && writer.holds(target as KeyId));
}

/** True where a step releases a beacon or a tick of its own. */
function speaks({ machine, delivery: { input }, writes }: Step): boolean {
  if (machine.node?.hasVoice !== true) return false;
  const isTold = input.kind === 'frame' || input.kind === 'gossip' || input.kind === 'import';
  if (isTold) return false;
  return writes.some(
    ({ domain, kind, value }) =>
      domain === machine.domain && value !== null && (kind === 'beacon' || kind === 'tick'),
  );
}
