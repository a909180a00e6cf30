/**
 * Work and storage of a stranger are bounded (PROTOCOL §6.1, §6.3): by what it sent, signatures are
 * verified and bytes answered for it; it is heard no oftener than a peer may be; nothing that it
 * says is stored.
 */

import { FRAME_BYTES_MAX, SYNC_BURST, SYNC_RATE_PER_S, WANT_BYTES_MAX } from '../../core/limits.ts';
import { SIGNATURE_PAIR_BYTES } from '../../core/suite.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { CheckerKind } from '../checker.ts';
import type { Machine } from '../machine.ts';
import type { Step, StepWrite } from '../step.ts';
import { isStranger } from '../stranger.ts';

/** A Root is verified against the one before it and against itself. */
const ROLES_PER_SLOT = 2;
/** What is asked for may be sent beside: one frame for the one that offered it. */
const FRAMES_PER_OFFER = 2;
/** What time alone makes due may be stored in any step. */
const KEPT_BY_TIME = ['keeping', 'time'];

interface Heard {
  since: number;
  frames: number;
}

export const aStrangerCostsWhatItSends: CheckerKind = {
  sentence: 'a stranger costs no more than what it sends',
  make: (world, fail) => {
    const heard = new Map<Machine, Map<string, Heard>>();
    const hear = ({ machine, now, output }: Step, peer: string): void => {
      if (output.verdict?.code === 'peer-budget') return;
      const mine = heard.get(machine) ?? new Map<string, Heard>();
      heard.set(machine, mine);
      const known = mine.get(peer) ?? { since: now.boot, frames: 0 };
      mine.set(peer, known);
      known.frames += 1;
      const heardOf = SYNC_BURST + (SYNC_RATE_PER_S * (now.boot - known.since)) / SECOND_MS;
      const most = 1 + FRAMES_PER_OFFER * heardOf;
      if (known.frames > most) fail(`${machine.name} hears ${known.frames} frames of ${peer}`);
    };
    const judge = (step: Step): void => {
      const { machine, delivery, output, verified, writes } = step;
      const { input } = delivery;
      if (input.kind !== 'frame' || !isStranger(input.peer)) return;
      world.coverage.saw('checker: a stranger was heard');
      const { peer, bytes } = input;
      hear(step, peer);
      const slots = Math.ceil(bytes.length / SIGNATURE_PAIR_BYTES);
      if (verified > ROLES_PER_SLOT * slots) {
        fail(`${machine.name} verifies ${verified} pairs for ${bytes.length} bytes of ${peer}`);
      }
      const answered = output.effects.reduce(
        (sum, effect) =>
          effect.kind === 'send' && effect.peer === peer ? sum + effect.frame.length : sum,
        0,
      );
      if (answered > WANT_BYTES_MAX + FRAME_BYTES_MAX) {
        fail(`${machine.name} answers ${bytes.length} bytes of ${peer} with ${answered}`);
      }
      // Evidence that waited for its time may be believed in any step, and a writer may write.
      if (writes.some(({ kind }) => kind === 'future' || kind === 'writer')) return;
      // What ticks of its own domain a writer believes are its own, and due by the clock.
      const isOwnTick = ({ domain, kind }: StepWrite) =>
        kind === 'tick' && machine.isAuthority && machine.domain === domain;
      const stored = writes.find((each) => !KEPT_BY_TIME.includes(each.kind) && !isOwnTick(each));
      if (stored !== undefined) fail(`${machine.name} stores ${stored.kind} for ${peer}`);
    };
    return { started: (machine) => void heard.delete(machine), given: { frame: judge } };
  },
};
