/** Overrides: what two people permit for a day, never one of them, and never beyond it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import type { Digest } from '../../core/digest.ts';
import { OVERRIDE_MS_MAX, OVERRIDES_MAX } from '../../core/limits.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import type { Signer } from '../../core/suite.ts';
import { HOUR_MS, SECOND_MS, unixMs } from '../../core/time.ts';
import type { AdmitContext } from '../../federation/admission.ts';
import { endOverrides } from '../../federation/admit-override.ts';
import { decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { signRecall } from '../../federation/override.ts';
import { overrideDigests, overridesInForce } from '../../federation/overriding.ts';
import { NO_POLICY } from '../../federation/policy.ts';
import {
  decodeProposal,
  encodeProposal,
  lackingOf,
  signProposal,
} from '../../federation/proposal.ts';
import { readRoot } from '../../federation/root.ts';
import { draftRoot } from '../../federation/root-draft.ts';
import { type Permission, permitted, viewOf } from '../../federation/view.ts';
import { answersTo } from '../../federation/want-answer.ts';
import { SUITE, signerOf } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { Climber } from './climber.ts';
import { CONTENTS, DOMAIN, FOUNDED, forgeBeacon, forgeRoot, KEYS, NOW, STRANGER } from './forge.ts';
import { forgeOverride, OVERRIDERS, overrideRoot } from './forge-override.ts';

const overrides = suite('federation/override');

const [ANN, BOB, CY] = OVERRIDERS;

/** A belief whose Root names three people, with the contents of the first epoch. */
function settled(): Climber {
  const root = overrideRoot();
  const { manifest, bundle, entries } = CONTENTS;
  return new Climber(root).take(root, forgeBeacon().bytes, manifest, bundle, entries);
}

/** Whether `action` may rest on the bundle now. */
function judge(node: Climber, action: 'issue' | 'accept-foreign'): Permission {
  const overrides = overridesInForce(node.belief, node.now);
  const view = viewOf(node.belief, node.now, { relation: null, tightening: [], overrides });
  return permitted(view, NO_POLICY, { action, lifetime: action, documents: ['bundle'] });
}

function contextOf(node: Climber): AdmitContext {
  return { suite: SUITE, now: node.now, bootId: node.bootId };
}

const digestIn = (bytes: Uint8Array): Digest => decodeEnvelope(bytes).digest;

overrides('permit one act from their admission to their end, and are stamped on it', () => {
  const node = settled().wait(HOUR_MS);
  assert.is(node.standing.tier, 'EXPIRED');
  assert.not.ok(judge(node, 'accept-foreign').permitted);
  const override = forgeOverride({ issuedAt: NOW + HOUR_MS, forMs: HOUR_MS });
  node.take(override);
  const verdict = judge(node, 'accept-foreign');
  assert.ok(verdict.permitted && verdict.override === digestIn(override));
  assert.is(verdict.until, NOW + 2 * HOUR_MS);
  assert.is(node.standing.tier, 'EXPIRED', 'it raises no tier');
  assert.not.ok(judge(node, 'issue').permitted, 'it is of one act');
  assert.ok(judge(node.wait(HOUR_MS - 1), 'accept-foreign').permitted);
  assert.not.ok(judge(node.wait(1), 'accept-foreign').permitted);
});

overrides('are needed by nothing that is fresh enough', () => {
  const node = settled().take(forgeOverride());
  const verdict = judge(node, 'accept-foreign');
  assert.ok(verdict.permitted && verdict.override === null);
});

overrides('permit down to the tier they name, and not below', () => {
  const node = settled()
    .take(forgeOverride({ tier: 'SURVIVAL' }))
    .wait(25_000);
  assert.is(node.standing.tier, 'SURVIVAL');
  assert.ok(judge(node, 'accept-foreign').permitted);
  assert.is(node.wait(10_000).standing.tier, 'EXPIRED');
  assert.not.ok(judge(node, 'accept-foreign').permitted);
});

overrides('are stored and told before they permit anything', () => {
  const node = settled().take(forgeOverride());
  const kinds = node.last?.notes.map((note) => note.kind);
  assert.equal(kinds, ['audit', 'alarm']);
  assert.ok([...node.records.keys()].some((key) => key.includes('/override/')));
  assert.is(overridesInForce(node.restored(), node.now)[0]?.people.join(), 'Ann,Bob');
});

overrides('refuse one person alone, the same one twice, and whom Root does not name', () => {
  const by = (...signers: readonly Signer[]) => settled().give(forgeOverride({ signers }));
  assert.is(by(ANN), 'threshold-unmet');
  assert.is(by(ANN, STRANGER), 'signer-unknown');
  assert.is(by(ANN, KEYS.documents), 'signer-unknown');
  assert.is(by(BOB, CY), 'admitted');
  assert.is(by(ANN, ANN), 'signer-duplicate');
});

overrides('refuse in a proposal the one who proposed it as the second signer', () => {
  const node = settled();
  const bare = forgeOverride({ signers: [] });
  const read = (envelope: Uint8Array) =>
    decodeProposal(SUITE, toUtf8(encodeProposal(node.belief, envelope)));
  const proposed = signProposal(read(bare), ANN);
  refuses('signer-duplicate', () => signProposal(read(proposed), ANN));
  refuses('signer-unknown', () => signProposal(read(proposed), STRANGER));
  assert.is(lackingOf(read(proposed)).length, 1);
  const whole = signProposal(read(proposed), BOB);
  assert.is(lackingOf(read(whole)).length, 0);
  assert.is(node.give(whole), 'admitted');
});

overrides('refuse more than a day, an end before the beginning, and acts nobody overrides', () => {
  const give = (plan: Parameters<typeof forgeOverride>[0]) => settled().give(forgeOverride(plan));
  assert.is(give({ forMs: OVERRIDE_MS_MAX }), 'admitted');
  assert.is(give({ forMs: OVERRIDE_MS_MAX + 1 }), 'override-span');
  assert.is(give({ forMs: 0 }), 'override-span');
  for (const action of ['revoke', 'report', 'delegate', 'change-policy', 'rule']) {
    assert.is(give({ action }), 'override-scope');
  }
  for (const tier of ['FRESH', 'QUARANTINED']) assert.is(give({ tier }), 'override-scope');
  assert.is(give({ action: 'issue', about: 'red.example' }), 'override-scope');
  assert.is(give({ action: 'issue', about: DOMAIN }), 'admitted');
  assert.is(give({ members: { must: ['later'] } }), 'document-must');
  assert.is(give({ members: { reason: '' } }), 'document-malformed');
});

overrides('refuse what has ended, what is dated ahead, and more than are kept', () => {
  const node = settled();
  assert.is(node.give(forgeOverride({ issuedAt: NOW + 2_001 })), 'override-early');
  assert.is(node.give(forgeOverride({ issuedAt: NOW + 2_000 })), 'admitted');
  const short = forgeOverride({ forMs: SECOND_MS });
  assert.is(node.wait(SECOND_MS).give(short), 'override-ended');
  for (let i = 1; i < OVERRIDES_MAX; i++) node.take(forgeOverride({ members: { reason: `${i}` } }));
  assert.is(node.give(forgeOverride({ members: { reason: 'more' } })), 'overrides-full');
});

overrides('are forgotten at their end, and refused ever after', () => {
  const short = forgeOverride({ forMs: SECOND_MS });
  const node = settled()
    .take(short)
    .wait(SECOND_MS - 1);
  assert.is(endOverrides(contextOf(node), node.belief), null);
  const ended = endOverrides(contextOf(node.wait(1)), node.belief);
  assert.is(ended?.belief.overrides.size, 0);
  assert.is(ended?.notes[0]?.kind, 'audit');
  node.belief = ended?.belief ?? node.belief;
  assert.is(node.give(short), 'override-ended');
});

overrides('are taken back by any one of the people, once, for good', () => {
  const override = forgeOverride();
  const node = settled();
  const recall = (signer: Signer) =>
    signRecall(signer, { domain: DOMAIN, override: digestIn(override) }, unixMs(NOW));
  assert.is(node.give(recall(CY)), 'override-unknown');
  node.take(override);
  assert.is(node.give(recall(STRANGER)), 'signer-unknown');
  const before = overrideDigests(node.belief);
  node.take(recall(CY)).wait(25_000);
  assert.not.equal(overrideDigests(node.belief), before);
  assert.not.ok(judge(node, 'accept-foreign').permitted);
  assert.is(node.give(recall(ANN)), 'document-held');
  assert.is(node.give(override), 'document-held');
});

overrides('end with the role of whoever signed them', () => {
  const node = settled().take(forgeOverride()).wait(25_000);
  assert.ok(judge(node, 'accept-foreign').permitted);
  node.take(overrideRoot({ version: 2, issuedAt: NOW, override: [ANN, CY], retired: [BOB] }));
  assert.not.ok(judge(node, 'accept-foreign').permitted);
});

overrides('end by no clock that may be wrong, and permit nothing meanwhile', () => {
  const node = settled().take(forgeOverride()).wait(25_000);
  const unknown = { ...node.now, isKnown: false };
  assert.equal(overridesInForce(node.belief, unknown), []);
  assert.is(endOverrides({ ...contextOf(node), now: unknown }, node.belief), null);
});

overrides('are answered to nodes of the domain, before their recall, and to nobody else', () => {
  const override = forgeOverride();
  const recalled = { domain: DOMAIN, override: digestIn(override) };
  const node = settled().take(override, signRecall(ANN, recalled, unixMs(NOW)));
  const want = {
    tag: '0',
    what: 'unpinned',
    argument: overrideDigests(node.belief)[0] ?? '',
  } as const;
  const reading = { tag: '0', isGuest: false, isSparse: false, groups: 'every' } as const;
  const types = (isOwnNode: boolean) =>
    answersTo(want, node.belief, { ...reading, isOwnNode }).map((frame) =>
      frame.kind === 'envelope' ? decodeEnvelope(frame.bytes).type : frame.kind,
    );
  assert.equal(types(true), ['override', 'recall']);
  assert.equal(types(false), []);
});

overrides('rest on people whom a Root names by key and by name, each once', () => {
  const root = readRoot(decodeEnvelope(overrideRoot()));
  assert.equal(
    root.override.map(({ name }) => name),
    ['Ann', 'Bob', 'Cy'],
  );
  refuses('document-malformed', () =>
    readRoot(decodeEnvelope(overrideRoot({ names: ['Ann', 'Bob', 'Ann'] }))),
  );
  refuses('document-malformed', () =>
    readRoot(decodeEnvelope(overrideRoot({ names: ['Ann', 'Bob', '\u001b[2J'] }))),
  );
  const first = forgeRoot();
  const node = new Climber(first).take(first);
  const key = signerOf('person/dee').publicPair;
  const drafted = draftRoot(
    node.belief,
    [{ kind: 'override', name: 'Dee', key }],
    unixMs(FOUNDED + 1),
  );
  assert.is(readRoot(decodeEnvelope(drafted)).override[0]?.name, 'Dee');
});

overrides('are of their own domain', () => {
  const domain = parseTrustDomain('red.example');
  const { members } = decodeEnvelope(forgeOverride());
  const foreign = signEnvelope('override', { ...members.json(), domain }, [ANN, BOB]);
  assert.is(settled().give(foreign), 'domain-mismatch');
});

overrides.run();
