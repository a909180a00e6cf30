/** The real window on a real terminal, with real daemons behind it. Timeout: 300 s. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../../core/refusal.ts';
import { SCREEN_MIN } from '../../tui/screen.ts';
import { bootOf, bootsText } from '../daemon/drafted-boots.ts';
import { auditOf, controlling, eventually, fileBeside, type, withDaemons } from '../daemon/live.ts';
import { relate } from '../daemon-process.ts';
import { ALARM, openFakeDaemon, STATUS } from '../fakes/fake-daemon.ts';
import { temporaryFolder } from '../folder.ts';
import { ROOT } from '../root.ts';
import { skip } from '../skip.ts';
import { picture } from './pictures.ts';
import { WIDE } from './states.ts';
import { hasTmux, Terminal } from './tmux.ts';

const window = suite('tui/window');

/** Declares a test that needs tmux, or says that it did not run. */
function onTerminal(name: string, body: () => Promise<void>): void {
  if (hasTmux()) window(name, body);
  else skip(`tui/window › ${name}`, 'tmux is not installed');
}

async function withTerminal(
  options: {
    readonly socket: string;
    readonly line?: readonly string[];
    readonly size?: typeof WIDE;
  },
  use: (terminal: Terminal) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const terminal = new Terminal(
    folder.path,
    options.socket,
    options.size ?? SCREEN_MIN,
    options.line,
  );
  try {
    await use(terminal);
  } finally {
    terminal.close();
  }
}

onTerminal('shows each view of a live daemon at both sizes, and ends with q', () =>
  withDaemons(['blue.example'], async (blue) => {
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
  }),
);

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

onTerminal('narrows, proposes and withdraws a relation, each after what it does was read', () =>
  withDaemons(['blue.example', 'red.example'], async (blue, red) => {
    await relate(blue, red);
    await withTerminal({ socket: blue.controlSocket }, async (ours) => {
      await withTerminal({ socket: red.controlSocket, size: WIDE }, async (theirs) => {
        ours.type('2', 'Down');
        await ours.shows(/›red\.example +FRESH[\s\S]*linked by 1 node/);
        ours.type('n');
        await ours.shows(/Narrow what is honoured of red\.example[\s\S]*nothing yet/);
        ours.type('/web', 'Enter');
        await ours.shows(/identities: \/web instead of \//);
        ours.type('Enter', 'Enter', 'Enter', 'narrow', 'Enter');
        await ours.shows(/ok: narrowed: red\.example/);
        // What grants more is no narrowing, and the daemon says so.
        ours.type('n', '/', 'Enter', 'Enter', 'Enter', 'Enter', 'narrow', 'Enter');
        await ours.shows(/NOT DONE: relation-wider/);
        ours.type('p', '/db', 'Enter', 'Enter', 'Enter', 'Enter');
        await ours.shows(/It asks red\.example[\s\S]*identities: \/db/);
        ours.type('propose', 'Enter');
        await ours.shows(/ok: proposed to red\.example/);
        theirs.type('7');
        await theirs.shows(/›what blue\.example asks us to honour of it +a yes or a no/);
        theirs.type('a');
        await theirs.shows(/identities: \/db instead of \//);
        theirs.type('approve', 'Enter');
        await theirs.shows(/ok: approved/);
        ours.type('w');
        await ours.shows(/Withdraw what is honoured of red\.example/);
        ours.type('withdraw', 'Enter');
        await ours.shows(/ok: withdrawn: red\.example/);
      });
    });
    const told = auditOf(blue).map(({ event }) => event);
    assert.ok(['relation.narrowed', 'relation.asked'].every((event) => told.includes(event)));
  }),
);

onTerminal('lets two persons complete a Root, each at a window of his own', () =>
  withDaemons(['blue.example'], async (blue) => {
    const at = (name: string): string => join(blue.folder, name);
    await type(blue, 'root', 'key', 'create', at('ann'), '--no-passphrase');
    const change = ['--add-root', at('ann.pub'), '--root-threshold', '2'];
    await type(blue, 'root', 'propose', at('next'), ...change);
    await withTerminal({ socket: blue.controlSocket }, async (ann) => {
      await withTerminal({ socket: blue.controlSocket }, async (bob) => {
        for (const person of [ann, bob]) {
          person.type('7');
          await person.shows(/nothing waits/);
        }
        await type(blue, 'ceremony', 'offer', at('next'));
        await ann.shows(/›Root 2 of blue\.example +2 more signatures[\s\S]*1 waits for people/);
        // A word that is not the one signs nothing, and neither does the wrong key.
        ann.type('a');
        await ann.shows(/Sign Root 2[\s\S]*root keys that have to sign: 2 instead of 1/);
        picture('sign', ann);
        ann.type(at('ann'), 'Enter', 'Enter', 'sing', 'Enter');
        await ann.shows(/not that word: type sign to do it/);
        ann.type('BSpace', 'BSpace', 'BSpace', 'BSpace', 'sign', 'Enter');
        await ann.shows(/ok: signed/);
        await bob.shows(/›Root 2 of blue\.example +1 more signature /);
        bob.type('a');
        await bob.shows(/1 of 2 root keys of version 2/);
        bob.type(at('ann'), 'Enter', 'Enter', 'sign', 'Enter');
        await bob.shows(/NOT DONE: signer-duplicate/);
        bob.type('a', at('state/keys/root.key'), 'Enter', 'Enter', 'sign', 'Enter');
        await bob.shows(/ok: signed; complete, and published[\s\S]*/);
        for (const person of [ann, bob]) {
          await person.shows(/nothing waits/);
          person.type('1');
          await person.shows(/authority, root 2 of 2/);
        }
      });
    });
  }),
);

onTerminal('refuses what waits, with a reason, at the typed word', () =>
  withDaemons(['blue.example'], async (blue) => {
    const at = (name: string): string => join(blue.folder, name);
    await type(blue, 'root', 'propose', at('next'), '--fresh-ceiling', '5m');
    await type(blue, 'ceremony', 'offer', at('next'));
    await withTerminal({ socket: blue.controlSocket }, async (terminal) => {
      terminal.type('7');
      await terminal.shows(/›Root 2/);
      terminal.type('x');
      await terminal.shows(/Refuse Root 2[\s\S]*ceiling of FRESH/);
      terminal.type('Escape');
      await terminal.shows(/›Root 2/);
      terminal.type('x', 'not today', 'Enter', 'refuse', 'Enter');
      await terminal.shows(/nothing waits[\s\S]*ok: refused/);
    });
    const refusal = auditOf(blue).find(({ event }) => event === 'ceremony.refused');
    assert.is(refusal?.fields.reason, 'not today');
  }),
);

onTerminal('shows how a boot differs from what is approved, and has it approved or refused', () =>
  withDaemons(['blue.example'], async (blue) => {
    const draft = (name: string, octet: string): string =>
      fileBeside(blue, `${name}.json`, bootsText(bootOf(name, octet)));
    await type(blue, 'references', 'approve', draft('edge-12', '12'), '--yes');
    await withTerminal({ socket: blue.controlSocket }, async (terminal) => {
      for (const [size, name, octet] of [
        [SCREEN_MIN, 'edge-13', '13'],
        [WIDE, 'edge-14', '14'],
      ] as const) {
        terminal.resize(size);
        terminal.type('7');
        await terminal.shows(/nothing waits/);
        await type(blue, 'references', 'offer', draft(name, octet), '--yes');
        await terminal.shows(new RegExp(`›the boot "${name}" +a yes or a no`));
        terminal.type('x');
        await terminal.shows(/Refuse the boot[\s\S]*No chip opens its keys after such a boot/);
        terminal.type('Escape', 'a');
        const seen = await terminal.shows(/Approve the boot "edge-1[34]"/);
        const [was] = /(?:12){32}/.exec(seen) ?? [];
        assert.ok(was !== undefined && seen.includes(octet.repeat(32)), 'both values are shown');
        terminal.type('End', 'approve', 'Enter');
        await terminal.shows(/nothing waits[\s\S]*ok: approved/);
      }
      await type(blue, 'references', 'offer', draft('edge-15', '15'), '--yes');
      await terminal.shows(/›the boot "edge-15"/);
      terminal.type('x', 'not signed off', 'Enter', 'refuse', 'Enter');
      await terminal.shows(/nothing waits[\s\S]*ok: refused/);
    });
    const { out } = await type(blue, 'references', 'show');
    assert.match(out, /edge-12[\s\S]*edge-13[\s\S]*edge-14/);
    assert.not.match(out, /edge-15/);
  }),
);

onTerminal('clears an alarm at the typed word, for whom the role lets', async () => {
  await using folder = await temporaryFolder();
  const socket = folder.file('control.sock');
  const alarms = [ALARM];
  let isOperator = false;
  const daemon = await openFakeDaemon(socket, {
    status: async () => ({ ...STATUS, alarms: [...alarms] }),
    'alarm.clear': async ({ id }) => {
      const details = { who: 'ann', method: 'alarm.clear', needs: 'operator', has: 'observer' };
      if (!isOperator) throw new Refusal('role-insufficient', details);
      alarms.splice(0);
      return { ...ALARM, id };
    },
  });
  await withTerminal({ socket }, async (terminal) => {
    await terminal.shows(/ALARM: 1, see 8/);
    terminal.type('8', 'c');
    await terminal.shows(/Clear the alarm equivocation of blue\.example[\s\S]*mends nothing/);
    terminal.type('clear', 'Enter');
    await terminal.shows(/NOT DONE: role-insufficient/);
    isOperator = true;
    terminal.type('c', 'clear', 'Enter');
    await terminal.shows(/ok: cleared/);
    daemon.notify({ method: 'changed', params: {} });
    await terminal.shows(/no alarm: nothing that should be impossible/);
  });
  await daemon.close();
});

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
