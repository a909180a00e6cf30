/** Roles at a real daemon, asked for by processes of other users. Needs root to become them. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Method } from '../../daemon/control/calls.ts';
import { DaemonProcess, relate } from '../daemon-process.ts';
import { ROOT } from '../root.ts';
import { skip } from '../skip.ts';
import { bootOf, bootsText } from './drafted-boots.ts';
import { auditOf, BRISK, eventually, type } from './live.ts';

const roles = suite('daemon/roles');

/** Users without a name, so that no machine has them; groups that every Linux has. */
const [WATCHER, CLERK, STRANGER] = [64_001, 64_002, 64_003];
const [ADM, TTY] = [4, 5];

const ENTRY = { spiffeId: 'spiffe://blue.example/web', selectors: ['unix:uid:7'] };

const ROLES = `
[roles]
observer = ["uid:${WATCHER}"]
auditor = ["gid:${ADM}"]
operator = ["uid:${CLERK}"]
`;

interface User {
  readonly uid: number;
  readonly groups?: readonly number[];
}

/** Loads all it needs, becomes another user, and calls. */
const CLIENT = `
import { connectControl } from ${JSON.stringify(join(ROOT, 'dist/daemon/control/client.js'))};
const [path, user, calls] = JSON.parse(process.argv[1]);
process.setgroups(user.groups ?? []);
process.setgid(user.uid);
process.setuid(user.uid);
const codeOf = (error) => ({ code: error.code, details: error.details });
const answers = [];
try {
  const daemon = await connectControl(path);
  for (const [method, params] of calls) {
    answers.push(await daemon.call(method, params).catch(codeOf));
  }
  await daemon.close();
} catch (error) {
  answers.push(codeOf(error));
}
console.log(JSON.stringify(answers));
`;

async function callAs(
  user: User,
  daemon: DaemonProcess,
  ...calls: readonly (readonly [Method, object])[]
) {
  const given = JSON.stringify([daemon.controlSocket, user, calls]);
  const child = spawn(process.execPath, ['--input-type=module', '--eval', CLIENT, given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  await once(child, 'close');
  return JSON.parse(out);
}

function test(sentence: string, config: string, body: (daemon: DaemonProcess) => Promise<void>) {
  if (process.getuid?.() !== 0) return skip(`daemon/roles › ${sentence}`, 'needs root');
  roles(sentence, async () => {
    const daemon = new DaemonProcess('blue.example', `${BRISK}${config}`);
    chmodSync(daemon.folder, 0o711); // the socket stands in it; the state is private by itself
    try {
      await daemon.start();
      await body(daemon);
    } finally {
      await daemon.remove();
    }
  });
}

test('let each user do what the configuration says, and no more', ROLES, async (daemon) => {
  assert.is(statSync(daemon.controlSocket).mode & 0o777, 0o666);
  const watcher = await callAs(
    { uid: WATCHER },
    daemon,
    ...([['whoami', {}] as const, ['entry.list', {}] as const] as const),
    ...([['audit.tail', { lines: 1 }] as const, ['entry.create', ENTRY] as const] as const),
  );
  assert.equal(watcher[0], {
    ...{ name: `uid ${WATCHER}`, uid: WATCHER, role: 'observer', from: 'socket' },
  });
  assert.equal(watcher[1], { entries: [] });
  assert.is(watcher[2].code, 'role-insufficient');
  assert.equal(watcher[3].details, {
    ...{ who: `uid ${WATCHER}`, method: 'entry.create', needs: 'operator', has: 'observer' },
  });
  const [role, tail, revoked] = await callAs(
    { uid: STRANGER, groups: [TTY, ADM] },
    daemon,
    ['whoami', {}],
    ['audit.tail', { lines: 1 }],
    ['revoke', { kind: 'identity', target: ENTRY.spiffeId, reason: '' }],
  );
  assert.is(role.role, 'auditor');
  assert.is(tail.entries.length, 1);
  assert.is(revoked.code, 'role-insufficient');
});

test('write down every act with who asked, as what, and from where', ROLES, async (daemon) => {
  const [created, key] = await callAs(
    { uid: CLERK },
    daemon,
    ['entry.create', ENTRY],
    ['root.key', { role: 'beacon' }],
  );
  assert.is(created.spiffeId, ENTRY.spiffeId);
  assert.is(key.code, 'role-insufficient');
  const { fields } = await eventually('the act', () =>
    auditOf(daemon).find(({ event }) => event === 'entry.created'),
  );
  assert.is(fields.who, `uid ${CLERK}`);
  assert.is(fields.role, 'operator');
  assert.is(fields.from, 'socket');
  const refused = await eventually('the refusal', () =>
    auditOf(daemon).find(({ fields: { code } }) => code === 'role-insufficient'),
  );
  assert.is(refused.fields.method, 'root.key');
  assert.is(refused.fields.peer, `uid ${CLERK}`);
});

test('let nobody honour a partner who may not, by way of a ceremony', ROLES, async (blue) => {
  const red = new DaemonProcess('red.example', BRISK);
  try {
    await red.start();
    await relate(blue, red);
    const { code, err } = await type(
      red,
      ...['relation', 'propose', 'blue.example', '--scope', '/web', '--send'],
    );
    assert.is(code, 0, err);
    const [{ ceremonies }] = await callAs({ uid: WATCHER }, blue, ['ceremony.list', {}]);
    const { id } = ceremonies[0];
    const [approved, refused] = await callAs(
      { uid: CLERK },
      blue,
      ['ceremony.approve', { id }],
      ['ceremony.refuse', { id, reason: 'not mine to say' }],
    );
    assert.is(approved.code, 'role-insufficient');
    assert.equal([approved.details.method, approved.details.needs], ['relation.answer', 'admin']);
    assert.is(refused.id, id, 'to drop what is asked changes nothing');
  } finally {
    await red.remove();
  }
});

test('turn away whoever has none, before anything is asked', ROLES, async (daemon) => {
  const [answer] = await callAs({ uid: STRANGER }, daemon, ['whoami', {}]);
  assert.is(answer.code, 'role-insufficient');
});

test('are needless where nobody is named: the socket is its owner’s', '', async (daemon) => {
  assert.is(statSync(daemon.controlSocket).mode & 0o777, 0o600);
  const [answer] = await callAs({ uid: STRANGER }, daemon, ['whoami', {}]);
  assert.is(answer.code, 'daemon-unreachable');
});

test(
  'are asked of the members of one group alone, where a group is named',
  `[control]\ngroup = "tty"\n${ROLES}`,
  async (daemon) => {
    const { mode, gid } = statSync(daemon.controlSocket);
    assert.equal([mode & 0o777, gid], [0o660, TTY]);
    const [outside] = await callAs({ uid: CLERK }, daemon, ['whoami', {}]);
    assert.is(outside.code, 'daemon-unreachable');
    const [inside] = await callAs({ uid: CLERK, groups: [TTY] }, daemon, ['whoami', {}]);
    assert.is(inside.role, 'operator');
  },
);

test(
  'have another person sign what one brought, where that is asked for',
  `${ROLES}second_person = true\n`,
  async (daemon) => {
    const at = (name: string): string => join(daemon.folder, name);
    const done = async (...args: readonly string[]) => {
      const { code, err } = await type(daemon, ...args);
      assert.is(code, 0, err);
    };
    await done('root', 'key', 'create', at('ann'), '--no-passphrase');
    await done('root', 'propose', at('next'), '--add-root', at('ann.pub'), '--root-threshold', '2');
    await done('ceremony', 'offer', at('next'));
    await done('root', 'sign', at('next'), '--key', at('ann'), '--yes');
    const { err } = await type(daemon, 'ceremony', 'offer', at('next'));
    assert.match(err, 'second-person');
    const text = readFileSync(at('next'), 'utf8');
    const [offered] = await callAs({ uid: CLERK }, daemon, ['ceremony.offer', { text }]);
    assert.is(offered.ceremony.broughtBy, 'uid 0');
    assert.is(offered.ceremony.signatures[1].signed.length, 1);
  },
);

const TWO_ADMINS = `
[roles]
operator = ["uid:${CLERK}"]
admin = ["uid:${WATCHER}"]
second_person = true
`;

test('have another person approve a boot', TWO_ADMINS, async (daemon) => {
  const draft = { text: bootsText(bootOf('edge 13', '13')), generation: '0' };
  const ann = { uid: WATCHER };
  const [alone, offered] = await callAs(
    ann,
    daemon,
    ['references.approve', draft],
    ['references.offer', draft],
  );
  assert.is(alone.code, 'second-person');
  assert.is(offered.broughtBy, `uid ${WATCHER}`);
  const yes = ['ceremony.approve', { id: offered.id }] as const;
  assert.is((await callAs(ann, daemon, yes))[0].code, 'second-person');
  assert.is((await callAs({ uid: CLERK }, daemon, yes))[0].code, 'role-insufficient');
  const { code, err } = await type(daemon, 'ceremony', 'approve', offered.id, '--yes');
  assert.is(code, 0, err);
  const approval = auditOf(daemon).find(({ event }) => event === 'references.approved');
  assert.is(approval?.fields.uid, 0);
});

test('change with the configuration, at the next connection', ROLES, async (daemon) => {
  daemon.configure(`${BRISK}[roles]\nadmin = ["uid:${WATCHER}"]\n`);
  daemon.process.kill('SIGHUP');
  await eventually('reloaded', () => daemon.said.find((line) => line.includes('reloaded')));
  const [now] = await callAs({ uid: WATCHER }, daemon, ['whoami', {}]);
  assert.is(now.role, 'admin');
  const [gone] = await callAs({ uid: CLERK }, daemon, ['whoami', {}]);
  assert.is(gone.code, 'role-insufficient');
});

roles('name a group that is not: the daemon does not start', async () => {
  const daemon = new DaemonProcess('blue.example', '[control]\ngroup = "no-such-group"\n');
  try {
    const { code, said } = await daemon.startInVain();
    assert.is(code, 1);
    assert.match(said, 'config-value');
    assert.match(said, 'control.group');
  } finally {
    await daemon.remove();
  }
});

roles.run();
