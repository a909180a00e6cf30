/**
 * Founding a domain, and a machine that dies in the middle of it: after each key file, before and
 * after each batch. The next start founds anew and whole, or resumes what was whole already.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runtimeSuite } from '../../../core/runtime-suite.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import { unixMs } from '../../../core/time.ts';
import { type DomainKeys, openDomain } from '../../../daemon/authority/domain-keys.ts';
import { fileCustody } from '../../../daemon/custody/file-custody.ts';
import type { Random, Write } from '../../../daemon/ports.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { type TemporaryFolder, temporaryFolder } from '../../folder.ts';
import { refused } from '../../trouble.ts';

const founding = suite('daemon/authority/domain-keys');

const DOMAIN = parseTrustDomain('blue.example');

/** The power fails. */
class PowerCut extends Error {}

/** Randomness of a machine that dies at its draw number `last`, counted from 0. */
class DyingRandom implements Random {
  readonly #random: Random;
  #left: number;

  constructor(seed: string, last: number) {
    this.#random = new SeededRandom(seed);
    this.#left = last;
  }

  bytes(count: number): Uint8Array {
    if (this.#left-- <= 0) throw new PowerCut();
    return this.#random.bytes(count);
  }
}

/** A disk of a machine that dies at its batch number `last`, before or after it is written. */
class DyingStore extends MemoryStore {
  readonly #moment: 'before' | 'after';
  #left: number;

  constructor(last: number, moment: 'before' | 'after') {
    super();
    this.#left = last;
    this.#moment = moment;
  }

  override async write(batch: readonly Write[]): Promise<void> {
    const dies = this.#left-- === 0;
    if (dies && this.#moment === 'before') throw new PowerCut();
    await super.write(batch);
    if (dies) throw new PowerCut();
  }
}

/** One start of the machine, on what its disk holds. */
async function start(
  folder: TemporaryFolder,
  store: MemoryStore,
  random: Random = new SeededRandom('second'),
  domain = DOMAIN,
): Promise<DomainKeys> {
  return openDomain({
    ...{ domain, store, random, custody: fileCustody(folder.file('keys')) },
    records: new Map(await store.load()),
    suite: runtimeSuite(),
    now: unixMs(Date.UTC(2026, 0, 1)),
    minEpochMs: 1_000,
  });
}

/** A start that ends in a power cut. */
async function startAndDie(
  folder: TemporaryFolder,
  store: MemoryStore,
  random: Random = new SeededRandom('first'),
): Promise<void> {
  try {
    await start(folder, store, random);
  } catch (error) {
    if (error instanceof PowerCut) return;
    throw error;
  }
  throw new Error('it lived');
}

/** Every file in the folder of keys, by its name; there is no folder before the first. */
function keyFiles(folder: TemporaryFolder): ReadonlyMap<string, string> {
  if (!existsSync(folder.file('keys'))) return new Map();
  const names = readdirSync(folder.file('keys')).sort();
  return new Map(names.map((name) => [name, readFileSync(folder.file(`keys/${name}`), 'utf8')]));
}

/** A whole domain: it resumes with the same keys, and draws nothing for it. */
async function checkWhole(folder: TemporaryFolder, store: MemoryStore): Promise<void> {
  const before = keyFiles(folder);
  const first = await start(folder, store, new DyingRandom('none', 0));
  const second = await start(folder, store, new DyingRandom('none', 0));
  const idsOf = ({ roles }: typeof first) => roles.map(({ keyId }) => keyId);
  assert.is(first.roles.length, 4);
  assert.equal(idsOf(first), idsOf(second));
  assert.is(first.node.keyId, second.node.keyId);
  assert.equal(first.transportSeed, second.transportSeed);
  assert.equal(keyFiles(folder), before);
  assert.ok(
    [...before.keys()].every((name) => name.endsWith('.key')),
    'nothing half-written stays',
  );
}

/** How many draws, and so at least as many steps, a founding takes. */
async function countDraws(): Promise<number> {
  await using folder = await temporaryFolder();
  let draws = 0;
  const random = new SeededRandom('count');
  const counting: Random = {
    bytes(count) {
      draws += 1;
      return random.bytes(count);
    },
  };
  await start(folder, new MemoryStore(), counting);
  return draws;
}

founding('makes a key file for each role, and the Root that names them', async () => {
  await using folder = await temporaryFolder();
  const store = new MemoryStore();
  await start(folder, store);
  const names = [...keyFiles(folder).keys()];
  for (const role of ['root', 'beacon-0', 'beacon-1', 'documents', 'node', 'transport']) {
    assert.ok(names.includes(`${role}.key`), role);
  }
  const roots = [...store.records.keys()].filter((key) => key.includes('/root/'));
  assert.is(roots.length, 1);
  await checkWhole(folder, store);
});

founding('that dies between any two key files starts over, with other keys', async () => {
  const draws = await countDraws();
  assert.ok(draws >= 8);
  for (let last = 0; last < draws; last++) {
    await using folder = await temporaryFolder();
    const store = new MemoryStore();
    await startAndDie(folder, store, new DyingRandom('first', last));
    const orphans = keyFiles(folder);
    await start(folder, store);
    for (const [name, text] of keyFiles(folder)) {
      assert.is.not(orphans.get(name), text, `${name} of a founding that never ended`);
    }
    await checkWhole(folder, store);
  }
});

founding('that dies around its first batch leaves no key behind, and is made', async () => {
  for (const moment of ['before', 'after'] as const) {
    await using folder = await temporaryFolder();
    const dying = new DyingStore(0, moment);
    await startAndDie(folder, dying);
    const store = new MemoryStore(dying.records);
    await start(folder, store);
    await checkWhole(folder, store);
  }
});

founding('that dies around its last batch is made anew, or was whole', async () => {
  for (const moment of ['before', 'after'] as const) {
    await using folder = await temporaryFolder();
    const dying = new DyingStore(1, moment);
    await startAndDie(folder, dying);
    const before = keyFiles(folder);
    const store = new MemoryStore(dying.records);
    await start(folder, store);
    const isSame = keyFiles(folder).get('root.key') === before.get('root.key');
    assert.is(isSame, moment === 'after', `${moment} the Root was stored`);
    await checkWhole(folder, store);
  }
});

founding('that dies twice is made at the third start', async () => {
  await using folder = await temporaryFolder();
  const store = new MemoryStore();
  await startAndDie(folder, store, new DyingRandom('first', 5));
  await startAndDie(folder, store, new DyingRandom('second', 2));
  await start(folder, store, new SeededRandom('third'));
  await checkWhole(folder, store);
});

founding('makes nothing over keys whose store was lost', async () => {
  await using folder = await temporaryFolder();
  await start(folder, new MemoryStore());
  const before = keyFiles(folder);
  const empty = new MemoryStore();
  const refusal = await refused(() => start(folder, empty), 'state-corrupt');
  assert.is(refusal.details.why, 'keys without their record');
  assert.equal(keyFiles(folder), before);
  assert.is(empty.batches.length, 0);
});

founding('makes no second domain in the folder of another', async () => {
  await using folder = await temporaryFolder();
  const store = new MemoryStore();
  await start(folder, store);
  const before = keyFiles(folder);
  const other = parseTrustDomain('red.example');
  const refusal = await refused(
    () => start(folder, store, new SeededRandom('other'), other),
    'config-value',
  );
  assert.equal(refusal.details, { key: 'trust_domain', expected: DOMAIN, got: other });
  assert.equal(keyFiles(folder), before);
});

founding('under way for one domain is not continued for another', async () => {
  await using folder = await temporaryFolder();
  const store = new MemoryStore();
  await startAndDie(folder, store, new DyingRandom('first', 3));
  const other = parseTrustDomain('red.example');
  await refused(() => start(folder, store, new SeededRandom('other'), other), 'config-value');
});

founding('that lost a key file afterwards says which, and makes no other', async () => {
  await using folder = await temporaryFolder();
  const store = new MemoryStore();
  await start(folder, store);
  await rm(folder.file('keys/documents.key'));
  try {
    await start(folder, store);
    assert.unreachable('it started without its key');
  } catch (error) {
    assert.match(String(error), /documents\.key/);
  }
  assert.not([...keyFiles(folder).keys()].includes('documents.key'));
});

founding.run();
