/**
 * What people decide at the real window, with real daemons behind it: each act after what it does
 * was shown, and a word was typed. Timeout: 300 s.
 */

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../../core/refusal.ts';
import { SCREEN_MIN } from '../../tui/screen.ts';
import { bootOf, bootsText } from '../daemon/drafted-boots.ts';
import { auditOf, fileBeside, type, withDaemons } from '../daemon/live.ts';
import { relate } from '../daemon-process.ts';
import { ALARM, openFakeDaemon, STATUS } from '../fakes/fake-daemon.ts';
import { temporaryFolder } from '../folder.ts';
import { skip } from '../skip.ts';
import { picture } from './pictures.ts';
import { WIDE } from './states.ts';
import { hasTmux, withTerminal } from './tmux.ts';

const decisions = suite('tui/decisions');

/** Declares a test that needs tmux, or says that it did not run. */
function onTerminal(name: string, body: () => Promise<void>): void {
  if (hasTmux()) decisions(name, body);
  else skip(`tui/decisions › ${name}`, 'tmux is not installed');
}

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

decisions.run();
