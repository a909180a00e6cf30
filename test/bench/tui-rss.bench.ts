/** `tui.rss`: resident memory of the window on 500 domains and 10,000 entries, scrolled through. */

import { readFileSync } from 'node:fs';
import { VIEWS } from '../../tui/view-names.ts';
import { ENTRY, openFakeDaemon } from '../fakes/fake-daemon.ts';
import { temporaryFolder } from '../folder.ts';
import { statusOf, WIDE } from '../tui/states.ts';
import { Terminal } from '../tui/tmux.ts';
import type { Bench } from './bench.ts';

const DOMAINS = 500;
const ENTRIES = 10_000;
const KIB_PER_MB = 1_000_000 / 1_024;
/** What the window is allowed, on boxes of 1 GB. */
const BUDGET_MB = 120;

const entries = Array.from({ length: ENTRIES }, (_, i) => ({
  ...ENTRY,
  id: `e-${String(i).padStart(16, '0')}`,
  spiffeId: `${ENTRY.spiffeId}/${i}`,
}));

export const bench: Bench = {
  name: 'tui.rss',
  unit: 'MB',
  async measure() {
    await using folder = await temporaryFolder();
    const socket = folder.file('control.sock');
    const daemon = await openFakeDaemon(socket, {
      status: async () => statusOf(DOMAINS),
      'entry.list': async () => ({ entries }),
    });
    const terminal = new Terminal(folder.path, socket, WIDE);
    try {
      await terminal.shows(/● live/);
      for (const i of VIEWS.keys()) {
        terminal.type(String(i + 1), ...Array.from({ length: 50 }, () => 'NPage'), 'End', 'Home');
      }
      await terminal.shows(/\[8 Alarms\]/);
      const status = readFileSync(`/proc/${terminal.processId()}/status`, 'utf8');
      const residentKib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
      return { value: residentKib / KIB_PER_MB, limit: BUDGET_MB };
    } finally {
      terminal.close();
      await daemon.close();
    }
  },
};
