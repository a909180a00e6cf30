/**
 * What befalls the paths of a virtual coalition. A cut is a cable's: TCP says everything again
 * until it is mended.
 */

import { HOUR_MS } from '../../core/time.ts';
import type { Happening } from '../../sim/happening.ts';
import type { Path } from './path.ts';
import type { VirtualCoalition } from './virtual-coalition.ts';
import { LASTING, type VirtualFault } from './virtual-fault.ts';

export const PATH_FAULTS: readonly VirtualFault[] = [
  ['partition', (coalition, { on }) => cutting(pathsAcross(coalition, on))],
  ['isolation', (coalition, { on }) => cutting(pathsAt(coalition, on))],
  ['bridge', (coalition, { on }) => cutting(pathsPast(coalition, on))],
  ['one-way-cut', cutOneWay],
  ['flapping', flap],
  ['contact-windows', openWindows],
  ['delay', (coalition, { on, amount }) => changing(coalition, on, 'latencyMs', amount)],
  ['loss', (coalition, { on, amount }) => changing(coalition, on, 'lossPpm', amount)],
  ['clog', clog],
  ['narrow-band', (coalition, { on, amount }) => narrowing(pathsAt(coalition, on), amount)],
];

/** Every path between a machine that is named and one that is not. */
function pathsAcross(coalition: VirtualCoalition, on: readonly string[]): readonly Path[] {
  const named = hostsOf(coalition, on);
  return coalition.net.paths.filter(({ hosts: [a, b] }) => named.has(a) !== named.has(b));
}

/** Every path that touches a machine that is named. */
export function pathsAt(coalition: VirtualCoalition, on: readonly string[]): readonly Path[] {
  const named = hostsOf(coalition, on);
  return coalition.net.paths.filter(({ hosts }) => hosts.some((host) => named.has(host)));
}

/** Every path between the others that are named and the rest, past the first. */
function pathsPast(coalition: VirtualCoalition, on: readonly string[]): readonly Path[] {
  const [middle = '', ...side] = on;
  const { host } = coalition.machine(middle);
  return pathsAcross(coalition, side).filter(({ hosts }) => !hosts.includes(host));
}

function hostsOf(coalition: VirtualCoalition, on: readonly string[]): ReadonlySet<string> {
  return new Set(on.map((name) => coalition.machine(name).host));
}

/** Cuts paths, and mends them at the end. */
export function cutting(paths: readonly Path[]): () => void {
  return undoing(paths.map((path) => path.cut()));
}

function narrowing(paths: readonly Path[], bitsPerSecond: number): () => void {
  return undoing(paths.map((path) => path.narrow(bitsPerSecond)));
}

function undoing(undo: readonly (() => void)[]): () => void {
  return () => {
    for (const back of undo) back();
  };
}

/** The first machine hears the second, and is not heard by it. */
function cutOneWay(coalition: VirtualCoalition, { on }: Happening): () => void {
  const hosts = hostsOf(coalition, on);
  const [speaker = ''] = hosts;
  const between = coalition.net.paths.filter((path) => path.hosts.every((host) => hosts.has(host)));
  return undoing(between.map((path) => path.cut([speaker])));
}

function changing(
  coalition: VirtualCoalition,
  on: readonly string[],
  what: 'latencyMs' | 'lossPpm',
  by: number,
): () => void {
  const paths = pathsAt(coalition, on);
  for (const path of paths) path[what] += by;
  return () => {
    for (const path of paths) path[what] -= by;
  };
}

/** Nothing arrives for `amount` milliseconds, then all of it does. */
function clog(coalition: VirtualCoalition, { on, amount }: Happening): () => void {
  for (const path of pathsAt(coalition, on)) path.cloggedUntil = coalition.time.now + amount;
  return LASTING;
}

/** Cut and mended again and again, `amount` milliseconds each. */
function flap(coalition: VirtualCoalition, { on, amount }: Happening): () => void {
  const paths = pathsAt(coalition, on);
  let mend: (() => void) | null = null;
  let isOver = false;
  const turn = (): void => {
    if (isOver) return;
    if (mend === null) mend = cutting(paths);
    else {
      mend();
      mend = null;
    }
    coalition.time.after(amount, turn);
  };
  turn();
  return () => {
    isOver = true;
    mend?.();
  };
}

/** Cut but for `amount` milliseconds at the end of each hour. */
function openWindows(coalition: VirtualCoalition, { on, amount }: Happening): () => void {
  const paths = pathsAcross(coalition, on);
  let mend = cutting(paths);
  let isOver = false;
  const open = (): void => {
    if (isOver) return;
    mend();
    mend = LASTING;
    coalition.time.after(amount, () => {
      if (isOver) return;
      mend = cutting(paths);
      coalition.time.after(HOUR_MS - amount, open);
    });
  };
  coalition.time.after(HOUR_MS - amount, open);
  return () => {
    isOver = true;
    mend();
  };
}
