/** What befalls the machines of a virtual coalition: their power, their disks, their clocks. */

import type { Happening } from '../../sim/happening.ts';
import type { MachineClock } from '../../sim/machine-clock.ts';
import { cutting, pathsAt } from './path-faults.ts';
import type { VirtualCoalition } from './virtual-coalition.ts';
import { type Begin, LASTING, machinesOf, onEach, type VirtualFault } from './virtual-fault.ts';
import type { VirtualMachine } from './virtual-machine.ts';

/** Sets the clock to true time, and lets it run. */
const RIGHT = (clock: MachineClock, t: number): void => clock.correct(t);

export const MACHINE_FAULTS: readonly VirtualFault[] = [
  ['power-cut', cutPower],
  ['process-end', endProcess],
  ['reboot-loop', rebootAgainAndAgain],
  [
    'boundary-crash',
    onEach((machine, { amount }) => {
      machine.armed = amount;
      return LASTING;
    }),
  ],
  ['full-disk', onEach(fillDisk)],
  ['slow-disk', onEach(slowDisk)],
  ['restored-backup', onEach(restoreDisk)],
  ['restored-authority', onEach(restoreDisk)],
  ['clock-jump', onClocks((clock, t, byMs) => clock.jump(t, byMs))],
  ['clock-skew', onClocks((clock, t, byMs) => clock.jump(t, byMs))],
  [
    'clock-drift',
    onClocks(
      (clock, t, ppm) => clock.drift(t, ppm),
      (clock, t) => {
        clock.drift(t, 0);
        clock.correct(t);
      },
    ),
  ],
  ['frozen-clock', onClocks((clock, t) => clock.freeze(t))],
  ['rtc-reset', resetRtc],
];

function onClocks(
  spoil: (clock: MachineClock, t: number, amount: number) => void,
  mend: (clock: MachineClock, t: number) => void = RIGHT,
): Begin {
  return onEach(({ clock }, { amount }, { time }) => {
    spoil(clock, time.now, amount);
    return () => mend(clock, time.now);
  });
}

/** The real-time clock lost its battery: the machine boots in the year 2000. */
function resetRtc(coalition: VirtualCoalition, happening: Happening): () => void {
  const machines = machinesOf(coalition, happening);
  for (const machine of machines) {
    void machine.fail('power');
    machine.clock.resetRtc(coalition.time.now);
    void machine.boot();
  }
  return () => {
    for (const { clock } of machines) clock.correct(coalition.time.now);
  };
}

/** Nobody is told; the host is gone from the net until power is back. */
function cutPower(coalition: VirtualCoalition, happening: Happening): () => void {
  const machines = machinesOf(coalition, happening);
  const mend = cutting(pathsAt(coalition, happening.on));
  for (const machine of machines) void machine.fail('power');
  return () => {
    mend();
    for (const machine of machines) void machine.boot();
  };
}

function endProcess(coalition: VirtualCoalition, happening: Happening): () => void {
  const machines = machinesOf(coalition, happening);
  for (const machine of machines) void machine.fail('process');
  return () => {
    for (const machine of machines) void machine.startProcess();
  };
}

/** Power comes and goes every `amount` milliseconds. */
function rebootAgainAndAgain(coalition: VirtualCoalition, happening: Happening): () => void {
  const machines = machinesOf(coalition, happening);
  let isOver = false;
  const loop = (): void => {
    if (isOver) return;
    for (const machine of machines) {
      void machine.fail('power');
      void machine.boot();
    }
    coalition.time.after(happening.amount, loop);
  };
  loop();
  return () => {
    isOver = true;
  };
}

function fillDisk({ disk }: VirtualMachine): () => void {
  disk.full = true;
  return () => {
    disk.full = false;
  };
}

/** A write takes `amount` milliseconds on average. */
function slowDisk({ disk }: VirtualMachine, { amount }: Happening): () => void {
  disk.latencyMs = amount;
  return () => {
    disk.latencyMs = 0;
  };
}

/** The disk is copied, and put back when the time is over. */
function restoreDisk(machine: VirtualMachine): () => void {
  machine.disk.backUp();
  return () => {
    void machine.fail('power');
    machine.disk.restoreBackup();
    void machine.boot();
  };
}
