/**
 * The keys of an authority's machine, each by its name in custody, and the founding of a domain.
 * What signs identities is kept apart (authority-book.ts).
 *
 * Founding is one act in three durable steps: the store says that it began, the keys are
 * made, the store holds the first Root and says no more that it began. A machine that dies in
 * between finds the mark, destroys what keys there are and starts over; keys without a mark and
 * without a Root are a lost store, and nothing is made over them.
 *
 * `root` and `beacon-1` are not used by a running daemon: they may, and should, leave the machine.
 * The `revocation` keys may too: then nothing can be revoked here until they are put back. Keys
 * that a daemon makes while it runs, for the next Root to name, are listed by name in the store.
 */

import { encodeCanonical, parseCanonical } from '../../core/canonical.ts';
import { DEGRADED_CEILING_MS, FRESH_CEILING_MS, SURVIVAL_CEILING_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { SEED_PAIR_BYTES, type Signer } from '../../core/suite.ts';
import type { UnixMs } from '../../core/time.ts';
import { foundDomain } from '../../federation/found.ts';
import type { AgeLimits } from '../../federation/limits.ts';
import { Members } from '../../federation/members.ts';
import type { RoleKey } from '../control/views.ts';
import {
  clear,
  encodeSelf,
  loadPair,
  NODE,
  type NodeKeyOptions,
  readSelf,
  TRANSPORT,
  TRANSPORT_SEED_BYTES,
} from '../custody/node-keys.ts';
import { RECORDS } from '../store/key-space.ts';

/** Pairs of seeds, by the role they are for. */
const PAIRS = [
  'root',
  'beacon-0',
  'beacon-1',
  'documents',
  'revocation-0',
  'revocation-1',
  NODE,
] as const;
type Pair = (typeof PAIRS)[number];
/** Names of made keys that one machine may hold: many rotations. */
const MADE_KEYS_MAX = 1_024;
const MADE_NAME = /^(?:beacon|documents|revocation)-[0-9a-f]{16}$/;

/** No limit of a beacon may be above these; a domain that wants more founds anew. */
const CEILINGS: AgeLimits = {
  freshForMs: FRESH_CEILING_MS,
  degradedForMs: DEGRADED_CEILING_MS,
  survivalForMs: SURVIVAL_CEILING_MS,
};

/** What a running authority holds open. */
export interface DomainKeys {
  readonly domain: TrustDomain;
  /** The role keys that lie here; some may have left the machine, others were made later. */
  readonly roles: readonly Signer[];
  readonly node: Signer;
  readonly transportSeed: Uint8Array;
}

export interface DomainOptions extends NodeKeyOptions {
  readonly now: UnixMs;
  readonly minEpochMs: number;
}

/**
 * Opens the keys of the domain in this state folder, founding it on the first start. Adds what it
 * stores to `records`. Refuses `config-value` for a folder of another domain or role,
 * `state-corrupt` for keys without their record, and what the custody refuses.
 */
export async function openDomain(options: DomainOptions): Promise<DomainKeys> {
  const { domain, records } = options;
  const self = readSelf(records, { domain, role: 'authority' });
  if (self === null || self.founding) await found(options, self !== null);
  return load(options);
}

async function found(options: DomainOptions, begun: boolean): Promise<void> {
  const { domain, custody, store, records, random, now } = options;
  await clear(custody, [...PAIRS, TRANSPORT], begun);
  await store.write([
    { key: RECORDS.self, value: encodeSelf({ domain, role: 'authority', founding: true }) },
  ]);
  for (const name of PAIRS) await custody.create(name, random.bytes(SEED_PAIR_BYTES));
  await custody.create(TRANSPORT, random.bytes(TRANSPORT_SEED_BYTES));
  const open = (name: Pair): Promise<Signer> => openPair(options, name);
  const writes = foundDomain(
    {
      root: await open('root'),
      beacon: [await open('beacon-0'), await open('beacon-1')],
      documents: await open('documents'),
      revocation: [await open('revocation-0'), await open('revocation-1')],
    },
    { domain, now, ceilings: CEILINGS, minEpochMs: options.minEpochMs },
  );
  const self = encodeSelf({ domain, role: 'authority', founding: false });
  const whole = [...writes, { key: RECORDS.self, value: self }];
  await store.write(whole);
  for (const { key, value } of whole) if (value !== null) records.set(key, value);
}

async function load(options: DomainOptions): Promise<DomainKeys> {
  const { domain, custody } = options;
  return {
    domain,
    roles: await openRoles(options),
    node: await openPair(options, NODE),
    transportSeed: await custody.load(TRANSPORT),
  };
}

/**
 * Makes a key for a role, kept on this machine alone: it signs once a Root names it. The store
 * remembers its name after the custody has it, so a crash between leaves a key that nobody uses.
 */
export async function makeRoleKey(
  parts: Pick<DomainOptions, 'custody' | 'store' | 'records' | 'suite' | 'random'>,
  role: RoleKey,
): Promise<Signer> {
  const seeds = parts.random.bytes(SEED_PAIR_BYTES);
  const signer = parts.suite.openSigner(seeds);
  const name = `${role}-${signer.keyId.slice(0, 16)}`;
  await parts.custody.create(name, seeds);
  const names = [...madeKeys(parts.records), name].slice(-MADE_KEYS_MAX);
  const value = encodeCanonical({ names });
  await parts.store.write([{ key: RECORDS.roleKeys, value }]);
  parts.records.set(RECORDS.roleKeys, value);
  return signer;
}

/** Names of the keys that were made here since the founding. */
function madeKeys(records: ReadonlyMap<string, Uint8Array>): readonly string[] {
  const record = records.get(RECORDS.roleKeys);
  if (record === undefined) return [];
  return new Members(parseCanonical(record), 'role-keys')
    .list('names', MADE_KEYS_MAX)
    .map((name) => {
      const isName = typeof name === 'string' && MADE_NAME.test(name);
      if (!isName) throw new Refusal('state-corrupt', { key: RECORDS.roleKeys });
      return name;
    });
}

/** What a writer needs has to be here, unless a key made later may stand for it. */
async function openRoles(options: DomainOptions): Promise<readonly Signer[]> {
  const made = madeKeys(options.records);
  const isMade = (role: string): boolean => made.some((name) => name.startsWith(`${role}-`));
  const needed = [
    ...(isMade('beacon') ? [] : ['beacon-0']),
    ...(isMade('documents') ? [] : ['documents']),
  ];
  const others = ['beacon-0', 'documents', 'revocation-0', 'revocation-1', ...made];
  return [
    ...(await Promise.all(needed.map((name) => openPair(options, name)))),
    ...(await openPresent(
      options,
      others.filter((name) => !needed.includes(name)),
    )),
  ];
}

/** Opens those of the pairs that are kept here. */
async function openPresent(
  options: DomainOptions,
  names: readonly string[],
): Promise<readonly Signer[]> {
  const signers: Signer[] = [];
  for (const name of names) {
    if (await options.custody.has(name)) signers.push(await openPair(options, name));
  }
  return signers;
}

function openPair({ custody, suite }: DomainOptions, name: string): Promise<Signer> {
  return loadPair(custody, suite, name);
}
