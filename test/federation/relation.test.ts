/** Relations over a life: made, ended, made again, and several at once (PROTOCOL §2.4, §5.6). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8, toUtf8 } from '../../core/bytes.ts';
import { canonicalText } from '../../core/canonical.ts';
import { Refusal } from '../../core/refusal.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { unixMs } from '../../core/time.ts';
import { decodeBlocks, encodeBlock } from '../../federation/armour.ts';
import type { Assurance } from '../../federation/assurance.ts';
import type { Effect } from '../../federation/effect.ts';
import { policyBody } from '../../federation/policy.ts';
import { decodeTick, STOP_INDEX, TICK_BYTES } from '../../federation/tick.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';

const relations = suite('federation/relation');

function world(...names: readonly string[]): { world: Coalition; machines: Machine[] } {
  const coalition = new Coalition();
  const machines = names.map((name) => coalition.add({ name }));
  coalition.advance(500);
  return { world: coalition, machines };
}

/** How a request ended, as text. */
function answerOf(machine: Machine, request: number): string {
  const answer = machine.replies.get(request);
  if (answer === undefined) return 'none';
  return answer instanceof Refusal ? answer.code : 'done';
}

/** A beacon waits for its random bytes, so the next one will carry all that comes meanwhile. */
function waitForBytes(machine: Machine): void {
  machine.drawsLate = true;
  machine.publish([]);
}

/** The bytes arrive, for this beacon and the next. */
function bytesArrive(machine: Machine): void {
  machine.draw();
  machine.drawsLate = false;
  machine.draw();
}

const isStop = (effect: Effect): boolean =>
  effect.kind === 'gossip' &&
  effect.message.length === TICK_BYTES &&
  decodeTick(effect.message).index === STOP_INDEX;

const fileOf = (machine: Machine): string => machine.node.exportBundle(machine.domain);

relations('are acknowledged once a stored beacon carries them', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  const request = blue.relate(fileOf(red));
  coalition.advance(1_000);
  assert.is(answerOf(blue, request), 'done');
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
  assert.ok(blue.node.policy.relations.has(red.domain));
});

relations('with oneself, with a partner, and the end of none are refused', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  assert.is(answerOf(blue, blue.relate(fileOf(blue))), 'relation-self');
  assert.is(answerOf(blue, blue.unrelate(red.domain)), 'relation-unknown');
  waitForBytes(blue);
  blue.relate(fileOf(red));
  assert.is(answerOf(blue, blue.relate(fileOf(red))), 'relation-exists');
  bytesArrive(blue);
  coalition.advance(1_000);
  assert.is(answerOf(blue, blue.relate(fileOf(red))), 'relation-exists');
});

relations('made at one moment are all kept', () => {
  const { world: coalition, machines } = world('blue', 'red', 'green');
  const [blue, red, green] = machines as [Machine, Machine, Machine];
  waitForBytes(blue);
  const requests = [blue.relate(fileOf(red)), blue.relate(fileOf(green))];
  bytesArrive(blue);
  coalition.advance(2_000);
  for (const request of requests) assert.is(answerOf(blue, request), 'done');
  assert.equal([...blue.node.policy.relations.keys()], [green.domain, red.domain]);
});

relations('ended and made at one moment leave the one made', () => {
  const { world: coalition, machines } = world('blue', 'red', 'green');
  const [blue, red, green] = machines as [Machine, Machine, Machine];
  blue.relate(fileOf(red));
  coalition.advance(1_000);
  waitForBytes(blue);
  blue.unrelate(red.domain);
  blue.relate(fileOf(green));
  bytesArrive(blue);
  coalition.advance(2_000);
  assert.equal([...blue.node.policy.relations.keys()], [green.domain]);
});

relations('that end take the bundle along, and later words of the partner are refused', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  coalition.befriend(blue, red);
  coalition.link(blue, red);
  coalition.advance(1_000);
  blue.unrelate(red.domain);
  coalition.advance(1_000);
  assert.throws(() => blue.view(red.domain));
  refuses('domain-unrelated', () => blue.node.exportBundle(red.domain));
  const request = blue.importFile(fileOf(red));
  const answer = blue.replies.get(request);
  assert.ok(answer !== undefined && !(answer instanceof Refusal));
  const codes = answer.imported.map(({ outcome }) =>
    outcome instanceof Refusal ? outcome.code : outcome,
  );
  assert.ok(codes.every((code) => code === 'domain-unrelated' || code === 'tick-unknown-beacon'));
});

relations('are narrowed at once, widened by an amendment alone, and withdrawn for good', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  coalition.befriend(blue, red);
  const terms = () => blue.node.policy.relations.get(red.domain);
  const stops = () => blue.effects.filter(isStop).length;
  const before = stops();
  const narrowed = blue.narrow(red.domain, { scope: ['/web'], minAssurance: 'tpm' });
  coalition.advance(1_000);
  assert.is(answerOf(blue, narrowed), 'done');
  assert.equal([terms()?.scope, terms()?.minAssurance], [['/web'], 'tpm']);
  assert.is(stops(), before + 1, 'what takes something away stops the beacon before');

  const wider = { scope: ['/ci', '/web'] };
  assert.is(answerOf(blue, blue.narrow(red.domain, wider)), 'relation-wider');
  waitForBytes(blue);
  const widened = blue.amend(red.domain, wider);
  assert.is(answerOf(blue, blue.amend(red.domain, wider)), 'relation-awaited');
  bytesArrive(blue);
  coalition.advance(1_000);
  assert.is(answerOf(blue, widened), 'done');
  assert.equal(terms()?.scope, wider.scope);
  assert.is(stops(), before + 1, 'and what only adds takes nothing back');

  waitForBytes(blue);
  blue.unrelate(red.domain);
  const late = blue.narrow(red.domain, { scope: [] });
  bytesArrive(blue);
  coalition.advance(2_000);
  assert.is(answerOf(blue, late), 'done');
  assert.is(terms(), undefined, 'whoever withdraws has the last word');
  assert.is(answerOf(blue, blue.narrow(red.domain, {})), 'relation-unknown');
});

relations('that end by their date leave nothing of the partner any worth', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  coalition.befriend(blue, red);
  coalition.link(blue, red);
  coalition.advance(1_000);
  const lease = { domain: red.domain, assurance: 'software' } as const;
  blue.node.checkPeering(blue.now, lease);
  blue.narrow(red.domain, { notAfter: unixMs(coalition.nowMs + 5_000) });
  coalition.advance(4_000);
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
  coalition.advance(1_500);
  assert.is(blue.view(red.domain).standing.tier, 'EXPIRED');
  refuses('relation-over', () => blue.node.checkPeering(blue.now, lease));
  const fell = blue.effects.find(
    (effect) => effect.kind === 'audit' && effect.fields.to === 'EXPIRED',
  );
  assert.ok(fell, 'at its date, not when somebody next looks');
  blue.amend(red.domain, { notAfter: null });
  coalition.advance(1_500);
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
});

relations('grant links by themselves, to machines that are known well enough', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  blue.relate(fileOf(red), { scope: [], minAssurance: 'vtpm' });
  coalition.advance(1_000);
  const linking = (assurance: Assurance) => () =>
    blue.node.checkPeering(blue.now, { domain: red.domain, assurance });
  linking('vtpm')();
  refuses('relation-assurance', linking('software'));
  blue.narrow(red.domain, { peering: false });
  coalition.advance(1_000);
  refuses('peer-unadmitted', linking('measured-boot'));
});

relations('reach the members of the domain narrower or not at all', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  coalition.befriend(blue, red);
  const deck = coalition.add({ name: 'deck', memberOf: 'blue' });
  deck.takeGrant(blue);
  coalition.link(blue, deck);
  coalition.advance(2_000);
  const scope = () => deck.node.policy.relations.get(red.domain)?.scope;
  assert.equal(scope(), ['/']);
  blue.narrow(red.domain, { scope: ['/web'] });
  coalition.advance(1_500);
  assert.equal(scope(), ['/web']);
  blue.unrelate(red.domain);
  coalition.advance(1_500);
  assert.is(scope(), undefined);
});

relations('of a policy that says more than we can read leave the policy that we have', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  coalition.befriend(blue, red);
  const rules = { language: 'cedar', text: 'permit (principal, action, resource);' };
  const body = policyBody({ ...blue.node.policy, relations: new Map(), others: { rules } });
  const request = blue.publish([
    { type: 'policy', name: 'policy', body: { ...body, must: ['rules'] } },
  ]);
  coalition.advance(2_000);
  assert.is(answerOf(blue, request), 'document-must');
  assert.ok(blue.node.policy.relations.has(red.domain));
  // Where it may be passed over it is, and whoever changes the rest keeps it.
  blue.publish([{ type: 'policy', name: 'policy', body }]);
  coalition.advance(1_500);
  blue.relate(fileOf(red));
  coalition.advance(1_500);
  assert.is(canonicalText(blue.node.policy.others), canonicalText({ rules }));
});

relations('made again keep the marks of before', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  const old = fileOf(red);
  coalition.befriend(blue, red);
  coalition.link(blue, red);
  red.publish([{ type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: 5 } }]);
  coalition.advance(2_000);
  const { epoch, tick } = blue.view(red.domain);
  assert.ok(epoch > 1n);
  blue.unrelate(red.domain);
  coalition.advance(1_000);
  coalition.cut(blue, red);
  blue.relate(old);
  coalition.advance(1_000);
  assert.is(blue.view(red.domain).epoch, epoch);
  assert.ok(blue.view(red.domain).tick >= tick);
  blue.restart();
  assert.is(blue.view(red.domain).epoch, epoch);
});

relations('with another first Root under a former name are a conflict for people', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  coalition.befriend(blue, red);
  blue.unrelate(red.domain);
  coalition.advance(1_000);
  const impostor = new Coalition(coalition.nowMs - 3_600_000).add({ name: 'red' });
  assert.is(answerOf(blue, blue.relate(fileOf(impostor))), 'root-conflict');
});

relations('that a policy pins to another first Root no longer speak for what was held', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  coalition.befriend(blue, red);
  const relation = blue.node.policy.relations.get(red.domain);
  assert.ok(relation !== undefined);
  const other = { ...relation, firstRoot: blue.view().firstRoot };
  const policy = { ...blue.node.policy, relations: new Map([[red.domain, other]]) };
  blue.publish([{ type: 'policy', name: 'policy', body: policyBody(policy) }]);
  coalition.advance(1_000);
  assert.throws(() => blue.view(red.domain));
  refuses('domain-unrelated', () => blue.node.exportBundle(red.domain));
});

relations('are one way, and never pass on', () => {
  const { world: coalition, machines } = world('blue', 'red', 'green');
  const [blue, red, green] = machines as [Machine, Machine, Machine];
  coalition.befriend(blue, red);
  coalition.befriend(red, green);
  coalition.link(blue, red);
  coalition.link(red, green);
  coalition.advance(2_000);
  assert.throws(() => blue.view(green.domain));
  assert.throws(() => green.view(blue.domain));
});

relations('to a file that is damaged anywhere are related to nothing', () => {
  const { world: coalition, machines } = world('blue', 'red');
  const [blue, red] = machines as [Machine, Machine];
  const blocks = decodeBlocks(toUtf8(fileOf(red)));
  const join = (parts: typeof blocks): string =>
    parts.map((block) => encodeBlock(block.label, block.bytes)).join('');
  assert.is(answerOf(blue, blue.relate(join(blocks.slice(1)))), 'root-unknown');
  const bundle = blocks.at(-1);
  assert.ok(bundle !== undefined);
  const bent = { ...bundle, bytes: bundle.bytes.slice() };
  bent.bytes[60] = (bent.bytes[60] ?? 0) ^ 1;
  const damaged = join([...blocks.slice(0, -1), bent]);
  assert.is(answerOf(blue, blue.relate(damaged)), 'signature-invalid');
  coalition.advance(1_000);
  assert.is(blue.node.policy.relations.size, 0);
  assert.throws(() => blue.view(parseTrustDomain('red.example')));
  assert.ok(fromUtf8(toUtf8(damaged)).length > 0);
});

relations('can be ended by an authority alone', () => {
  const { machines } = world('blue');
  const [blue] = machines as [Machine];
  assert.is(answerOf(blue, blue.unrelate(parseTrustDomain('red.example'))), 'relation-unknown');
});

relations.run();
