/** `tui.bytes`: what the window writes to its terminal in a minute in which nothing is amiss. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SCREEN_MIN } from '../../tui/screen.ts';
import { DaemonProcess, relate } from '../daemon-process.ts';
import { Terminal } from '../tui/tmux.ts';
import type { Bench } from './bench.ts';

const SETTLE_MS = 5_000;
const QUIET_MS = 60_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const bench: Bench = {
  name: 'tui.bytes',
  unit: 'B',
  async measure() {
    const [blue, red] = [new DaemonProcess('blue.example'), new DaemonProcess('red.example')];
    let terminal: Terminal | undefined;
    try {
      await Promise.all([blue.start(), red.start()]);
      await relate(blue, red);
      terminal = new Terminal(blue.folder, blue.controlSocket, SCREEN_MIN);
      await terminal.shows(/● live/);
      await pause(SETTLE_MS);
      const copy = join(blue.folder, 'written');
      terminal.copyTo(copy);
      await pause(QUIET_MS);
      return { value: statSync(copy).size };
    } finally {
      terminal?.close();
      await Promise.all([blue.remove(), red.remove()]);
    }
  },
};
