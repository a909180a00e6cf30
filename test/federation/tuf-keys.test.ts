/**
 * TUF's conformance suite, carried over: its cases of keys, thresholds and rotation, by its names.
 *
 * Unlike there, a signature too many spoils a document here: both legs of every slot verify, or
 * none of it counts.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8, Writer } from '../../core/bytes.ts';
import { type JsonObject, parseJson } from '../../core/canonical.ts';
import { ED25519_SIGNATURE_BYTES, type Signer } from '../../core/suite.ts';
import { decodeEnvelope, encodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { signerOf } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { Climber, type Outcome, settled } from './climber.ts';
import {
  CONTENTS,
  DOMAIN,
  forgeBeacon,
  forgeRoot,
  KEYS,
  NOW,
  pinOf,
  publicMembers,
} from './forge.ts';

const tuf = suite('federation/tuf-keys');

const people = (names: string): readonly Signer[] =>
  [...names].map((name) => signerOf(`tuf/${name}`));

/** A role: who holds it, and how many of them have to sign. */
interface Holders {
  readonly keys: readonly Signer[];
  readonly threshold: number;
}

const held = (names: string, threshold: number): Holders => ({ keys: people(names), threshold });

/** A Root whose documents role has these holders. */
function rootOf(version: number, { keys, threshold }: Holders): Uint8Array {
  const whole = parseJson(decodeEnvelope(forgeRoot({ version })).payload) as JsonObject;
  const { [KEYS.documents.keyId]: _founded, ...others } = whole.keys as JsonObject;
  const named = Object.fromEntries(keys.map((key) => [key.keyId, publicMembers(key)]));
  const documents = { keys: keys.map(({ keyId }) => keyId), threshold };
  const roles = { ...(whole.roles as JsonObject), documents };
  return forgeRoot({ version, members: { keys: { ...others, ...named }, roles } });
}

/** How a manifest ends that `signers` signed, under a Root of those holders. */
function manifestBy(holders: Holders, signers: readonly Signer[]): Outcome {
  const root = rootOf(1, holders);
  const manifest = manifestOf(1, signers);
  return new Climber(root).take(root, forgeBeacon({ manifest }).bytes).give(manifest);
}

function manifestOf(version: number, signers: readonly Signer[]): Uint8Array {
  const names = { bundle: pinOf(CONTENTS.bundle) };
  return signEnvelope('manifest', { domain: DOMAIN, version: String(version), names }, signers);
}

tuf('snapshot_does_not_meet_threshold: two of three sign, or nobody did', () => {
  const three = held('abc', 2);
  assert.is(manifestBy(three, people('a')), 'threshold-unmet');
  assert.is(manifestBy(three, people('ac')), 'admitted');
});

tuf('snapshot_has_too_few_keys: no role demands more keys than it has', () => {
  const root = rootOf(1, held('abcde', 6));
  assert.is(new Climber(root).give(root), 'document-malformed');
});

tuf('duplicate_keys: one key is listed once, however often it stands there', () => {
  const nine = rootOf(1, {
    keys: Array.from({ length: 9 }, () => signerOf('tuf/a')),
    threshold: 6,
  });
  assert.is(new Climber(nine).give(nine), 'document-malformed');
});

tuf('duplicate_sig_keyids: a key that signs twice spoils what it signs', () => {
  const { type, slots, payload } = decodeEnvelope(manifestOf(1, people('ab')));
  const [first] = slots;
  const twice = encodeEnvelope(type, first === undefined ? [] : [...slots, first], payload);
  refuses('signer-duplicate', () => decodeEnvelope(twice));
});

tuf('keytype_and_scheme: one good leg under garbage in the other is no signature', () => {
  const { type, slots, payload } = decodeEnvelope(CONTENTS.manifest);
  const node = new Climber().take(forgeRoot(), forgeBeacon().bytes);
  const bent = (at: number): Outcome => {
    const copies = slots.map(({ keyId, signature }) => {
      const copy = signature.slice() as typeof signature;
      copy[at] = (copy[at] ?? 0) ^ 1;
      return { keyId, signature: copy };
    });
    return node.give(encodeEnvelope(type, copies, payload));
  };
  assert.is(bent(0), 'signature-invalid');
  assert.is(bent(ED25519_SIGNATURE_BYTES), 'signature-invalid');
  node.take(CONTENTS.manifest);
});

tuf('invalid_sig_in_valid_metadata: one bad signature spoils a threshold that is met', () => {
  const three = held('abc', 2);
  assert.is(manifestBy(three, people('abc')), 'admitted');
  const root = rootOf(1, three);
  const manifest = manifestOf(1, people('abc'));
  const { type, slots, payload } = decodeEnvelope(manifest);
  const other = decodeEnvelope(manifestOf(2, people('abc'))).slots;
  const [, , last] = other;
  const mixed = [...slots.slice(0, 2), ...(last === undefined ? [] : [last])];
  const node = new Climber(root).take(root, forgeBeacon({ manifest }).bytes);
  assert.is(node.give(encodeEnvelope(type, mixed, payload)), 'signature-invalid');
});

/** A rotation: who held the role, who holds it then, who signs, and how that ends. */
type Rotation = readonly [
  name: string,
  before: Holders,
  after: Holders,
  signers: string,
  outcome: Outcome,
];

const ROOT_ROTATIONS: readonly Rotation[] = [
  ['1-of-1 rotates', held('a', 1), held('b', 1), 'ab', 'admitted'],
  ['1-of-1 with an unused signature', held('a', 1), held('b', 1), 'abz', 'signer-unknown'],
  ['3-of-5, other three', held('abcde', 3), held('abcde', 3), 'bde', 'admitted'],
  ['3-of-5, one key rotated', held('abcde', 3), held('abcdf', 3), 'abc', 'admitted'],
  ['3-of-5, one rotated, by old and new', held('abcde', 3), held('bcdef', 3), 'bcdf', 'admitted'],
  ['3-of-5, all rotated at once', held('abcde', 3), held('fghij', 3), 'abcfgh', 'admitted'],
  ['threshold 1 to 2', held('ab', 1), held('ab', 2), 'ab', 'admitted'],
  ['threshold 2 to 1', held('ab', 2), held('ab', 1), 'ab', 'admitted'],
  ['1-of-2 to 2-of-2', held('ab', 1), held('ac', 2), 'ac', 'admitted'],
  ['not signed with the old key', held('a', 1), held('b', 1), 'b', 'threshold-unmet'],
  ['not signed with the new key', held('a', 1), held('b', 1), 'a', 'threshold-unmet'],
  ['not with three new keys', held('abcde', 3), held('fghij', 3), 'abcfg', 'threshold-unmet'],
  ['not with three old keys', held('abcde', 3), held('fghij', 3), 'abfgh', 'threshold-unmet'],
  ['threshold bump not reached', held('ab', 1), held('ab', 2), 'a', 'threshold-unmet'],
  ['decrement without the old one', held('ab', 2), held('ab', 1), 'a', 'threshold-unmet'],
];

for (const [name, before, after, signers, outcome] of ROOT_ROTATIONS) {
  tuf(`root_rotation: ${name}`, () => {
    const first = forgeRoot({ root: before.keys, threshold: before.threshold });
    const signed = people(signers);
    const next = { version: 2, root: after.keys, threshold: after.threshold, signers: signed };
    const node = new Climber(first).take(first);
    assert.is(node.give(forgeRoot(next)), outcome);
    assert.is(node.belief.roots.length, outcome === 'admitted' ? 2 : 1);
  });
}

tuf('root_rotation: all five through an intermediate step', () => {
  const council = (names: string) => ({ root: people(names), threshold: 3 });
  const first = forgeRoot(council('abcde'));
  const middle = forgeRoot({ version: 2, ...council('cdefg'), signers: people('cdefg') });
  const last = forgeRoot({ version: 3, ...council('fghij'), signers: people('fghde') });
  const short = forgeRoot({ version: 3, ...council('fghij'), signers: people('fghij') });
  const skipping = forgeRoot({ version: 2, ...council('fghij'), signers: people('fghij') });
  const node = new Climber(first).take(first);
  assert.is(node.give(skipping), 'threshold-unmet');
  node.take(middle);
  assert.is(node.give(short), 'threshold-unmet');
  node.take(last);
});

const DOCUMENT_ROTATIONS: readonly Rotation[] = [
  ['1-of-1 rotates', held('a', 1), held('b', 1), 'b', 'admitted'],
  ['1-of-1 with an unused signature', held('a', 1), held('b', 1), 'bz', 'signer-surplus'],
  ['3-of-5, other three', held('abcde', 3), held('abcde', 3), 'bde', 'admitted'],
  ['3-of-5, one key rotated', held('abcde', 3), held('abcdf', 3), 'abf', 'admitted'],
  ['3-of-5, all rotated', held('abcde', 3), held('fghij', 3), 'fgh', 'admitted'],
  ['threshold 1 to 2', held('ab', 1), held('ab', 2), 'ab', 'admitted'],
  ['threshold 2 to 1', held('ab', 2), held('ab', 1), 'a', 'admitted'],
  ['not signed with the new key', held('a', 1), held('b', 1), 'a', 'signer-unknown'],
  ['not with three new keys', held('abcde', 3), held('fghij', 3), 'fg', 'threshold-unmet'],
  ['threshold bump not reached', held('ab', 1), held('ab', 2), 'a', 'threshold-unmet'],
];

for (const [name, before, after, signers, outcome] of DOCUMENT_ROTATIONS) {
  tuf(`non_root_rotations: documents, ${name}`, () => {
    const first = rootOf(1, before);
    const manifest = manifestOf(2, people(signers));
    const beacon = forgeBeacon({ root: 2, manifest }).bytes;
    const node = new Climber(first).take(first, rootOf(2, after), beacon);
    assert.is(node.give(manifest), outcome);
  });
}

/** How a beacon of rank `rank` ends after a Root that gives rank 2 to a new key. */
function beaconAfterRotation(rank: number, signer: Signer, retire: boolean): Outcome {
  const fresh = signerOf('tuf/beacon');
  const root = forgeRoot({
    ...{ version: 2, issuedAt: NOW, beacon: [fresh], ranks: [2] },
    retired: retire ? KEYS.beacon : [],
  });
  const plan = { root: rank === 2 ? 2 : 1, epoch: 2, rank, issuedAt: NOW + 1_000, signer };
  return settled().wait(1_000).take(root).give(forgeBeacon(plan).bytes);
}

tuf('non_root_rotations: beacon, by the new key, by the old one, and by a stranger', () => {
  assert.is(beaconAfterRotation(2, signerOf('tuf/beacon'), true), 'admitted');
  assert.is(beaconAfterRotation(0, KEYS.beacon[0], true), 'beacon-key-replaced');
  assert.is(beaconAfterRotation(0, KEYS.beacon[0], false), 'beacon-key-replaced');
  assert.is(beaconAfterRotation(2, KEYS.beacon[0], true), 'signer-unknown');
});

tuf('twelve_roots: a node that was away climbs twelve rotations of every key', () => {
  const node = settled();
  let old: readonly Signer[] = [KEYS.root];
  for (let version = 2; version <= 13; version++) {
    const root = [0, 1, 2].map((i) => signerOf(`tuf/${version}/${i}`));
    const plan = {
      version,
      root,
      threshold: 2,
      signers: [...old.slice(0, 2), ...root.slice(0, 2)],
    };
    const skipped = forgeRoot({ ...plan, version: version + 1 });
    assert.is(node.give(skipped), 'root-step');
    node.take(forgeRoot(plan));
    old = root;
  }
  assert.is(node.belief.roots.length, 13);
  assert.is(node.restart('boot-2', 10).belief.roots.length, 13);
});

tuf('a thousand signatures are refused by their number, before any is read', () => {
  for (const count of [17, 255]) {
    const bytes = new Writer().raw(toUtf8('HFE1')).u8(8).raw(toUtf8('manifest')).u8(count).finish();
    refuses('signer-surplus', () => decodeEnvelope(bytes));
  }
});

tuf.run();
