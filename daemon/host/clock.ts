/**
 * The clocks of a real Linux machine.
 *
 * Elapsed time is CLOCK_BOOTTIME, read as `/proc/uptime`, because the monotonic clock that Node
 * offers stops while the machine is suspended, and a node that slept for a week must not believe
 * that a second has passed (PROTOCOL §4.1). The file has a resolution of 10 ms; it is
 * kept open, and read anew each time, since a cached reading is a wrong one: no other clock of the
 * runtime tells that the machine slept but the wall clock, which anybody may have set meanwhile so
 * that it does not show. Timers of the runtime stop in suspend as well, so no timer here is trusted
 * for longer than `TIMER_MS_MAX`.
 */

import { openSync, readFileSync, readSync } from 'node:fs';
import { assert } from '../../core/assert.ts';
import { fromUtf8 } from '../../core/bytes.ts';
import { type BootMs, bootMs, MINUTE_MS, type UnixMs, unixMs } from '../../core/time.ts';
import type { Clock } from '../ports.ts';

/** After a suspend, a due wake-up is late by at most this. */
const TIMER_MS_MAX = MINUTE_MS;

/**
 * How wrong the wall clock may be told: twice the steps of the uptime, so that what they make of
 * one distance between the clocks is no other distance.
 */
const WALL_ERROR_MS_MAX = 20;

const UPTIME_BYTES_MAX = 64;
const UPTIME = /^([0-9]+)\.([0-9]{2}) /;
const BOOT_ID = /^[0-9a-f-]{36}\n$/;

/** The open file; there is one boot time, so that one is enough for all clocks. */
let uptime: number | undefined;

/** Opens both clocks. The boot id is read once: it cannot change while this process lives. */
export function openClock(): Clock {
  const bootId = readProc('/proc/sys/kernel/random/boot_id');
  assert(BOOT_ID.test(bootId), 'the kernel writes its boot id as a UUID');
  const steady = steadyWall();
  return {
    bootId: bootId.trim(),
    now: () => {
      const boot = bootNow();
      return { wall: steady(unixMs(Date.now()), boot), boot };
    },
    wakeAt,
  };
}

/**
 * The wall clock as one distance from boot time, which is measured anew where it is wrong by more
 * than `WALL_ERROR_MS_MAX`. Two clocks that tick apart are a few milliseconds nearer or farther at
 * each reading; whoever compares two readings would take each for a wall clock that was set, and
 * the state machine then judges everything anew.
 */
export function steadyWall(): (wall: UnixMs, boot: BootMs) => UnixMs {
  let aheadMs = Number.NaN;
  return (wall, boot) => {
    const isSteady = Math.abs(wall - boot - aheadMs) <= WALL_ERROR_MS_MAX;
    if (!isSteady) aheadMs = wall - boot;
    return unixMs(boot + aheadMs);
  };
}

/** Re-arms until boot time has really reached `at`, whatever the runtime's timers believe. */
function wakeAt(at: BootMs, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const leftMs = at - bootNow();
    timer = setTimeout(() => (bootNow() >= at ? callback() : arm()), clamp(leftMs));
  };
  arm();
  return () => clearTimeout(timer);
}

function clamp(leftMs: number): number {
  return Math.min(TIMER_MS_MAX, Math.max(0, leftMs));
}

function bootNow(): BootMs {
  uptime ??= openSync('/proc/uptime', 'r');
  const bytes = new Uint8Array(UPTIME_BYTES_MAX);
  const length = readSync(uptime, bytes, 0, bytes.length, 0);
  const fields = UPTIME.exec(fromUtf8(bytes.subarray(0, length)));
  assert(fields !== null, 'the kernel writes its uptime as seconds with two decimals');
  const [, seconds = '', hundredths = ''] = fields;
  return bootMs(Number.parseInt(seconds, 10) * 1_000 + Number.parseInt(hundredths, 10) * 10);
}

function readProc(path: string): string {
  return fromUtf8(readFileSync(path));
}
