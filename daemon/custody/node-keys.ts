/**
 * The keys that every node has, each by its name in custody, and the record of what this state
 * folder is: of which domain, in which role, and whether it is still being made.
 *
 * A member makes its keys on the first start and founds nothing. Making them is as safe against a
 * power cut as founding is (domain-keys.ts): the store says that it began, and a start that finds
 * this makes them anew.
 */

import { encodeCanonical, parseCanonical } from '../../core/canonical.ts';
import { Refusal } from '../../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import { SEED_PAIR_BYTES, type Signer, type Suite } from '../../core/suite.ts';
import { Members } from '../../federation/members.ts';
import type { Config } from '../config/keys.ts';
import type { Random, Store } from '../ports.ts';
import { RECORDS } from '../store/key-space.ts';
import type { KeyCustody } from './custody.ts';

/** The pair that a node proves itself by. */
export const NODE = 'node';
/** The Ed25519 seed of the transport. */
export const TRANSPORT = 'transport';
export const TRANSPORT_SEED_BYTES = 32;

/** What a member holds open. */
export interface NodeKeys {
  readonly node: Signer;
  readonly transportSeed: Uint8Array;
}

/** What keys are opened with. */
export interface NodeKeyOptions {
  readonly domain: TrustDomain;
  readonly custody: KeyCustody;
  readonly store: Store;
  readonly records: Map<string, Uint8Array>;
  readonly suite: Suite;
  readonly random: Random;
}

/** What a state folder is. */
export interface Self {
  readonly domain: TrustDomain;
  readonly role: Config['role'];
  /** Its keys are still being made. */
  readonly founding: boolean;
}

/**
 * Opens the keys of a member, making them on the first start. Refuses `config-value` for a folder
 * of another domain or role, `state-corrupt` for keys without their record, and what the custody
 * refuses.
 */
export async function openNodeKeys(options: NodeKeyOptions): Promise<NodeKeys> {
  const { domain, custody, suite, records } = options;
  const self = readSelf(records, { domain, role: 'member' });
  if (self === null || self.founding) await make(options, self !== null);
  return {
    node: await loadPair(custody, suite, NODE),
    transportSeed: await custody.load(TRANSPORT),
  };
}

async function make(options: NodeKeyOptions, isBegun: boolean): Promise<void> {
  const { domain, custody, store, records, random } = options;
  await clear(custody, [NODE, TRANSPORT], isBegun);
  const self = { domain, role: 'member' } as const;
  await store.write([{ key: RECORDS.self, value: encodeSelf({ ...self, founding: true }) }]);
  await custody.create(NODE, random.bytes(SEED_PAIR_BYTES));
  await custody.create(TRANSPORT, random.bytes(TRANSPORT_SEED_BYTES));
  const value = encodeSelf({ ...self, founding: false });
  await store.write([{ key: RECORDS.self, value }]);
  records.set(RECORDS.self, value);
}

/** Destroys what an attempt left behind. Refuses `state-corrupt` for keys that no attempt made. */
export async function clear(
  custody: KeyCustody,
  names: readonly string[],
  isBegun: boolean,
): Promise<void> {
  for (const name of names) {
    if (!(await custody.has(name))) continue;
    if (!isBegun) {
      throw new Refusal('state-corrupt', { why: 'keys without their record', key: name });
    }
    await custody.destroy(name);
  }
}

/** Loads a pair of seeds. Refuses `key-malformed` and what the custody refuses. */
export async function loadPair(custody: KeyCustody, suite: Suite, name: string): Promise<Signer> {
  const seeds = await custody.load(name);
  if (seeds.length !== SEED_PAIR_BYTES) throw new Refusal('key-malformed', { key: name });
  return suite.openSigner(seeds);
}

/** The record of a state folder. */
export function encodeSelf({ domain, role, founding }: Self): Uint8Array {
  return encodeCanonical({ domain, founding, role });
}

/** Reads the record; null before the first start. Refuses `config-value` where it is another's. */
export function readSelf(
  records: ReadonlyMap<string, Uint8Array>,
  expected: Omit<Self, 'founding'>,
): Self | null {
  const record = records.get(RECORDS.self);
  if (record === undefined) return null;
  const members = new Members(parseCanonical(record), 'self');
  const domain = parseTrustDomain(members.text('domain', 255));
  if (domain !== expected.domain) {
    throw new Refusal('config-value', {
      key: 'trust_domain',
      expected: domain,
      got: expected.domain,
    });
  }
  // Folders of before there were members say nothing of a role.
  const role = members.has('role') ? members.text('role', 16) : 'authority';
  if (role !== expected.role) {
    throw new Refusal('config-value', { key: 'node.role', expected: role, got: expected.role });
  }
  return { domain, role: expected.role, founding: members.flag('founding') };
}
