/**
 * The real window on a real terminal, with real daemons behind it; what people decide at it is in
 * decisions.test.ts. Timeout: 240 s.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SCREEN_MIN } from '../../tui/screen.ts';
import { controlling, eventually, type, withDaemons } from '../daemon/live.ts';
import { relate } from '../daemon-process.ts';
import { linesOf } from '../docs/walk.ts';
import { temporaryFolder } from '../folder.ts';
import { ROOT } from '../root.ts';
import { skip } from '../skip.ts';
import { picture } from './pictures.ts';
import { WIDE } from './states.ts';
import { hasTmux, withTerminal } from './tmux.ts';

const window = suite('tui/window');

/** Declares a test that needs tmux, or says that it did not run. */
function onTerminal(name: string, body: () => Promise<void>): void {
  if (hasTmux()) window(name, body);
  else skip(`tui/window › ${name}`, 'tmux is not installed');
}

onTerminal('shows each view of a live daemon at both sizes, and ends with q', () => {
  const told = linesOf('OPERATIONS: Watch it live').map(({ text }) => text);
  assert.equal(told, ['holdfast tui'], 'what the page tells is what is driven here');
  return withDaemons(['blue.example'], async (blue) => {
    const hint = '\u001b[2J\u001b]0;mine\u0007';
    await controlling(blue, (control) =>
      control.call('entry.create', {
        spiffeId: 'spiffe://blue.example/web',
        selectors: ['unix:uid:1000'],
        hint,
      }),
    );
    await withTerminal({ socket: blue.controlSocket }, async (terminal) => {
      for (const size of [SCREEN_MIN, WIDE]) {
        terminal.resize(size);
        terminal.type('1');
        await terminal.shows(/\[1 Overview\][\s\S]*blue\.example {2}FRESH[\s\S]*● live/);
        terminal.type('2');
        await terminal.shows(/\[2 Domains\][\s\S]*›blue\.example +FRESH[\s\S]*epoch \d/);
        terminal.type('3');
        await terminal.shows(/\[3 Peers\][\s\S]*no peer is linked/);
        terminal.type('4');
        await terminal.shows(
          /\[4 Workloads\][\s\S]*›\/web[\s\S]*\\u\{1b\}\[2J\\u\{1b\}\]0;mine\\u\{7\}/,
        );
        terminal.type('5');
        await terminal.shows(/\[5 (?:Boot|Attestation)\][\s\S]*›this boot +not measured/);
        terminal.type('6');
        await terminal.shows(/\[6 Audit\][\s\S]*entry\.created[\s\S]*verified: \d+ entries/);
        terminal.type('7');
        await terminal.shows(/\[7 Ceremonies\][\s\S]*nothing waits for anybody/);
        terminal.type('8');
        await terminal.shows(/\[8 Alarms\][\s\S]*no alarm/);
        terminal.type('?');
        await terminal.shows(/Help: every key[\s\S]*PgUp/);
      }
      terminal.type('q');
      await terminal.shows(/exit code 0/);
    });
  });
});

onTerminal('verifies the audit log as it grows, and says where it is broken', () =>
  withDaemons(['blue.example'], async (blue) => {
    await withTerminal({ socket: blue.controlSocket }, async (terminal) => {
      terminal.type('6');
      await terminal.shows(/verified: \d+ entries/);
      const count = (): number =>
        Number.parseInt(/verified: (\d+) entries/.exec(terminal.screen())?.[1] ?? '0', 10);
      const before = count();
      await controlling(blue, (control) =>
        control.call('entry.create', {
          spiffeId: 'spiffe://blue.example/web',
          selectors: ['unix:uid:1000'],
          hint: 'a\u001b[2Jb',
        }),
      );
      await terminal.shows(/entry\.created/);
      await eventually('the proof goes on', () => count() > before || undefined);
      const path = join(blue.folder, 'state/audit.jsonl');
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.replace('entry.created', 'entry.deleted'));
      terminal.type('v');
      await terminal.shows(/log +BROKEN: audit-broken[\s\S]*AUDIT LOG BROKEN, see 6/);
    });
  }),
);

onTerminal('sees a link cut and healed', () =>
  withDaemons(['blue.example', 'red.example'], async (blue, red) => {
    await relate(blue, red);
    await withTerminal({ socket: blue.controlSocket }, async (terminal) => {
      terminal.type('2', 'Down');
      await terminal.shows(/›red\.example +FRESH[\s\S]*heard +under 2 min ago/);
      picture('domains', terminal);
      terminal.type('3');
      await terminal.shows(/›red\.example/);
      await red.kill('SIGKILL');
      await terminal.shows(/no peer is linked/);
      await red.start();
      await terminal.shows(/›red\.example/, 60_000);
    });
  }),
);

onTerminal('shows the past while the daemon is gone, and the present once it is back', () =>
  withDaemons(['blue.example'], (blue) =>
    withTerminal({ socket: blue.controlSocket }, async (terminal) => {
      await terminal.shows(/● live/);
      await blue.kill('SIGTERM');
      await terminal.shows(/○ PAST as of \d\d:\d\d:\d\d UTC/);
      assert.match(terminal.screen(), /blue\.example {2}FRESH/);
      await blue.start();
      await terminal.shows(/● live/);
    }),
  ),
);

onTerminal('finds its lines again after any resize, and says where it is too small', () =>
  withDaemons(['blue.example'], (blue) =>
    withTerminal({ socket: blue.controlSocket }, async (terminal) => {
      await terminal.shows(/● live/);
      terminal.resize({ columns: 20, rows: 5 });
      await terminal.shows(/needs a\s+terminal of 80 x 24/);
      terminal.resize(SCREEN_MIN);
      const screen = await terminal.shows(/\[1 Overview\][\s\S]*● live[^\n]*\n 1-8 view/);
      assert.is(screen.match(/● live/g)?.length, 1);
    }),
  ),
);

onTerminal('writes no character beyond ASCII with --ascii', () =>
  withDaemons(['blue.example'], (blue) =>
    withTerminal({ socket: blue.controlSocket, line: ['--ascii'] }, async (terminal) => {
      assert.match(await terminal.shows(/\* live/), /^[ -~\n]*$/);
    }),
  ),
);

onTerminal('does not start on a terminal that is too small', async () => {
  const size = { columns: 76, rows: 24 };
  await withTerminal({ socket: '/nowhere', size }, async (terminal) => {
    await terminal.shows(/needs a terminal of 80 x 24, this one has 76\s+x 24[\s\S]*exit code 1/);
  });
  const tiny = { columns: 20, rows: 5 };
  await withTerminal({ socket: '/nowhere', size: tiny }, async (terminal) => {
    await terminal.shows(/exit code 1/);
  });
});

onTerminal('says so where no daemon is, and leaves the terminal as it was', async () => {
  await using folder = await temporaryFolder();
  const socket = folder.file('control.sock');
  assert.not.ok(existsSync(socket));
  await withTerminal({ socket }, async (terminal) => {
    await terminal.shows(/holdfast: daemon-unreachable: no daemon answers at [\s\S]*exit code 1/);
  });
});

/** Runs `holdfast tui` without a terminal; asks it to end once it wrote what `until` matches. */
async function typeInProcess(
  socket: string,
  options: readonly string[],
  until?: RegExp,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/holdfast.mjs'), 'tui', ...options], {
    env: { ...process.env, HOLDFAST_CONTROL_SOCKET: socket },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (until?.test(out) && !child.killed) child.kill('SIGTERM');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = await ended;
  return { code, out, err };
}

window('is no help without a terminal, and says what is', () =>
  withDaemons(['blue.example'], async (blue) => {
    // In a process of its own: the command replaces the one it runs in.
    const { code, err } = await typeInProcess(blue.controlSocket, []);
    assert.is(code, 1);
    assert.match(
      err,
      /needs a terminal for its keys and its screen\n {2}mend: holdfast tui --plain/,
    );
  }),
);

window('says each change in a line with --plain', () =>
  withDaemons(['blue.example'], async (blue) => {
    const heard = typeInProcess(blue.controlSocket, ['--plain'], /entry\.created/);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await type(
      blue,
      ...['entry', 'create', '--spiffe-id', 'spiffe://blue.example/web'],
      ...['--selector', 'unix:uid:1', '--hint', 'a\u001b[2Jb'],
    );
    const { code, out } = await heard;
    assert.is(code, 0);
    assert.match(out, /^\d\d:\d\d:\d\d connected: blue\.example, version /);
    assert.match(out, / domain blue\.example: FRESH, /);
    assert.match(out, / audit \d+: entry\.created, spiffeId spiffe:\/\/blue\.example\/web, /);
    assert.not.match(out, /\u001b/);
  }),
);

window.run();
