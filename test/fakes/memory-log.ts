/** The `Log` port in memory. */

import type { Log, LogFields } from '../../daemon/ports.ts';

export interface LoggedEvent {
  readonly event: string;
  readonly fields: LogFields;
}

export class MemoryLog implements Log {
  readonly events: LoggedEvent[] = [];

  info(event: string, fields: LogFields = {}): void {
    this.events.push({ event, fields });
  }

  warn(event: string, fields: LogFields = {}): void {
    this.events.push({ event, fields });
  }
}
