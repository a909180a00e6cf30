/**
 * What may befall a virtual coalition: the faults of the simulator that reach real libp2p, by the
 * names and amounts that scenario files give them (`sim/faults/`).
 *
 * A cut is a cable's: TCP says everything again until it is mended. Disks are left to the simulator
 * and the fleet.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { HOUR_MS } from '../../core/time.ts';
import { FLOOD_COPIES } from '../../sim/adversary.ts';
import { bundleDraft } from '../../sim/founding.ts';
import type { Happening } from '../../sim/happening.ts';
import type { MachineClock } from '../../sim/machine-clock.ts';
import type { Path } from './path.ts';
import type { VirtualCoalition } from './virtual-coalition.ts';

/** Makes it happen; returns how it ends. */
type Begin = (coalition: VirtualCoalition, happening: Happening) => () => void;

const PERMANENT = (): void => undefined;

/** Every fault that is known here. */
export const VIRTUAL_FAULTS: ReadonlyMap<string, Begin> = new Map<string, Begin>([
  ['partition', (coalition, { on }) => cutting(pathsAcross(coalition, on))],
  ['isolation', (coalition, { on }) => cutting(pathsAt(coalition, on))],
  ['flapping', flap],
  ['contact-windows', openWindows],
  ['delay', (coalition, { on, amount }) => changing(coalition, on, 'latencyMs', amount)],
  ['loss', (coalition, { on, amount }) => changing(coalition, on, 'lossPpm', amount)],
  [
    'clock-jump',
    onClocks(
      (clock, t, byMs) => clock.jump(t, byMs),
      (clock, t) => clock.correct(t),
    ),
  ],
  [
    'frozen-clock',
    onClocks(
      (clock, t) => clock.freeze(t),
      (clock, t) => clock.correct(t),
    ),
  ],
  [
    'rtc-reset',
    onClocks(
      (clock, t) => clock.resetRtc(t),
      (clock, t) => clock.correct(t),
    ),
  ],
  ['power-cut', cutPower],
  ['process-end', endProcess],
  ['flooding', flood],
  ['publishing', publishing],
  ['withdrawing', withdrawing],
  ['courier', carry],
]);

/** Every path between a machine that is named and one that is not. */
function pathsAcross(coalition: VirtualCoalition, on: readonly string[]): readonly Path[] {
  const named = hostsOf(coalition, on);
  return coalition.net.paths.filter(({ hosts: [a, b] }) => named.has(a) !== named.has(b));
}

/** Every path that touches a machine that is named. */
function pathsAt(coalition: VirtualCoalition, on: readonly string[]): readonly Path[] {
  const named = hostsOf(coalition, on);
  return coalition.net.paths.filter(({ hosts }) => hosts.some((host) => named.has(host)));
}

function hostsOf(coalition: VirtualCoalition, on: readonly string[]): ReadonlySet<string> {
  return new Set(on.map((name) => coalition.machine(name).host));
}

function cutting(paths: readonly Path[]): () => void {
  for (const path of paths) path.cuts += 1;
  return () => {
    for (const path of paths) path.cuts -= 1;
  };
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
    mend = PERMANENT;
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

function onClocks(
  spoil: (clock: MachineClock, t: number, amount: number) => void,
  mend: (clock: MachineClock, t: number) => void,
): Begin {
  return (coalition, { on, amount }) => {
    const clocks = on.map((name) => coalition.machine(name).clock);
    for (const clock of clocks) spoil(clock, coalition.time.now, amount);
    return () => {
      for (const clock of clocks) mend(clock, coalition.time.now);
    };
  };
}

/** Nobody is told; the host is gone from the net until power is back. */
function cutPower(coalition: VirtualCoalition, { on }: Happening): () => void {
  const machines = on.map((name) => coalition.machine(name));
  const mend = cutting(pathsAt(coalition, on));
  for (const machine of machines) void machine.fail('power');
  return () => {
    mend();
    for (const machine of machines) void machine.boot();
  };
}

function endProcess(coalition: VirtualCoalition, { on }: Happening): () => void {
  const machines = on.map((name) => coalition.machine(name));
  for (const machine of machines) void machine.fail('process');
  return () => {
    for (const machine of machines) void machine.startProcess();
  };
}

/** Says everything a dozen times more. */
function flood(coalition: VirtualCoalition, { on }: Happening): () => void {
  const machines = on.map((name) => coalition.machine(name));
  for (const machine of machines) machine.copies += FLOOD_COPIES;
  return () => {
    for (const machine of machines) machine.copies -= FLOOD_COPIES;
  };
}

function publishing(coalition: VirtualCoalition, { on, amount }: Happening): () => void {
  const body = { group: 'default', entries: [amount] };
  const drafts = [{ type: 'entries', name: 'entries/default', body } as const];
  for (const name of on) {
    coalition.machine(name).request({ kind: 'publish', drafts, withdrawal: false });
  }
  return PERMANENT;
}

function withdrawing(coalition: VirtualCoalition, { on, amount }: Happening): () => void {
  const drafts = [bundleDraft(amount)];
  for (const name of on) {
    coalition.machine(name).request({ kind: 'publish', drafts, withdrawal: true });
  }
  return PERMANENT;
}

/** The first machine's files of all domains are carried to the second. */
function carry(coalition: VirtualCoalition, { on: [from = '', to = ''] }: Happening): () => void {
  const machine = coalition.machine(from);
  for (const { domain } of coalition.views(machine)) {
    const file = machine.node?.exportBundle(domain) ?? '';
    if (file !== '') coalition.machine(to).request({ kind: 'import', file: toUtf8(file) });
  }
  return PERMANENT;
}
