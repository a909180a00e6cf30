/** Records: what is restored is what was stored, for every kind, and nothing is repaired. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { encodeCanonical } from '../../core/canonical.ts';
import { EPOCH_HISTORY_MAX, LEDGER_STEP_MS } from '../../core/limits.ts';
import { unixMs } from '../../core/time.ts';
import { ledgerStepMs } from '../../federation/age.ts';
import { newestRoot } from '../../federation/belief.ts';
import { NO_LIMITS } from '../../federation/limits.ts';
import { ledgerStepOf, recordsByDomain, restoreBelief } from '../../federation/record.ts';
import { RECORD_KINDS, recordKey } from '../../federation/record-key.ts';
import { Coalition } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { type Climber, fingerprintOf, settled } from './climber.ts';
import { DOMAIN, ENTRIES_KEY, forgeBeacon, forgeContents, forgeRoot, NOW } from './forge.ts';

const records = suite('federation/record');

/** A belief with something of every kind in it. */
function full(): Climber {
  const node = settled().wait(5_000);
  const next = forgeContents(2);
  const second = { epoch: 2, issuedAt: NOW + 4_000, manifest: next.manifest };
  node.take(forgeRoot({ version: 2 }), forgeBeacon().tick(3), forgeBeacon(second).bytes);
  node.take(forgeBeacon(second).tick(1), forgeBeacon(second).stop, next.manifest, next.bundle);
  node.give(forgeBeacon({ ...second, seed: 'rival' }).bytes);
  const rank1 = { rank: 1, issuedAt: NOW + 4_500, manifest: next.manifest };
  node.take(forgeBeacon(rank1).bytes, forgeBeacon(rank1).stop);
  node.give(forgeBeacon({ ...rank1, epoch: 5, issuedAt: NOW + 600_000 }).bytes);
  return node;
}

records('of a full life restore to the belief that was stored', () => {
  const node = full();
  const { belief } = node;
  assert.is(belief.roots.length, 2);
  assert.is(belief.disowned.size, 1);
  assert.ok(belief.stop !== null && belief.future !== null && belief.history.length === 3);
  assert.is.not(belief.documents.get(ENTRIES_KEY)?.frozenAsOf ?? null, null);
  assert.is(fingerprintOf(node.restored(), node.now), fingerprintOf(belief, node.now));
});

records('are of every kind there is, with the writer’s beside them', () => {
  const kinds = new Set([...full().records.keys()].map((key) => key.split('/')[2]));
  const blue = new Coalition().add({ name: 'blue' });
  blue.revoke({ class: 'leaf', target: '4a', notAfter: unixMs(NOW + 60_000) });
  const own = new Set([...blue.records.keys()].map((key) => key.split('/')[2]));
  const red = settled().wait(3_000).take(forgeBeacon().tick(2));
  const ticked = [...red.records.keys()].map((key) => key.split('/')[2]);
  const all = new Set([...kinds, ...own, ...ticked, 'lease', 'drafts', 'fork', 'override']);
  assert.equal([...all].sort(), [...RECORD_KINDS].sort());
});

records('of a domain that lost its evidence are not written twice a second for that', () => {
  const { belief } = settled();
  const ceilings = newestRoot(belief)?.root.ceilings ?? NO_LIMITS;
  assert.is(ledgerStepOf(belief), ledgerStepMs(belief.beacon?.beacon.limits ?? ceilings));
  assert.is(ledgerStepOf({ ...belief, beacon: null }), ledgerStepMs(ceilings));
  assert.is(ledgerStepMs(ceilings), LEDGER_STEP_MS);
});

records('of a domain without a Root restore nothing', () => {
  const boot = { bootId: 'boot-1', continuity: 'software' } as const;
  assert.is(restoreBelief(DOMAIN, new Map(), boot), null);
});

records('keep the marks through a restart: what was below them stays refused', () => {
  const node = settled().wait(2_000);
  node.take(forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000 }).bytes).restart('boot-2', 10);
  assert.is(node.give(forgeBeacon().bytes), 'epoch-rolled-back');
});

records('keep proofs against keys through a restart', () => {
  const node = settled();
  node.give(forgeBeacon({ seed: 'rival' }).bytes);
  node.restart('boot-2', 10);
  assert.is(node.give(forgeBeacon({ epoch: 2 }).bytes), 'key-revoked');
});

records(
  'that were rolled back keep Roots, revocations and marks; all else waits for evidence and a date',
  () => {
    const node = settled().wait(3_000).take(forgeBeacon().tick(2));
    node.continuity = 'rolled-back';
    node.restart();
    assert.is(node.standing.tier, 'EXPIRED');
    assert.is(node.standing.ageMs, null);
    assert.is(node.belief.roots.length, 1);
    assert.is(node.give(forgeBeacon().tick(2)), 'tick-not-newer');
    assert.is(node.standing.tier, 'EXPIRED');
    node.continuity = 'proven';
    node.take(forgeBeacon().tick(3));
    assert.is(node.standing.tier, 'EXPIRED');
    node.isVouched = true;
    node.wait(1_000).take(forgeBeacon().tick(4));
    assert.is(node.standing.tier, 'FRESH');
  },
);

records('keep the last numbers of a long history', () => {
  const node = settled();
  const count = EPOCH_HISTORY_MAX + 3;
  for (let epoch = 2; epoch <= count; epoch++) node.take(forgeBeacon({ epoch }).bytes);
  const { history } = node.restored();
  assert.is(history.length, EPOCH_HISTORY_MAX);
  assert.is(history.at(-1)?.epoch, BigInt(count));
  assert.is(history[0]?.epoch, 4n);
});

records('sort by domain, and pass over what is no record of ours', () => {
  const mixed = new Map([
    [recordKey(DOMAIN, 'tick'), new Uint8Array(1)],
    [recordKey(DOMAIN, 'root', '1'), new Uint8Array(2)],
    ['federation/red.example/beacon', new Uint8Array(3)],
    ['entries/x', new Uint8Array(4)],
  ]);
  const sorted = recordsByDomain(mixed);
  assert.equal([...sorted.keys()], ['blue.example', 'red.example']);
  assert.equal([...(sorted.get(DOMAIN)?.keys() ?? [])], ['root/1', 'tick']);
  const strange = new Map([['federation/Not a name/root', new Uint8Array()]]);
  refuses('trust-domain-invalid', () => recordsByDomain(strange));
});

records('that do not read back are refused, never repaired', () => {
  const whole = full();
  const damaged = (key: string, change: (bytes: Uint8Array) => Uint8Array) => (): unknown => {
    const bytes = whole.records.get(key);
    assert.ok(bytes !== undefined, key);
    const copy = new Map(whole.records).set(key, change(bytes));
    const mine = recordsByDomain(copy).get(DOMAIN) ?? new Map();
    return restoreBelief(DOMAIN, mine, { bootId: 'boot-1', continuity: 'software' });
  };
  const cut = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, -1);
  const longer = (bytes: Uint8Array): Uint8Array => concat(bytes, Uint8Array.of(0x20));
  for (const kind of ['beacon', 'manifest', 'future', 'stop'] as const) {
    const code = kind === 'stop' ? null : 'truncated';
    if (code !== null) refuses(code, damaged(recordKey(DOMAIN, kind), cut), kind);
  }
  const entries = recordKey(DOMAIN, 'document', ENTRIES_KEY);
  refuses('truncated', damaged(entries, cut));
  refuses('trailing-bytes', damaged(entries, longer));
  for (const kind of ['keeping', 'history'] as const) {
    refuses('not-canonical', damaged(recordKey(DOMAIN, kind), longer), kind);
    const empty = (): Uint8Array => encodeCanonical({});
    refuses('document-malformed', damaged(recordKey(DOMAIN, kind), empty), kind);
    const garbage = (): Uint8Array => toUtf8('{');
    refuses('json-syntax', damaged(recordKey(DOMAIN, kind), garbage), kind);
  }
});

records.run();
