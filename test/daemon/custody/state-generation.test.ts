/**
 * Timeout: 480 s
 *
 * Generations of the state against a counter of the chip: each way in which disk and chip can fall
 * apart, and the one that is no rollback.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Writer } from '../../../core/bytes.ts';
import { GENERATION_STEP_MS } from '../../../core/limits.ts';
import { Chip } from '../../../daemon/custody/chip.ts';
import { continuityOf, StateGeneration } from '../../../daemon/custody/state-generation.ts';
import { openClock } from '../../../daemon/host/clock.ts';
import type { Write } from '../../../daemon/ports.ts';
import { RECORDS } from '../../../daemon/store/key-space.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { onSwtpm, type Swtpm } from '../../swtpm.ts';

const generations = suite('daemon/custody/state-generation');
const test = onSwtpm(generations, 'daemon/custody/state-generation');

/** One start over a store; it ends orderly, or the power goes. */
async function start(
  chip: Swtpm,
  store: MemoryStore,
  end: 'orderly' | 'power cut' = 'orderly',
): Promise<StateGeneration> {
  const address = { kind: 'swtpm', socket: { kind: 'unix', path: chip.socketPath } } as const;
  await using device = new Chip(address, openClock());
  const records = await store.load();
  const options = { chip: device, store, records, clock: new FakeClock(), log: new MemoryLog() };
  const generation = await StateGeneration.open(options);
  if (end === 'orderly') await generation.close();
  return generation;
}

/** A store of a domain, which is not new. */
function storeOf(...writes: readonly Write[]): MemoryStore {
  const store = new MemoryStore();
  const all = [{ key: RECORDS.self, value: Uint8Array.of(1) }, ...writes];
  for (const { key, value } of all) if (value !== null) store.records.set(key, value);
  return store;
}

function copyOf(store: MemoryStore): MemoryStore {
  return storeOf(...[...store.records].map(([key, value]) => ({ key, value })));
}

test('proves a new state, and its next starts, orderly or not', async (chip) => {
  const store = new MemoryStore();
  assert.is((await start(chip, store)).continuity, 'proven');
  assert.is((await start(chip, store, 'power cut')).continuity, 'proven');
  assert.is((await start(chip, store)).continuity, 'proven');
});

test('knows a copy of an older generation, and says so until new evidence could come', async (chip) => {
  const store = new MemoryStore();
  await start(chip, store);
  const older = copyOf(store);
  await start(chip, store);
  assert.is((await start(chip, older)).continuity, 'rolled-back');
  assert.is((await start(chip, older)).continuity, 'rolled-back');
});

test('takes what came out of a backup for rolled back, though its number is the newest', async (chip) => {
  const store = new MemoryStore();
  await start(chip, store);
  const restored = copyOf(store);
  restored.records.set(RECORDS.restored, Uint8Array.of(1));
  assert.is((await start(chip, restored)).continuity, 'rolled-back');
  assert.is((await start(chip, restored)).continuity, 'rolled-back');
  restored.records.delete(RECORDS.restored);
  assert.is((await start(chip, restored)).continuity, 'proven');
});

test('takes a power cut between write and count for what it is', async (chip) => {
  const store = new MemoryStore();
  const { found } = await start(chip, store);
  assert.ok(found.counter !== undefined);
  const written = store.records.get(RECORDS.generation);
  assert.ok(written);
  const ahead = new DataView(written.buffer, written.byteOffset).getBigUint64(0) + 1n;
  store.records.set(RECORDS.generation, new Writer().u64(ahead).finish());
  assert.is((await start(chip, store)).continuity, 'proven');
  assert.is((await start(chip, store)).continuity, 'proven');
});

test('trusts a state from before the chip was used as far as software does', async () => {
  assert.is(continuityOf({ stored: null, counter: null }, false), 'software');
  assert.is(continuityOf({ stored: null, counter: 7n }, false), 'rolled-back');
  assert.is(continuityOf({ stored: 9n, counter: 7n }, false), 'rolled-back');
  assert.is(continuityOf({ stored: 8n, counter: 7n }, false), 'proven');
  assert.is(continuityOf({ stored: 6n, counter: 7n }, false), 'rolled-back');
});

test('steps with time, and soon after a withdrawal, but not with each one', async (chip) => {
  const address = { kind: 'swtpm', socket: { kind: 'unix', path: chip.socketPath } } as const;
  await using device = new Chip(address, openClock());
  const [store, clock, log] = [new MemoryStore(), new FakeClock(), new MemoryLog()];
  const options = { chip: device, store, records: new Map(), clock, log };
  const generation = await StateGeneration.open(options);
  const numbers = (): number => store.batches.filter(isNumber).length;
  const before = numbers();
  const guarded = generation.guard((key) => key === RECORDS.self);
  const withdrawal = [{ key: RECORDS.self, value: Uint8Array.of(1) }];
  await guarded.write(withdrawal);
  await guarded.write(withdrawal);
  assert.is(numbers(), before + 1);
  clock.advance(GENERATION_STEP_MS);
  await generation.close();
  assert.is(numbers(), before + 3);
});

function isNumber(batch: readonly Write[]): boolean {
  return batch.some(({ key }) => key === RECORDS.generation);
}

generations.run();
