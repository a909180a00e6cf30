/**
 * Whatever changes anything over the control socket leaves a line in the audit log: who asked for
 * it, from where, and under which role. One table names the line of every method, so that a new
 * method does not compile before it is in it, and the walk does each act at real daemons.
 *
 * Timeout: 300 s
 */

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toBase64Url } from '../../../core/bytes.ts';
import { LEAST_ROLES } from '../../../daemon/control/caller.ts';
import type { Method, ParamsOf, ResultOf } from '../../../daemon/control/calls.ts';
import type { RelationTermsView, Status } from '../../../daemon/control/views.ts';
import { courierRandomBytes, newCourier } from '../../../federation/courier.ts';
import { decodeRecipient } from '../../../federation/recipient.ts';
import { DaemonProcess } from '../../daemon-process.ts';
import { ROOT } from '../../root.ts';
import { bootOf, bootsText } from '../drafted-boots.ts';
import { auditOf, BRISK, controlling, eventually, type } from '../live.ts';

const acts = suite('daemon/audit/acts');

/** The event that each method leaves; null for one that changes nothing. */
const EVENTS: Readonly<Record<Method, string | null>> = {
  status: null,
  whoami: null,
  subscribe: null,
  'entry.list': null,
  'entry.show': null,
  'entry.history': null,
  'authority.show': null,
  'revoke.list': null,
  'references.show': null,
  'time.show': null,
  'enroll.list': null,
  'bundle.show': null,
  'bundle.export': null,
  'federation.list': null,
  'relation.proposals': null,
  'ceremony.list': null,
  'ceremony.file': null,
  'workload.list': null,
  'audit.tail': null,
  'audit.verify': null,
  'attestation.show': null, // the chip quotes, and nothing is kept
  'courier.preview': null, // what an import would change
  'key.list': null,
  'backup.part': null, // a piece of what `backup.begin` sealed
  'entry.create': 'entry.created',
  'entry.update': 'entry.updated',
  'entry.apply': 'entry.created',
  'entry.delete': 'entry.deleted',
  'authority.confirm': 'authority.confirmed',
  'authority.prepare': 'authority.prepared',
  'authority.activate': 'authority.activated',
  'authority.taint': 'authority.tainted',
  'authority.revoke': 'authority.revoked',
  revoke: 'revoked',
  'revoke.propose': 'revocation.proposed',
  'root.key': 'key.made',
  'references.approve': 'references.approved',
  'references.offer': 'references.offered',
  'references.withdraw': 'references.withdrawn',
  'key.copy': 'key.copied',
  'key.move': 'key.moved',
  'backup.begin': 'state.backed-up',
  'time.tell': 'time.told',
  'enroll.request': 'enrolment.begun',
  'enroll.challenge': 'enrolment.requested',
  'enroll.answer': 'enrolment.answered',
  'enroll.grant': 'enrolment.granted',
  'enroll.join': 'enrolment.begun',
  'enroll.install': 'enrolment.installed',
  'enroll.approve': 'enrolment.approved',
  'enroll.refuse': 'enrolment.refused',
  'ceremony.offer': 'ceremony.offered',
  'ceremony.approve': 'enrolment.approved',
  'ceremony.refuse': 'ceremony.refused',
  'bundle.import': 'file.imported',
  'courier.recipient': 'courier.introduced',
  'courier.part': 'courier.written',
  'courier.open': 'courier.opened',
  'federation.add': 'relation.added',
  'federation.add-spiffe': 'partner.added',
  'federation.refresh': 'partner.refreshed',
  'federation.remove': 'partner.removed',
  'relation.propose': 'relation.asked',
  'relation.answer': 'relation.changed',
  'relation.accept': 'relation.changed',
  'relation.narrow': 'relation.narrowed',
  'relation.withdraw': 'relation.removed',
  'alarm.clear': 'alarm.cleared',
};

/** Methods that more than lookers may call, though they change nothing: each says why above. */
const HARMLESS: ReadonlySet<string> = new Set([
  'attestation.show',
  'courier.preview',
  'key.list',
  'backup.part',
]);

const BLUE = 'blue.example';
const RED = 'red.example';
const TERMS: RelationTermsView = {
  ...{ scope: ['/'], limits: null, survivalForeign: false, peering: true, serveBundle: true },
  minAssurance: 'software',
  budgetMib: 32,
  notAfter: '',
};

/** Does acts at daemons, and looks for the line of each. */
class Walk {
  readonly done = new Set<Method>();

  async act<M extends Method>(
    daemon: DaemonProcess,
    method: M,
    params: ParamsOf<M>,
  ): Promise<ResultOf<M>> {
    const before = auditOf(daemon).length;
    const result = await controlling(daemon, (control) => control.call(method, params));
    const line = auditOf(daemon)
      .slice(before)
      .find(({ event, fields }) => event === EVENTS[method] && fields.who !== undefined);
    assert.ok(line, `${method} left no line ${EVENTS[method]} that says whose it was`);
    const { role, from, uid } = line.fields;
    assert.equal([role, from, uid], ['admin', 'socket', process.getuid?.()], method);
    this.done.add(method);
    return result;
  }
}

const statusOf = (daemon: DaemonProcess): Promise<Status> =>
  controlling(daemon, (control) => control.call('status', {}));

const bundleOf = async (daemon: DaemonProcess, format: 'holdfast' | 'spiffe'): Promise<string> =>
  (await controlling(daemon, (control) => control.call('bundle.export', { format }))).text;

async function entries(walk: Walk, blue: DaemonProcess): Promise<void> {
  const entry = { spiffeId: `spiffe://${BLUE}/web`, selectors: ['unix:uid:7'] };
  const { id } = await walk.act(blue, 'entry.create', entry);
  await walk.act(blue, 'entry.update', { id, hint: 'web' });
  await walk.act(blue, 'entry.delete', { id });
  await walk.act(blue, 'entry.apply', { entries: [entry], others: 'keep', act: 'publish' });
}

async function authorities(walk: Walk, blue: DaemonProcess): Promise<void> {
  await walk.act(blue, 'authority.confirm', {});
  const { authorities: held } = await controlling(blue, (c) => c.call('authority.show', {}));
  const old = held.find(({ use, keyType }) => use === 'x509' && keyType === 'ec-p256')?.id ?? '';
  const next = await walk.act(blue, 'authority.prepare', { use: 'x509', keyType: 'ec-p256' });
  await walk.act(blue, 'authority.activate', { id: next.id });
  await walk.act(blue, 'authority.taint', { id: old });
  await walk.act(blue, 'authority.revoke', { id: old });
}

async function keysAndBoots(walk: Walk, blue: DaemonProcess): Promise<void> {
  await walk.act(blue, 'root.key', { role: 'beacon' });
  await walk.act(blue, 'key.copy', { name: 'root', folder: blue.folder });
  await walk.act(blue, 'key.move', { name: 'revocation-1', folder: blue.folder });
  await walk.act(blue, 'time.tell', {});
  const [salt, key] = [randomBytes(16), randomBytes(32)].map(toBase64Url);
  await walk.act(blue, 'backup.begin', { salt: salt ?? '', key: key ?? '' });
  const text = bootsText(bootOf('edge 12', '07'));
  await walk.act(blue, 'references.offer', { text, generation: '0' });
  await walk.act(blue, 'references.approve', { text, generation: '0' });
  await walk.act(blue, 'references.withdraw', { name: 'edge 12' });
}

async function revocations(walk: Walk, blue: DaemonProcess): Promise<void> {
  const gone = { kind: 'identity', target: `spiffe://${BLUE}/gone`, reason: 'a test' } as const;
  const { text } = await walk.act(blue, 'revoke.propose', gone);
  const { ceremony } = await walk.act(blue, 'ceremony.offer', { text });
  await walk.act(blue, 'ceremony.refuse', { id: ceremony.id, reason: 'a test' });
  await walk.act(blue, 'revoke', gone);
}

async function enrolment(walk: Walk, blue: DaemonProcess, box: DaemonProcess): Promise<void> {
  const { fingerprint, listen } = await statusOf(blue);
  const ask = async (group: string) => {
    const request = await walk.act(box, 'enroll.request', { group, kind: 'slices' });
    return walk.act(blue, 'enroll.challenge', { text: request.text });
  };
  await walk.act(blue, 'enroll.refuse', { node: (await ask('one')).node });
  await walk.act(blue, 'ceremony.approve', { id: (await ask('two')).node });
  const { text, node } = await ask('gate');
  const answer = await walk.act(box, 'enroll.answer', { text, fingerprint });
  await walk.act(blue, 'enroll.approve', { node });
  const grant = await walk.act(blue, 'enroll.grant', { text: answer.text });
  await walk.act(box, 'enroll.install', { text: grant.text });
  await courier(walk, blue, box);
  const [address = ''] = listen;
  await walk.act(box, 'enroll.join', { group: 'gate', kind: 'slices', address, fingerprint });
}

async function courier(walk: Walk, blue: DaemonProcess, box: DaemonProcess): Promise<void> {
  const { text: recipient } = await walk.act(box, 'courier.recipient', {});
  await walk.act(blue, 'courier.part', { recipients: [recipient] });
  const { node, key } = decodeRecipient(recipient);
  const { header } = newCourier([{ node, key }], randomBytes(courierRandomBytes(1)));
  await walk.act(box, 'courier.open', { header: toBase64Url(header) });
}

async function partners(walk: Walk, blue: DaemonProcess, red: DaemonProcess): Promise<void> {
  const url = (await statusOf(red)).bundleEndpoint;
  const endpointId = `spiffe://${RED}/bundle-endpoint`;
  const known = { bundle: await bundleOf(red, 'spiffe'), endpointId };
  await walk.act(blue, 'federation.add-spiffe', {
    ...{ domain: RED, url, profile: 'https_spiffe', ...known },
  });
  await walk.act(blue, 'federation.refresh', { domain: RED });
  await walk.act(blue, 'federation.remove', { domain: RED });

  const text = await bundleOf(red, 'holdfast');
  await walk.act(blue, 'federation.add', { text, peers: [] });
  const peers = (await statusOf(blue)).listen;
  await walk.act(red, 'federation.add', { text: await bundleOf(blue, 'holdfast'), peers });
  await eventually('a link', async () => (await statusOf(red)).peers[0]);
  await walk.act(blue, 'bundle.import', { text });
  const asks = { to: BLUE, asks: TERMS, addresses: [], send: true };
  await walk.act(red, 'relation.propose', asks);
  await walk.act(blue, 'relation.answer', { domain: RED, terms: TERMS, peers: [] });
  await walk.act(blue, 'relation.accept', { text, terms: TERMS, peers: [] });
  const terms = { ...TERMS, scope: ['/web'] };
  await walk.act(blue, 'relation.narrow', { domain: RED, terms });
  await walk.act(blue, 'relation.withdraw', { domain: RED });
}

/** A restored state raises an alarm, which somebody has to see to. */
async function alarms(walk: Walk, blue: DaemonProcess): Promise<void> {
  const [passphrase, file] = [`${blue.folder}/passphrase`, `${blue.folder}/blue.backup`];
  writeFileSync(passphrase, 'a long night on watch\n', { mode: 0o600 });
  const given = ['--passphrase-file', passphrase];
  assert.is((await type(blue, 'backup', file, ...given)).code, 0);
  await blue.kill('SIGTERM');
  const restored = new DaemonProcess(BLUE, BRISK);
  try {
    const state = `${restored.folder}/state`;
    const { code, err } = await type(restored, 'restore', file, '--state', state, ...given);
    assert.is(code, 0, err);
    await restored.start();
    const alarm = await eventually('an alarm', async () => (await statusOf(restored)).alarms[0]);
    await walk.act(restored, 'alarm.clear', { id: alarm.id });
  } finally {
    await restored.remove();
  }
}

acts('that change anything leave a line: who, from where, under which role', async () => {
  const endpoint = '[bundle_endpoint]\nlisten = "/ip4/127.0.0.1/tcp/0"\n';
  const [blue, red] = [new DaemonProcess(BLUE, BRISK), new DaemonProcess(RED, BRISK + endpoint)];
  const box = new DaemonProcess(BLUE, `${BRISK}[node]\nrole = "member"\n`);
  const walk = new Walk();
  try {
    await Promise.all([blue, red, box].map((daemon) => daemon.start()));
    await entries(walk, blue);
    await authorities(walk, blue);
    await keysAndBoots(walk, blue);
    await revocations(walk, blue);
    await enrolment(walk, blue, box);
    await partners(walk, blue, red);
    await alarms(walk, blue);
  } finally {
    await Promise.all([blue, red, box].map((daemon) => daemon.remove()));
  }
  const unseen = Object.entries(EVENTS).filter(
    ([method, event]) => event !== null && !walk.done.has(method as Method),
  );
  assert.equal(unseen, []);
});

acts('that change nothing are those of lookers, and few others', () => {
  const quiet = Object.entries(EVENTS).filter(([, event]) => event === null);
  const powerful = quiet.filter(([method]) => {
    const least = LEAST_ROLES[method as Method];
    return (least === 'operator' || least === 'admin') && !HARMLESS.has(method);
  });
  assert.equal(powerful, []);
});

acts('are told by OPERATIONS, each by its event', () => {
  const told = readFileSync(join(ROOT, 'docs/OPERATIONS.md'), 'utf8');
  const events = Object.values(EVENTS).filter((event) => event !== null);
  assert.equal(
    events.filter((event) => !told.includes(`\`${event}\``)),
    [],
  );
});

acts.run();
