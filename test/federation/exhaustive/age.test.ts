/**
 * Age, bound and ledger against whoever owns delay, power and the clock: every state of a bounded
 * world is visited. What was withdrawn is honoured no longer than the limit allows, in real time
 * where the date has to be known, else in powered time (PROTOCOL §4).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isPermitted } from '../../../federation/tier.ts';
import {
  type Clocked,
  keyOf,
  type Letter,
  LIMIT,
  START,
  step,
  type Turn,
  tierOf,
  WITHDRAWN,
} from './clocked.ts';
import { visitAll } from './visit.ts';

const age = suite('federation/exhaustive/age');

/** The first unit at which nothing may rest on what was withdrawn. */
const OVER = WITHDRAWN - 1 + LIMIT;
/** What the adversary owns, where it sets the clock, until which unit; how many states follow. */
const WORLDS: readonly World[] = [
  { power: 'no more', offsets: [], end: 9, states: 367 },
  { power: 'clock', offsets: [-8, -1, 0, 2], end: 8, states: 1279 },
  { power: 'reboot', offsets: [-8, 0], end: 7, states: 1213 },
  { power: 'off', offsets: [-8, -3, 0], end: 8, states: 1851 },
];

interface World {
  readonly power: 'no more' | 'clock' | 'reboot' | 'off';
  readonly offsets: readonly number[];
  readonly end: number;
  readonly states: number;
}

function* turnsOf({ offset }: Clocked, { power, offsets }: World): Iterable<Turn> {
  const turn = { units: 1, offset, isReboot: false, isPowered: true };
  yield turn;
  for (const there of offsets) {
    if (power === 'clock' && there !== offset) yield { ...turn, offset: there };
    if (power === 'reboot') yield { ...turn, offset: there, isReboot: true };
    if (power === 'off') yield { units: 3, offset: there, isReboot: true, isPowered: false };
  }
}

function* lettersAt(at: number, isAsking: boolean): Iterable<Letter> {
  yield { kind: 'nothing' };
  yield { kind: 'question' };
  for (let index = 1; index < Math.min(at + 1, WITHDRAWN); index++) yield { kind: 'tick', index };
  if (at >= WITHDRAWN) yield { kind: 'successor' };
  yield { kind: 'stale', at: 0 };
  yield { kind: 'stale', at };
  if (isAsking) {
    yield { kind: 'answer', heldUp: 0 };
    yield { kind: 'answer', heldUp: 1 };
  }
}

/** Visits all: how many, and how long what was withdrawn was honoured at the most. */
function explore(world: World) {
  let lastAt = 0;
  let mostPowered = 0;
  const states = visitAll<Clocked>({
    ...{ start: START, keyOf },
    *next(state) {
      for (const turn of turnsOf(state, world)) {
        const at = state.at + turn.units;
        const question = turn.isReboot ? null : state.question;
        if (at > world.end) continue;
        for (const letter of lettersAt(at, question !== null)) yield step(state, turn, letter);
      }
    },
    check(state) {
      const tier = tierOf(state);
      if (isPermitted(tier, 'DEGRADED')) lastAt = Math.max(lastAt, state.at);
      if (isPermitted(tier, 'SURVIVAL')) mostPowered = Math.max(mostPowered, state.powered);
    },
  });
  return { states, lastAt, mostPowered };
}

const visited: number[] = [];

for (const world of WORLDS) {
  age(`age: has no way past the limit for who owns the links, and ${world.power}`, () => {
    const { states, lastAt, mostPowered } = explore(world);
    visited.push(states);
    // Honoured to the very last unit, and not in the one after it.
    assert.is(lastAt, OVER - 1);
    assert.ok(mostPowered <= LIMIT, `${mostPowered} units with power`);
  });
}

// Apart, so that a mutant is killed by what it breaks and not by a count.
age('and its worlds are as large as they say', () => {
  assert.equal(
    visited,
    WORLDS.map(({ states }) => states),
  );
});

age.run();
