/**
 * A partner of a later version: it says by frames, documents and members of its own what is new in
 * it, and what both versions know goes on between the two (PROTOCOL §6.1).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { encodeCanonical } from '../../core/canonical.ts';
import { digestOf, sha256 } from '../../core/digest.ts';
import { STRIKES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { encodeBlock } from '../../federation/armour.ts';
import type { GrantedTerms } from '../../federation/authority.ts';
import { type DocumentType, encodeEnvelope, signSlot } from '../../federation/envelope.ts';
import { encodeFrame } from '../../federation/message.ts';
import { Coalition } from '../fakes/coalition.ts';
import {
  CONTENTS,
  DOMAIN,
  ENTRIES_KEY,
  forgeBeacon,
  forgeBundle,
  forgeManifest,
  forgeRoot,
  KEYS,
  NOW,
  pinOf,
} from './forge.ts';

const later = suite('federation/later-version');

/** More often than anybody may be provably wrong. */
const OFTEN = 2 * STRIKES_MAX;
/** What its domain stood by when we related to it. */
const FIRST = forgeBeacon({ manifest: CONTENTS.manifest });

/** A file of that domain, for whoever relates to it. */
const FILE = Object.entries({
  ...{ root: forgeRoot(), beacon: FIRST.bytes },
  ...{ manifest: CONTENTS.manifest, bundle: CONTENTS.bundle },
})
  .map(([label, bytes]) => encodeBlock(label, bytes))
  .join('');

/** Our machine, which relates to that domain and is linked with a node of it. */
function linked() {
  const red = new Coalition(NOW).add({ name: 'red' });
  red.relate(FILE);
  const binding = sha256(toUtf8('a link'));
  red.input({ kind: 'peer-up', peer: 'later', domain: DOMAIN, groups: 'every', binding });
  const hear = (bytes: Uint8Array): string =>
    red.input({ kind: 'frame', peer: 'later', bytes }).verdict?.code ?? 'admitted';
  const give = (bytes: Uint8Array): string => hear(encodeFrame({ kind: 'envelope', bytes }));
  const wait = (ms: number): void => {
    red.wallMs += ms;
    red.bootNowMs += ms;
    red.input({ kind: 'wake' });
  };
  return { red, hear, give, wait };
}

/** A document of a type that no version before had, signed as the other contents are. */
function makeNovelty() {
  const type = 'novelty' as DocumentType;
  const payload = encodeCanonical({ domain: DOMAIN, type, version: '2' });
  const bytes = encodeEnvelope(type, [signSlot(type, payload, KEYS.documents)], payload);
  return { bytes, pin: { version: '2', digest: digestOf(payload) } };
}

const NOVELTY = makeNovelty();
const GRANTED: GrantedTerms = {
  ...{ kind: 'slices', assurance: 'software', group: 'default', chip: null, references: null },
};

later('says what we cannot read, and stays whom we speak to', () => {
  const { red, hear, give, wait } = linked();
  for (let i = 0; i < OFTEN; i++) {
    assert.is(hear(Uint8Array.of(0x0f, i)), 'frame-unknown');
    assert.is(give(NOVELTY.bytes), 'document-unknown');
    assert.is(give(forgeBundle(1, { must: ['novelty'] })), 'document-must');
  }
  assert.equal(red.banned, []);
  wait(1_000);
  assert.is(hear(encodeFrame({ kind: 'tick', bytes: FIRST.tick(1) })), 'admitted');
  assert.is(red.view(DOMAIN).tick, 1);
});

later('pins what we cannot read, and what we can goes on', () => {
  const { red, hear, give, wait } = linked();
  const pins = { [ENTRIES_KEY]: pinOf(CONTENTS.entries), novelty: NOVELTY.pin };
  const publish = (epoch: number, bundle: Uint8Array) => {
    wait(2_000);
    const manifest = forgeManifest(epoch, { ...pins, bundle: pinOf(bundle) });
    const beacon = forgeBeacon({ epoch, manifest, issuedAt: red.wallMs });
    assert.is(give(beacon.bytes), 'admitted');
    assert.is(give(manifest), 'admitted');
    return beacon;
  };
  const second = publish(2, forgeBundle(2));
  assert.is(give(forgeBundle(2)), 'admitted');
  for (let i = 0; i < OFTEN; i++) assert.is(give(NOVELTY.bytes), 'document-unknown');
  wait(1_000);
  assert.is(hear(encodeFrame({ kind: 'tick', bytes: second.tick(1) })), 'admitted');
  assert.is(red.view(DOMAIN).standing.tier, 'FRESH');
  assert.is(red.view(DOMAIN).documents.get('bundle')?.version, 2n);

  const demanding = forgeBundle(3, { must: ['novelty'] });
  const third = publish(3, demanding);
  for (let i = 0; i < OFTEN; i++) assert.is(give(demanding), 'document-must');
  wait(1_000);
  assert.is(hear(encodeFrame({ kind: 'tick', bytes: third.tick(1) })), 'admitted');
  assert.is(red.view(DOMAIN).tick, 1);
  assert.is(red.view(DOMAIN).documents.get('bundle')?.version, 2n);
  assert.equal(red.banned, []);
});

later('hands over files with what we cannot read, and we take the rest', () => {
  const novelty = encodeBlock('novelty', NOVELTY.bytes);
  const red = new Coalition(NOW).add({ name: 'red' });
  const answerTo = (file: string) => red.replies.get(red.relate(file));
  const damaged = answerTo(FILE + encodeBlock('bundle', NOVELTY.bytes));
  assert.is(damaged instanceof Refusal && damaged.code, 'document-unknown');
  assert.not.ok(answerTo(FILE + novelty) instanceof Refusal);
  assert.is(red.view(DOMAIN).documents.get('bundle')?.version, 1n);

  const world = new Coalition();
  const [blue, member] = [
    world.add({ name: 'blue' }),
    world.add({ name: 'box', memberOf: 'blue' }),
  ];
  for (const what of ['enrolled', 'renewed']) {
    world.advance(1_000);
    const { lease, file } = blue.node.grant(blue.now, member.keys.node.publicPair, GRANTED);
    const { firstRoot } = blue.view();
    const answer = member.install({ firstRoot, file: toUtf8(file + novelty), lease });
    assert.not.ok(answer instanceof Refusal, what);
  }
});

later('pays for what nobody can read as for all that its domain moves', () => {
  const { hear } = linked();
  const frame = new Uint8Array(1024 * 1024).fill(0x0f);
  const outcomes = Array.from({ length: 40 }, () => hear(frame));
  assert.is(outcomes[0], 'frame-unknown');
  assert.is(outcomes.at(-1), 'domain-budget');
});

later.run();
