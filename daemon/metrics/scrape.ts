/**
 * The metrics of a running daemon: counts what is audited from now on, and answers scrapes where
 * the configuration says.
 */

import type { AuditLog } from '../audit/audit-log.ts';
import type { Status } from '../control/views.ts';
import type { Driver } from '../driver.ts';
import { type NodeHealth, readNodeHealth } from '../host/node-health.ts';
import type { RefusalAudit } from '../refusal-audit.ts';
import { type Ends, familiesOf } from './families.ts';
import { type MetricsPlace, type MetricsServer, openMetricsServer } from './server.ts';

export interface MetricsOptions {
  /** Null where nobody scrapes. */
  readonly place: MetricsPlace | null;
  /** Folder of the state: the disk that matters. */
  readonly statePath: string;
  readonly status: () => Status;
  readonly ends: () => Ends;
  readonly audit: AuditLog;
  readonly refusals: RefusalAudit;
  readonly driver: Driver;
}

/** Opens the metrics; null where none are configured. Refuses as `openMetricsServer` does. */
export async function openMetrics(options: MetricsOptions): Promise<MetricsServer | null> {
  const { place, statePath, status, ends, audit, refusals, driver } = options;
  if (place === null) return null;
  const events = new Map<string, number>();
  const silence = audit.onEntry(({ event }) => events.set(event, (events.get(event) ?? 0) + 1));
  const server = await openMetricsServer({
    place,
    families: async () => {
      const health: NodeHealth = await readNodeHealth(statePath);
      const held = { status: status(), ends: ends() };
      const counted = { refusals: refusals.totals, events, queued: driver.queued };
      return familiesOf({ ...held, ...counted, health });
    },
  });
  return {
    place: server.place,
    close: () => {
      silence();
      return server.close();
    },
  };
}
