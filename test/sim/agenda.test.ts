/** The agenda keeps the one order of (time, sequence), however far ahead an event lies. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Agenda } from '../../sim/agenda.ts';
import { Dice } from '../../sim/dice.ts';

const agenda = suite('sim/agenda');

const EVENTS = 3_000;
const FAR_MS = 400_000;

agenda('takes what was entered by its time, and what is of one time as it came', () => {
  const dice = new Dice(1, 'agenda');
  const held = new Agenda();
  const entered: { readonly at: number; readonly name: number }[] = [];
  const taken: number[] = [];
  let now = 0;
  const enter = (): void => {
    const name = entered.length;
    // Many at once, many within the wheel, some beyond it, some exactly at its end.
    const ahead = [0, dice.below(3), dice.below(60_000), 65_535, 65_536, dice.below(FAR_MS)];
    const at = now + dice.pick(ahead);
    entered.push({ at, name });
    held.enter(at, () => {
      taken.push(name);
      if (entered.length < EVENTS) enter();
      if (entered.length < EVENTS && dice.chance(300_000)) enter();
    });
  };
  for (let i = 0; i < 50; i++) enter();
  while (held.size > 0) {
    const entry = held.take(Number.MAX_SAFE_INTEGER);
    assert.ok(entry !== null && now <= entry.at);
    now = entry?.at ?? now;
    entry?.run();
  }
  const due = [...entered].sort((a, b) => a.at - b.at || a.name - b.name);
  assert.equal(
    taken,
    due.map(({ name }) => name),
  );
});

agenda('takes nothing that is due later than it is asked for', () => {
  const held = new Agenda();
  held.enter(10, () => undefined);
  held.enter(FAR_MS, () => undefined);
  assert.is(held.take(9), null);
  assert.is(held.take(10)?.at, 10);
  assert.is(held.take(FAR_MS - 1), null);
  held.enter(11, () => undefined);
  assert.is(held.take(FAR_MS)?.at, 11);
  assert.is(held.take(FAR_MS)?.at, FAR_MS);
  assert.is(held.take(FAR_MS), null);
});

agenda.run();
