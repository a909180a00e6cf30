/** The bundle file, carried by anybody: honest, damaged, mixed and forged (PROTOCOL §6.5). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { DAY_MS } from '../../core/time.ts';
import { type Block, decodeBlocks, encodeBlock } from '../../federation/armour.ts';
import { newBelief } from '../../federation/belief.ts';
import {
  decodeBundleFile,
  decodeFileItem,
  encodeBundleFile,
} from '../../federation/bundle-file.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { Climber, settled } from './climber.ts';
import { CONTENTS, DOMAIN, forgeBeacon, forgeContents, forgeRoot } from './forge.ts';

const files = suite('federation/bundle-file');

const blocksOf = (file: string): readonly Block[] => decodeBlocks(toUtf8(file));
const labels = (file: string): readonly string[] => blocksOf(file).map(({ label }) => label);
const join = (blocks: readonly Block[]): string =>
  blocks.map(({ label, bytes }) => encodeBlock(label, bytes)).join('');

files('hold Roots, beacon, tick, manifest and bundle, in the order of their ladder', () => {
  const node = settled().wait(3_000);
  node.take(forgeRoot({ version: 2 }), forgeBeacon().tick(2));
  const file = encodeBundleFile(node.belief);
  assert.equal(labels(file), ['root', 'root', 'beacon', 'tick', 'manifest', 'bundle']);
  const reader = new Climber().wait(3_000);
  for (const block of decodeBundleFile(toUtf8(file))) reader.take(block.bytes);
  assert.is(reader.belief.asOf, node.belief.asOf);
  assert.not.ok(file.includes('ENTRIES'));
});

files('hold the stop in place of a tick, and no contents that are not current', () => {
  const node = settled().take(forgeBeacon().stop);
  assert.ok(labels(encodeBundleFile(node.belief)).includes('tick'));
  const { manifest } = forgeContents(2);
  node.take(forgeBeacon({ epoch: 2, manifest }).bytes);
  assert.equal(labels(encodeBundleFile(node.belief)), ['root', 'beacon']);
});

files('of a domain without a Root are none', () => {
  const bare = newBelief(DOMAIN, decodeEnvelope(forgeRoot()).digest);
  refuses('root-unknown', () => encodeBundleFile(bare));
  refuses('truncated', () => decodeBundleFile(new Uint8Array()));
});

files('say on each block what is in it', () => {
  const item = decodeFileItem({ label: 'bundle', bytes: CONTENTS.bundle });
  assert.is(item.kind, 'envelope');
  assert.is(decodeFileItem({ label: 'tick', bytes: forgeBeacon().tick(1) }).kind, 'tick');
  refuses('document-type', () => decodeFileItem({ label: 'root', bytes: CONTENTS.bundle }));
  refuses('truncated', () => decodeFileItem({ label: 'tick', bytes: new Uint8Array(42) }));
});

/** Two partners that are not linked, and the file of the second as it stands later. */
function apart(): { blue: Machine; red: Machine; file: string } {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const red = world.add({ name: 'red' });
  world.advance(500);
  world.befriend(blue, red);
  red.publish([{ type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: 8 } }]);
  world.advance(3_000);
  return { blue, red, file: red.node.exportBundle(red.domain) };
}

/** What importing came to: an outcome for each block, or the code that refused the file. */
function importing(machine: Machine, file: string): readonly string[] | string {
  const answer = machine.replies.get(machine.importFile(file));
  if (answer === undefined || answer instanceof Refusal) return answer?.code ?? 'none';
  return answer.imported.map(({ outcome }) =>
    outcome instanceof Refusal ? outcome.code : outcome,
  );
}

files('bring the news of a partner, and nothing the second time', () => {
  const { blue, red, file } = apart();
  const outcomes = importing(blue, file);
  assert.equal(outcomes, ['document-held', 'admitted', 'admitted', 'admitted', 'admitted']);
  assert.is(blue.view(red.domain).epoch, red.view().epoch);
  assert.ok(Array.isArray(importing(blue, file)));
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
});

files('with one bad document spoil no other', () => {
  const { blue, red, file } = apart();
  const blocks = blocksOf(file).map((block) =>
    block.label === 'tick' ? { ...block, bytes: block.bytes.slice().fill(0, 11) } : block,
  );
  const outcomes = importing(blue, join(blocks));
  assert.ok(outcomes.includes('tick-wrong'));
  assert.is(blue.view(red.domain).epoch, red.view().epoch);
  assert.ok(blue.view(red.domain).isComplete);
});

files('of any other order are admitted as far as they can be', () => {
  const { blue, red, file } = apart();
  const outcomes = importing(blue, join([...blocksOf(file)].reverse()));
  assert.ok(outcomes.includes('manifest-mismatch') && outcomes.includes('document-not-pinned'));
  importing(blue, file);
  assert.ok(blue.view(red.domain).isComplete);
});

files('of a stranger are refused document by document', () => {
  const { blue } = apart();
  const green = new Coalition().add({ name: 'green' });
  const outcomes = importing(blue, green.node.exportBundle(green.domain));
  assert.ok(Array.isArray(outcomes) && outcomes.every((code) => code === 'domain-unrelated'));
});

files('with a duplicate member, or in another spelling, are refused', () => {
  const { blue, file } = apart();
  const [root] = blocksOf(file);
  assert.ok(root !== undefined);
  const { type, slots, payload } = decodeEnvelope(root.bytes);
  assert.is(type, 'root');
  const twice = toUtf8(`{"domain":"red.example",${new TextDecoder().decode(payload).slice(1)}`);
  const head = root.bytes.length - payload.length - 4;
  const bytes = new Uint8Array(head + 4 + twice.length);
  bytes.set(root.bytes.subarray(0, head));
  new DataView(bytes.buffer).setUint32(head, twice.length);
  bytes.set(twice, head + 4);
  assert.equal(importing(blue, encodeBlock('root', bytes)), ['json-duplicate-key']);
  assert.ok(slots.length === 1);
});

files('larger than the cap are refused before they are read', () => {
  const { blue } = apart();
  assert.is(importing(blue, '\n'.repeat(BUNDLE_FILE_BYTES_MAX + 1)), 'too-large');
});

files('cut anywhere change nothing that the whole would not', () => {
  const { blue, red, file } = apart();
  const step = Math.ceil(file.length / 60);
  for (let length = 0; length < file.length; length += step) {
    const outcome = importing(blue, file.slice(0, length));
    if (typeof outcome === 'string') assert.is(outcome, 'truncated', `${length}`);
  }
  assert.equal(blue.alarms, []);
  assert.equal(blue.banned, []);
  importing(blue, file);
  assert.is(blue.view(red.domain).beacon, red.view().beacon);
});

/** Everybody's clock, and time that passes while nobody looks. */
function sleep(world: Coalition, ms: number): void {
  for (const machine of world.machines.values()) {
    machine.wallMs += ms;
    machine.bootNowMs += ms;
  }
  world.nowMs += ms;
  world.advance(2_000);
}

files('replayed a year later are no news, and make nobody any younger', () => {
  const world = new Coalition();
  const [blue, red] = [world.add({ name: 'blue' }), world.add({ name: 'red' })];
  world.advance(500);
  world.befriend(blue, red);
  const old = red.node.exportBundle(red.domain);
  const outcomes = (file: string): readonly string[] => {
    const answer = blue.replies.get(blue.importFile(file));
    assert.ok(answer !== undefined && !(answer instanceof Refusal));
    return answer.imported.map(({ outcome }) =>
      outcome instanceof Refusal ? outcome.code : outcome,
    );
  };
  outcomes(old);
  sleep(world, 365 * DAY_MS);
  // Nothing newer came meanwhile: all of it is held already, and counts as what it is, a year old.
  assert.equal([...new Set(outcomes(old))], ['document-held']);
  assert.is(blue.view(red.domain).standing.tier, 'EXPIRED');
  assert.ok((blue.view(red.domain).standing.ageMs ?? 0) > 364 * DAY_MS);

  outcomes(red.node.exportBundle(red.domain));
  const { epoch } = blue.view(red.domain);
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
  const late = new Set(outcomes(old));
  assert.ok(late.has('epoch-rolled-back') && !late.has('admitted'), [...late].join(' '));
  assert.is(blue.view(red.domain).epoch, epoch);
});

files('of a first contact that are a year old make a partner whose word is worth nothing', () => {
  const world = new Coalition();
  const [blue, red] = [world.add({ name: 'blue' }), world.add({ name: 'red' })];
  world.advance(1_000);
  const old = red.node.exportBundle(red.domain);
  sleep(world, 365 * DAY_MS);
  blue.relate(old);
  world.advance(1_000);
  assert.is(blue.view(red.domain).standing.tier, 'EXPIRED');
  blue.importFile(red.node.exportBundle(red.domain));
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
});

files.run();
