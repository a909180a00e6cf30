/** A preview says what an import would do, and does nothing of it (PROTOCOL §6.8). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import { Coalition, INITIAL, type Machine } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';

const previews = suite('federation/preview');

/** Blue knows red of a while ago; red has published since. */
function apart() {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const red = world.add({ name: 'red' });
  world.advance(500);
  world.befriend(blue, red);
  red.publish(INITIAL.slice(0, 1));
  world.advance(3_000);
  return { world, blue, red, file: toUtf8(red.node.exportBundle(red.domain)) };
}

const codesOf = (machine: Machine, file: Uint8Array): readonly string[] =>
  machine.node
    .preview(machine.now, file)
    .outcomes.map(({ outcome }) => (outcome instanceof Refusal ? outcome.code : outcome));

function imported(machine: Machine, file: Uint8Array): readonly string[] {
  machine.input({ kind: 'import', request: 77, file });
  const answer = machine.replies.get(77);
  if (answer === undefined || answer instanceof Refusal) throw new Error('not imported');
  return answer.imported.map(({ outcome }) =>
    outcome instanceof Refusal ? outcome.code : outcome,
  );
}

previews('say from what to what each domain would go, and change nothing', () => {
  const { blue, red, file } = apart();
  const before = blue.view(red.domain);
  const effects = blue.effects.length;
  const { changes } = blue.node.preview(blue.now, file);
  assert.equal(
    changes.map(({ domain }) => domain),
    [red.domain],
  );
  const [change] = changes;
  assert.ok(change);
  assert.is(change.from.epoch, before.epoch);
  assert.is(change.to.epoch, red.view().epoch);
  assert.ok(change.to.tick > 0);
  assert.ok(
    (change.to.documents.get('bundle') ?? 0n) > (change.from.documents.get('bundle') ?? 0n),
  );
  assert.equal(blue.view(red.domain).beacon, before.beacon);
  assert.is(blue.effects.length, effects);
});

previews('foresee the outcome of each document', () => {
  const { blue, file } = apart();
  const foreseen = codesOf(blue, file);
  assert.equal(imported(blue, file), foreseen);
  assert.equal(imported(blue, file), codesOf(blue, file), 'the second time too');
  assert.equal(codesOf(blue, file).includes('admitted'), false);
});

previews('of another coalition hold nothing for us', () => {
  const { blue } = apart();
  const green = new Coalition().add({ name: 'green' });
  const file = toUtf8(green.node.exportBundle(green.domain));
  assert.equal(blue.node.preview(blue.now, file).changes, []);
  assert.ok(codesOf(blue, file).every((code) => code === 'domain-unrelated'));
});

previews('of what is no file are refused', () => {
  const { blue, file } = apart();
  refuses('truncated', () => blue.node.preview(blue.now, file.subarray(0, 500)));
});

previews.run();
