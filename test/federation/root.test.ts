/** Roots as read: every member in range, every key in one role (PROTOCOL §2.1). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toBase64Url } from '../../core/bytes.ts';
import type { Json, JsonObject } from '../../core/canonical.ts';
import { CHAIN_MS_MAX, SURVIVAL_CEILING_MS } from '../../core/limits.ts';
import { keyIdOf, type Signer } from '../../core/suite.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { type Root, readRoot } from '../../federation/root.ts';
import { signerOf } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { forgeRoot, KEYS, publicMembers, type RootPlan, STRANGER } from './forge.ts';

const roots = suite('federation/root');

const read = (plan: RootPlan): Root => readRoot(decodeEnvelope(forgeRoot(plan)));
const refusesMember = (name: string, ...values: readonly Json[]): void => {
  for (const value of values) {
    refuses('document-malformed', () => read({ members: { [name]: value } }), `${name} ${value}`);
  }
};

/** The members of a forged Root, to be changed one by one. */
const MEMBERS = decodeEnvelope(forgeRoot()).members.json();

function rolesWith(changes: JsonObject): JsonObject {
  return { ...(MEMBERS.roles as JsonObject), ...changes };
}

roots('read who may speak, in which rank and until when', () => {
  const root = read({});
  assert.is(root.version, 1n);
  assert.equal(
    root.beaconKeys.map((key) => key.keyId),
    KEYS.beacon.map((signer) => signer.keyId),
  );
  assert.is(root.revocation.authorityThreshold, 2);
  assert.ok(root.documents.keys.has(KEYS.documents.keyId));
});

roots('begin at version 1', () => {
  assert.is(read({ version: 1 }).version, 1n);
  refuses('document-malformed', () => read({ version: 0 }));
});

roots('keep every number in its range', () => {
  for (const [name, min, max] of [
    ['minEpochMs', 10, 3_600_000],
    ['chainMs', 1, CHAIN_MS_MAX],
    ['maxLeadMs', 0, 600_000],
    ['timeQuorum', 1, 16],
  ] as const) {
    read({ members: { [name]: min } });
    read({ members: { [name]: max } });
    refusesMember(name, min - 1, max + 1, String(min));
  }
});

roots('keep their ceilings below that of all, and a missing one is 0', () => {
  const ceilings = read({ members: { ceilings: { freshForMs: SURVIVAL_CEILING_MS } } }).ceilings;
  assert.is(ceilings.freshForMs, SURVIVAL_CEILING_MS);
  assert.is(ceilings.survivalForMs, 0);
  refusesMember('ceilings', { freshForMs: SURVIVAL_CEILING_MS + 1 }, { degradedForMs: -1 }, null);
});

roots('allow the kinds of lease there are', () => {
  assert.equal(read({ members: { leaseKinds: ['cell', 'slices'] } }).leaseKinds.length, 2);
  refusesMember('leaseKinds', ['everything'], [1], ['slices', 'slices', 'slices', 'slices']);
});

roots('list a key under its own id, and with keys of the right length', () => {
  const keys = MEMBERS.keys as JsonObject;
  refusesMember('keys', { ...keys, [KEYS.node.keyId]: publicMembers(STRANGER) });
  const short = { ed25519: toBase64Url(new Uint8Array(31)), mlDsa65: 'AA' };
  refusesMember('keys', { ...keys, [KEYS.node.keyId]: short });
});

roots('give every role keys that they list, and every key a role', () => {
  const keys = MEMBERS.keys as JsonObject;
  const idle = { ...keys, [STRANGER.keyId]: publicMembers(STRANGER) };
  refuses('root-key-reused', () => read({ members: { keys: idle } }));
  const unknown = { key: STRANGER.keyId, rank: 0, until: '1' };
  refuses('root-key-reused', () => read({ members: { roles: rolesWith({ beacon: [unknown] }) } }));
  const documents = { keys: [STRANGER.keyId], threshold: 1 };
  refusesMember('roles', rolesWith({ documents }), rolesWith({ beacon: [] }));
  const [first, second] = KEYS.beacon.map(({ keyId }) => keyId);
  const ranked = (...ranks: readonly number[]) =>
    rolesWith({
      beacon: ranks.map((rank, i) => ({ key: i === 0 ? first : second, rank, until: '1' }) as Json),
    });
  read({ members: { roles: ranked(3, 255) } });
  refusesMember('roles', ranked(1, 1), ranked(1, 0), ranked(0, 256), ranked(-1, 0));
});

roots('use no key in two roles, and none twice in one', () => {
  refuses('root-key-reused', () => read({ documents: KEYS.root }));
  refuses('root-key-reused', () => read({ beacon: [KEYS.beacon[0], KEYS.documents] }));
  refuses('root-key-reused', () => read({ beacon: [KEYS.beacon[0], KEYS.beacon[0]] }));
  refusesMember(
    'roles',
    rolesWith({ root: { keys: [KEYS.root.keyId, KEYS.root.keyId], threshold: 2 } }),
  );
});

roots('use no leg in two pairs: one person would meet a threshold of two', () => {
  const other = signerOf('partner');
  const publicPair = { ed25519: KEYS.root.publicPair.ed25519, mlDsa65: other.publicPair.mlDsa65 };
  const twin: Signer = { ...other, publicPair, keyId: keyIdOf(publicPair) };
  refuses('root-key-reused', () => read({ root: [KEYS.root, twin], signers: [KEYS.root] }));
  read({ root: [KEYS.root, other], signers: [KEYS.root] });
});

roots('give no role to a key that they call retired or compromised', () => {
  refuses('root-key-reused', () => read({ retired: [KEYS.root] }));
  refuses('root-key-reused', () => read({ compromised: [KEYS.beacon[1]] }));
  assert.is(read({ retired: [STRANGER], compromised: [KEYS.node] }).retired.length, 1);
});

roots('demand thresholds that their keys can meet', () => {
  for (const threshold of [0, 2, 1.5]) {
    refusesMember('roles', rolesWith({ root: { keys: [KEYS.root.keyId], threshold } }));
  }
  refusesMember('roles', rolesWith({ documents: { keys: [], threshold: 1 } }));
  const ids = KEYS.revocation.map((key) => key.keyId);
  for (const lease of [0, 17]) {
    refusesMember('roles', rolesWith({ revocation: { keys: ids, lease, authority: 2 } }));
  }
});

roots('caps what a policy may permit, within what not even Root can lift', () => {
  const capsOf = (tierCaps: JsonObject) =>
    readRoot(decodeEnvelope(forgeRoot({ members: { tierCaps } }))).tierCaps;
  assert.is(readRoot(decodeEnvelope(forgeRoot())).tierCaps.get('issue'), 'FRESH');
  assert.is(capsOf({ issue: 'DEGRADED' }).get('issue'), 'DEGRADED');
  assert.is(capsOf({ renew: 'FRESH' }).get('renew'), 'FRESH');
  assert.is(capsOf({ 'later-act': 'FRESH' }).get('issue'), 'FRESH');
  for (const tierCaps of [{ issue: 'SURVIVAL' }, { renew: 'EXPIRED' }, { renew: 'ROTTEN' }]) {
    refuses('document-malformed', () => capsOf(tierCaps), JSON.stringify(tierCaps));
  }
});

roots.run();
