/**
 * A writer, its standby, and an adversary who owns the link between them: answers are held up for
 * as long as he likes, overtake each other, or never come. Whenever the standby takes over, the
 * writer is silent in less than `writerForMs` from then (PROTOCOL §2.5).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../../core/bytes.ts';
import { sha256 } from '../../../core/digest.ts';
import { WRITER_FOR_MS_MIN } from '../../../core/limits.ts';
import type { Suite } from '../../../core/suite.ts';
import { bootMs, unixMs } from '../../../core/time.ts';
import { Tether, waitingFor } from '../../../federation/tether.ts';
import { SUITE } from '../../fakes/coalition.ts';
import { Climber } from '../climber.ts';
import { forgeRevocations, forgeRoot, KEYS, NOW } from '../forge.ts';
import { visitAll } from './visit.ts';

const tether = suite('federation/exhaustive/tether');

const STEP_MS = WRITER_FOR_MS_MIN / 2;
const WRITER_FOR_STEPS = 3;
const STEPS = 9;
const UNDER_WAY_MAX = 2;
const WRITER = [KEYS.beacon[0]];
const STANDBY = [KEYS.beacon[1]];
const ROOT = forgeRoot({ members: { writerForMs: WRITER_FOR_STEPS * STEP_MS } });
/** What the writer believes all the time, and the standby until it takes over. */
const before = new Climber(ROOT).take(ROOT).belief;
/** What the standby believes from then on. */
const after = new Climber(ROOT).take(
  ROOT,
  forgeRevocations(
    [
      {
        ...{ class: 'authority', target: KEYS.beacon[0].keyId },
        ...{ at: unixMs(NOW), notAfter: unixMs(NOW + 3_600_000) },
      },
    ],
    { signers: KEYS.revocation },
  ),
).belief;

type Move =
  | { readonly kind: 'wait' | 'ask' | 'answer' | 'take-over' }
  /** The answer to the question of that step arrives. */
  | { readonly kind: 'arrive'; readonly of: number };

interface State {
  readonly moves: readonly Move[];
  readonly step: number;
  /** The question that the standby was asked last, by its step. */
  readonly asked: number | null;
  readonly underWay: readonly number[];
  readonly tookOverAt: number | null;
}

const nonceOf = (step: number): Uint8Array => sha256(Uint8Array.of(step));
const bootOf = (step: number) => bootMs(1_000_000 + step * STEP_MS);
/** A signature is the same each time, and verified once. */
const verdicts = new Map<string, boolean>();
const REMEMBERING: Suite = {
  ...SUITE,
  verify: (check) => {
    const key = toHex(sha256(check.message, check.signature));
    const known = verdicts.get(key) ?? SUITE.verify(check);
    verdicts.set(key, known);
    return known;
  },
};
const words = new Map<string, Uint8Array | null>();
function wordOf(asked: number, hasTakenOver: boolean): Uint8Array | null {
  const key = `${asked} ${hasTakenOver}`;
  const known = words.get(key);
  if (known !== undefined) return known;
  const word = waitingFor({ own: hasTakenOver ? after : before, keys: STANDBY }, nonceOf(asked));
  words.set(key, word);
  return word;
}

/** The tether of the writer after all that happened. */
function live({ moves }: State): Tether {
  const made = new Tether(() => ({ own: before, keys: WRITER }));
  let step = 0;
  for (const move of moves) {
    if (move.kind === 'wait') step += 1;
    if (move.kind === 'ask') made.ask(nonceOf(step), bootOf(step));
    const word = move.kind === 'arrive' ? wordOf(move.of, false) : null;
    if (word !== null) made.take(REMEMBERING, word);
  }
  return made;
}

const mayWriteFor = (state: State): number => live(state).endsInMs(bootOf(state.step));

function* next(state: State): Iterable<State> {
  const { moves, step, asked, underWay, tookOverAt } = state;
  const then = (move: Move, change: Partial<State>): State => ({
    ...{ ...state, ...change },
    moves: [...moves, move],
  });
  if (step < STEPS) yield then({ kind: 'wait' }, { step: step + 1 });
  if (asked !== step) yield then({ kind: 'ask' }, { asked: step });
  const answer = asked === null ? null : wordOf(asked, tookOverAt !== null);
  const isNew = asked !== null && !underWay.includes(asked) && underWay.length < UNDER_WAY_MAX;
  if (answer !== null && isNew) yield then({ kind: 'answer' }, { underWay: [...underWay, asked] });
  for (const of of underWay) {
    yield then({ kind: 'arrive', of }, { underWay: underWay.filter((other) => other !== of) });
  }
  if (tookOverAt === null) yield then({ kind: 'take-over' }, { tookOverAt: step });
}

tether('tether: a deposed writer is silent before its time is over, in every state', () => {
  let longest = 0;
  const states = visitAll<State>({
    start: { moves: [], step: 0, asked: null, underWay: [], tookOverAt: null },
    keyOf: (state) => {
      const { step, asked, underWay, tookOverAt } = state;
      return `${step} ${asked} ${[...underWay].sort()} ${tookOverAt} ${mayWriteFor(state)}`;
    },
    next,
    check: (state) => {
      if (state.tookOverAt === null || mayWriteFor(state) === 0) return;
      const speaks = state.step - state.tookOverAt;
      longest = Math.max(longest, speaks);
      assert.ok(speaks < WRITER_FOR_STEPS, `it speaks ${speaks} steps after it was deposed`);
    },
  });
  assert.is(longest, WRITER_FOR_STEPS - 1, 'the bound is reached');
  console.log(`took: ${states} states`);
  assert.ok(states > 1_000);
});

tether.run();
