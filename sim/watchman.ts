/**
 * The watchman: a person at each authority who looks at it now and then, and says what time it is
 * where the machine does not know (PROTOCOL §4.4), and that its disk is the newest (PROTOCOL §2.6).
 * He has a true watch. Where the wall clock is right enough he may as well confirm it, and the
 * faults of that clock go on to count.
 *
 * Other machines have nobody: they ask the nodes of their domain.
 */

import { type Instant, MINUTE_MS, SECOND_MS, type UnixMs, unixMs } from '../core/time.ts';
import type { FederationNode } from '../federation/node.ts';
import type { Dice } from './dice.ts';
import { type MachineClock, START_MS } from './machine-clock.ts';

/** What a watchman needs of the world. */
export interface WatchmanWorld {
  readonly now: number;
  readonly calm: boolean;
  after(delayMs: number, run: () => void): void;
  note(text: string): void;
}

/** A machine that he may look at. */
export interface Watched {
  readonly name: string;
  /** True where it has people. */
  readonly isAuthority: boolean;
  readonly power: string;
  readonly clock: MachineClock;
  readonly node: Pick<FederationNode, 'isTimeKnown' | 'isResuming'> | null;
  request(
    input: { readonly kind: 'time'; readonly time: UnixMs | null } | { readonly kind: 'confirm' },
    replied: () => void,
  ): void;
}

/** He comes within so long of a machine that does not know; sooner where all is calm. */
const VISIT_MS = 3 * MINUTE_MS;
const CALM_VISIT_MS = 10 * SECOND_MS;
/** By so much a wall clock may be off and still be called right. */
const RIGHT_MS = MINUTE_MS;
const HALF_PPM = 500_000;

/** Plans visits to the machines of a run, one at a time for each. */
export class Watchman {
  readonly #world: WatchmanWorld;
  readonly #dice: Dice;
  readonly #awaited = new Set<Watched>();

  constructor(world: WatchmanWorld, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  /** Plans a visit where a machine with people, whose clocks read `now`, does not know the time. */
  look(machine: Watched, now: Instant): void {
    if (!machine.isAuthority || this.#awaited.has(machine) || knows(machine, now)) return;
    this.#awaited.add(machine);
    const withinMs = this.#world.calm ? CALM_VISIT_MS : VISIT_MS;
    this.#world.after(1 + this.#dice.below(withinMs), () => {
      this.#awaited.delete(machine);
      const then = machine.clock.now(this.#world.now);
      if (machine.power === 'on' && !knows(machine, then)) this.#tell(machine);
    });
  }

  #tell(machine: Watched): void {
    const { now } = this.#world;
    const isRight = Math.abs(machine.clock.skewAt(now)) < RIGHT_MS;
    const confirms = isRight && this.#dice.chance(HALF_PPM);
    this.#world.note(`${machine.name} is told the time`);
    const time = confirms ? null : unixMs(START_MS + now);
    machine.request({ kind: 'time', time }, () => undefined);
    // Where nobody answers it, he says that nobody put its disk back (PROTOCOL §2.6).
    machine.request({ kind: 'confirm' }, () => undefined);
  }
}

function knows({ node }: Watched, now: Instant): boolean {
  return node === null || (node.isTimeKnown(now) && !node.isResuming(now));
}
