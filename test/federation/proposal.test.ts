/** Ceremonies by files: drafting the next Root, signing it in any order, refusing what is unfit. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { BEACON_KEY_LIFE_MS } from '../../core/limits.ts';
import type { RefusalCode } from '../../core/refusal.ts';
import type { Signer } from '../../core/suite.ts';
import { DAY_MS, unixMs } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { rankInForce } from '../../federation/belief.ts';
import { decodeEnvelope, encodeEnvelope } from '../../federation/envelope.ts';
import {
  decodeProposal,
  encodeProposal,
  lackingOf,
  mergeProposals,
  type Proposal,
  signProposal,
} from '../../federation/proposal.ts';
import { type Root, readRoot } from '../../federation/root.ts';
import { draftRoot, type RootChange } from '../../federation/root-draft.ts';
import { SUITE, signerOf } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { Climber, settled } from './climber.ts';
import { forgeBeacon, forgeRevocations, forgeRoot, KEYS, NOW, STRANGER } from './forge.ts';

const ceremony = suite('federation/proposal');

const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((name) => signerOf(`council/${name}`)) as [
  Signer,
  Signer,
  Signer,
  Signer,
];
const COUNCIL = { root: [A, B, C], threshold: 2, signers: [A, B] };
const LATER = unixMs(NOW + 1_000);

function council(): Climber {
  const first = forgeRoot(COUNCIL);
  return new Climber(first).take(first);
}

function read(node: Climber, envelope: Uint8Array): Proposal {
  return decodeProposal(SUITE, toUtf8(encodeProposal(node.belief, envelope)));
}

function draft(node: Climber, ...changes: readonly RootChange[]): Root {
  return readRoot(decodeEnvelope(draftRoot(node.belief, changes, LATER)));
}

const ranksOf = (root: Root): readonly string[] =>
  root.beaconKeys.map(({ rank, keyId }) => `${rank} ${keyId}`);

ceremony('is whole with the thresholds of both Roots, in whatever order people sign', () => {
  const node = council();
  const changes: readonly RootChange[] = [
    { kind: 'retire', keyId: C.keyId },
    { kind: 'add', role: 'root', key: D.publicPair },
  ];
  const bare = draftRoot(node.belief, changes, LATER);
  assert.is(lackingOf(read(node, bare)).length, 2);
  // C leaves and may sign for the old Root, D comes and may sign for the new one.
  const whole: readonly (readonly Signer[])[] = [
    [A, B],
    [B, A],
    [A, C, D],
    [D, C, A],
    [B, D, C],
  ];
  const short: readonly (readonly Signer[])[] = [[A], [A, C], [A, D], [C, D], []];
  const signedBy = (signers: readonly Signer[]): Uint8Array =>
    signers.reduce((envelope, signer) => signProposal(read(node, envelope), signer), bare);
  for (const signers of whole) {
    assert.is(lackingOf(read(node, signedBy(signers))).length, 0);
    assert.is(council().give(signedBy(signers)), 'admitted');
  }
  for (const signers of short) {
    assert.is.not(lackingOf(read(node, signedBy(signers))).length, 0);
    assert.is(council().give(signedBy(signers)), 'threshold-unmet');
  }
});

ceremony('merges copies that were signed apart, and only copies of one proposal', () => {
  const node = council();
  const bare = draftRoot(node.belief, [{ kind: 'threshold', of: 'root', is: 3 }], LATER);
  const sign = (signer: Signer) => read(node, signProposal(read(node, bare), signer));
  const [a, b, c] = [sign(A), sign(B), sign(C)];
  const left = mergeProposals(read(node, mergeProposals(a, b)), c);
  const right = mergeProposals(c, read(node, mergeProposals(b, a)));
  assert.equal(left, right);
  assert.equal(mergeProposals(a, a), a.envelope.bytes);
  assert.is(council().give(left), 'admitted');
  const other = read(node, draftRoot(node.belief, [{ kind: 'lineage' }], LATER));
  refuses('proposal-differs', () => mergeProposals(a, other));
});

ceremony('takes no signature of a stranger, none twice, and none that does not verify', () => {
  const node = council();
  const bare = draftRoot(node.belief, [{ kind: 'lineage' }], LATER);
  refuses('signer-unknown', () => signProposal(read(node, bare), STRANGER));
  refuses('signer-unknown', () => signProposal(read(node, bare), KEYS.documents));
  const once = read(node, signProposal(read(node, bare), A));
  refuses('signer-duplicate', () => signProposal(once, A));
  const { type, payload, slots } = once.envelope;
  const [slot] = slots;
  assert.ok(slot);
  const spoiled = {
    ...slot,
    signature: slot.signature.map((byte, i) => (i === 70 ? byte ^ 1 : byte)),
  };
  refuses('signature-invalid', () => read(node, encodeEnvelope(type, [spoiled], payload)));
  const foreign = { ...slot, keyId: STRANGER.keyId };
  refuses('signer-unknown', () => read(node, encodeEnvelope(type, [foreign], payload)));
});

ceremony('is read only upon a chain that verifies, and only as Roots and one proposal', () => {
  const node = council();
  const bare = draftRoot(node.belief, [{ kind: 'lineage' }], LATER);
  const root = encodeBlock('root', forgeRoot(COUNCIL));
  const proposal = encodeBlock('proposal', bare);
  const decode = (text: string) => () => decodeProposal(SUITE, toUtf8(text));
  decode(root + proposal)();
  const cases: readonly (readonly [RefusalCode, string])[] = [
    ['proposal-malformed', proposal],
    ['proposal-malformed', root],
    ['proposal-malformed', root + proposal + proposal],
    ['proposal-malformed', encodeBlock('beacon', forgeBeacon().bytes) + proposal],
    ['document-type', root + encodeBlock('proposal', forgeBeacon().bytes)],
    ['threshold-unmet', encodeBlock('root', forgeRoot({ ...COUNCIL, signers: [A] })) + proposal],
    ['domain-mismatch', encodeBlock('root', forgeRoot({ domain: 'red.example' })) + proposal],
    ['root-rolled-back', root + encodeBlock('proposal', forgeRoot({ version: 1 }))],
    ['root-step', root + encodeBlock('proposal', forgeRoot({ version: 3 }))],
    ['truncated', root + proposal.slice(0, -2)],
  ];
  for (const [code, text] of cases) refuses(code, decode(text), code);
});

ceremony('rotates the beacon key above all ranks there were, standbys behind it', () => {
  const node = settled();
  const [spoke, standby] = KEYS.beacon;
  const root = draft(node, { kind: 'rotate', key: A.publicPair });
  assert.equal(ranksOf(root), [`2 ${A.keyId}`, `3 ${standby.keyId}`]);
  assert.equal(root.retired, [spoke.keyId]);
  const more = draft(
    node,
    { kind: 'compromise', keyId: spoke.keyId },
    { kind: 'rotate', key: A.publicPair },
    { kind: 'standby', key: B.publicPair },
  );
  assert.equal(ranksOf(more), [`2 ${A.keyId}`, `3 ${standby.keyId}`, `4 ${B.keyId}`]);
  assert.equal([more.retired, more.compromised], [[], [spoke.keyId]]);
});

ceremony('drops a compromised rank 0 and leaves rank 1 its number and its word', () => {
  const node = settled();
  node.give(forgeBeacon({ seed: 'rival' }).bytes);
  node.take(forgeBeacon({ rank: 1, issuedAt: NOW + 500 }).bytes).wait(1_000);
  const bare = draftRoot(
    node.belief,
    [
      { kind: 'compromise', keyId: KEYS.beacon[0].keyId },
      { kind: 'standby', key: A.publicPair },
    ],
    LATER,
  );
  node.take(signProposal(read(node, bare), KEYS.root));
  assert.equal(ranksOf(node.belief.roots[1]?.root as Root), [
    `1 ${KEYS.beacon[1].keyId}`,
    `2 ${A.keyId}`,
  ]);
  assert.is(rankInForce(node.belief), 1);
  assert.is(node.standing.tier, 'FRESH');
});

ceremony('begins ranks anew with a lineage', () => {
  const rotated = draft(settled(), { kind: 'rotate', key: A.publicPair }, { kind: 'lineage' });
  assert.equal(ranksOf(rotated), [`0 ${A.keyId}`, `1 ${KEYS.beacon[1].keyId}`]);
  assert.is(rotated.lineage, 1n);
});

ceremony('carries on every revocation that is held, whatever becomes of its signers', () => {
  const at = { notAfter: unixMs(NOW + DAY_MS), at: unixMs(NOW) };
  const leaf = forgeRevocations([{ class: 'leaf', target: '0a', ...at }]);
  const signers = KEYS.revocation;
  const key = { class: 'authority', target: KEYS.beacon[1].keyId, ...at } as const;
  const authority = forgeRevocations([key], { signers });
  const node = settled().take(leaf, authority);
  const bare = draftRoot(
    node.belief,
    [
      { kind: 'retire', keyId: signers[0].keyId },
      { kind: 'retire', keyId: signers[1].keyId },
      { kind: 'add', role: 'revocation', key: A.publicPair },
      { kind: 'threshold', of: 'authority', is: 1 },
    ],
    LATER,
  );
  const next = signProposal(read(node, bare), KEYS.root);
  assert.is(readRoot(decodeEnvelope(next)).revocations.length, 2);
  const late = settled().take(next, leaf, authority);
  assert.is(late.belief.revocations.union.size, 2);
});

ceremony('refuses a change that the Root leaves no room for', () => {
  const refused = (code: RefusalCode, ...changes: readonly RootChange[]): void =>
    refuses(
      code,
      () => draftRoot(settled().belief, changes, LATER),
      JSON.stringify(changes[0]?.kind),
    );
  const { root, documents } = KEYS;
  refused('root-change', { kind: 'retire', keyId: STRANGER.keyId });
  refused('root-change', { kind: 'add', role: 'root', key: documents.publicPair });
  refused('root-change', { kind: 'until', keyId: root.keyId, until: LATER });
  refused('document-malformed', { kind: 'retire', keyId: root.keyId });
  refused('document-malformed', { kind: 'threshold', of: 'root', is: 2 });
});

ceremony('dates no Root before what is held, and drafts the same twice', () => {
  const node = settled();
  const early = draftRoot(node.belief, [{ kind: 'lineage' }], unixMs(0));
  assert.is(readRoot(decodeEnvelope(early)).issuedAt, Number(node.belief.asOf) + 1);
  const bare = { ...node.belief, beacon: null, tick: null, asOf: null };
  const first = draftRoot(bare, [{ kind: 'lineage' }], unixMs(0));
  assert.is(readRoot(decodeEnvelope(first)).issuedAt, node.belief.roots[0]?.root.issuedAt);
  assert.equal(early, draftRoot(node.belief, [{ kind: 'lineage' }], unixMs(0)));
});

// The clock of the drafter had been set back: its key would have ended before it spoke.
ceremony('lets a beacon key live from the date of the Root, whatever the clock reads', () => {
  const node = settled();
  const changes = [{ kind: 'rotate', key: STRANGER.publicPair }] as const;
  const root = readRoot(decodeEnvelope(draftRoot(node.belief, changes, unixMs(0))));
  const lives = root.beaconKeys.find(({ keyId }) => keyId === STRANGER.keyId)?.until ?? 0;
  assert.is(lives - root.issuedAt, BEACON_KEY_LIFE_MS);
});

ceremony.run();
