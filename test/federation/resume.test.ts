/** The start of an authority: what it asks of others before it signs anything (PROTOCOL §2.6). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RESUME_ASK_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { addMs, HOUR_MS } from '../../core/time.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { withStandby } from './takeover-rig.ts';

const resume = suite('federation/resume');

/** An authority, a member of its domain and a partner, linked in a star. */
function star() {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const red = world.add({ name: 'red' });
  world.advance(500);
  world.befriend(blue, red);
  const box = world.add({ name: 'box', memberOf: 'blue' });
  assert.not.instance(box.takeGrant(blue), Refusal);
  world.link(blue, red);
  world.link(blue, box);
  world.advance(2_000);
  return { world, blue, red, box };
}

/** The same, once the authority was cut off from both and booted anew; the epoch it was at. */
function rebootedAlone() {
  const { world, blue, red, box } = star();
  const { epoch } = blue.view();
  for (const other of [red, box]) world.cut(blue, other);
  blue.reboot();
  blue.tell();
  return { world, blue, red, epoch };
}

/** Publishes a bundle and entries that bear this number. */
function publish(world: Coalition, blue: Machine, number: number): void {
  blue.publish([
    { type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: number } },
    { type: 'entries', name: 'entries/default', body: { group: 'default', entries: [number] } },
  ]);
  world.advance(1_000);
}

/** The numbers that a machine holds of blue: of the bundle, of the entries. */
function numbersAt(machine: Machine, blue: Machine): readonly unknown[] {
  const { documents } = machine.view(blue.domain);
  const entries = documents.get('entries/default')?.members.value('entries');
  return [documents.get('bundle')?.members.value('spiffe_refresh_hint'), entries];
}

/** Cut off from all, the disk is put back to what `backup` holds. */
function putBack(world: Coalition, blue: Machine, backup: ReadonlyMap<string, Uint8Array>): void {
  for (const other of world.machines.values()) if (other !== blue) world.cut(blue, other);
  blue.records.clear();
  for (const [key, value] of backup) blue.records.set(key, value);
  blue.restart();
}

const codeOf = (machine: Machine, request: number): string => {
  const reply = machine.replies.get(request);
  return reply instanceof Refusal ? reply.code : 'done';
};

resume('takes back from a node of the domain all that was published after a backup', () => {
  const { world, blue, red, box } = star();
  const backup = new Map(blue.records);
  publish(world, blue, 7);
  const before = box.view().epoch;
  putBack(world, blue, backup);
  world.advance(1_000);
  assert.ok(blue.view().epoch < before, 'it signs nothing before it was told');
  assert.is(codeOf(blue, blue.publish([])), 'authority-resuming');
  world.link(blue, box);
  world.link(blue, red);
  world.advance(2_000);
  for (const machine of [blue, box]) assert.equal(numbersAt(machine, blue), [7, [7]]);
  assert.is(numbersAt(red, blue)[0], 7);
  assert.ok(box.view().epoch > before);
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
  assert.ok(
    blue.audit.some(({ event, fields }) => event === 'authority.resumed' && fields.by === 'peer'),
  );
  assert.is(codeOf(blue, blue.publish([])), 'done');
});

resume('takes back from a partner what partners read', () => {
  const { world, blue, red } = star();
  const backup = new Map(blue.records);
  publish(world, blue, 7);
  putBack(world, blue, backup);
  world.link(blue, red);
  world.advance(2_000);
  assert.is(numbersAt(blue, blue)[0], 7);
  assert.is(numbersAt(red, blue)[0], 7);
  assert.is(red.view(blue.domain).epoch, blue.view().epoch);
});

resume('asks so long, and goes on alone in the boot it ran in', () => {
  const { world, blue, red, box } = star();
  const { epoch } = blue.view();
  for (const other of [red, box]) world.cut(blue, other);
  blue.restart();
  world.advance(RESUME_ASK_MS - 1);
  assert.is(blue.view().epoch, epoch);
  world.advance(2_000);
  assert.ok(blue.view().epoch > epoch);
  assert.equal(blue.alarms, []);
});

resume('waits for a person where nobody answers after another boot', () => {
  const { world, blue, epoch } = rebootedAlone();
  world.advance(60_000);
  assert.is(blue.view().epoch, epoch);
  const [alarm] = blue.alarms;
  assert.ok(alarm?.kind === 'alarm' && alarm.code === 'own-documents-unconfirmed');
  assert.is(blue.alarms.length, 1, 'said once');
  assert.is(codeOf(blue, blue.publish([])), 'authority-resuming');
  blue.confirm();
  world.advance(1_000);
  assert.ok(blue.view().epoch > epoch);
});

resume('needs no person where somebody answers after another boot', () => {
  const { world, blue, red, epoch } = rebootedAlone();
  world.link(blue, red);
  world.advance(2_000);
  assert.ok(blue.view().epoch > epoch);
  assert.equal(blue.alarms, []);
});

resume('is told by the recovery lane too, where it lacks nothing', () => {
  const { world, blue, red, epoch } = rebootedAlone();
  world.meet(blue, red);
  world.advance(2_000);
  assert.ok(blue.view().epoch > epoch);
});

resume('asks nobody where a counter proves the disk', () => {
  const { world, blue, red, box } = star();
  const { epoch } = blue.view();
  for (const other of [red, box]) world.cut(blue, other);
  blue.continuity = 'proven';
  blue.restart();
  world.advance(1_000);
  assert.ok(blue.view().epoch > epoch);
});

resume('leaves a standby that nobody answers at rest once the time to ask is over', () => {
  const { coalition, blue, red, standby } = withStandby();
  for (const other of [blue, red]) coalition.cut(standby, other);
  standby.reboot();
  coalition.advance(RESUME_ASK_MS + 1_000);
  standby.input({ kind: 'wake' });
  assert.ok(standby.wakeAt > standby.bootNowMs + 1, 'it wakes for something');
});

resume('revokes at once: what takes away waits for nothing', () => {
  const { world, blue, red, box } = star();
  for (const other of [red, box]) world.cut(blue, other);
  blue.restart();
  const notAfter = addMs(blue.now.wall, HOUR_MS);
  const request = blue.revoke({ class: 'leaf', target: '0a', notAfter });
  assert.is(codeOf(blue, request), 'done');
});

resume.run();
