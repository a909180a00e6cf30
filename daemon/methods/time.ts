/** The control method of time: what this machine goes by, and what a person says it is (§4.4). */

import { Refusal } from '../../core/refusal.ts';
import type { Instant } from '../../core/time.ts';
import type { TimeView } from '../../federation/time-desk.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { TimeStatus } from '../control/views.ts';
import type { Driver } from '../driver.ts';
import { formatRfc3339, parseRfc3339 } from '../text/rfc3339.ts';

export interface TimeMethodOptions {
  readonly driver: Driver;
  readonly audit: AuditLog;
  readonly time: () => TimeView;
}

export function timeMethods({
  driver,
  audit,
  time,
}: TimeMethodOptions): Pick<ControlMethods, 'time.show' | 'time.tell'> {
  const status = (): TimeStatus => timeStatus(time(), driver.now());
  return {
    'time.show': async () => status(),
    'time.tell': async ({ at }, caller) => {
      const told = at === undefined ? null : (parseRfc3339(at) ?? refuseTime(at));
      await driver.request({ kind: 'time', time: told });
      await audit.append('time.told', { said: at ?? 'the clock is right', ...whose(caller) });
      return status();
    },
  };
}

/** What is known of the date, for whoever shows it. */
export function timeStatus({ isKnown, basis, doubts, clock }: TimeView, read: Instant): TimeStatus {
  return {
    known: isKnown,
    basis,
    doubts: [...doubts],
    clock: formatRfc3339(clock),
    wall: formatRfc3339(read.wall),
  };
}

function refuseTime(at: string): never {
  throw new Refusal('control-params', { member: 'at', expected: '2026-11-21T05:50:58Z', got: at });
}
