/** Manifests as read, and names that say nothing to whoever lacks their salt (PROTOCOL §2.3). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { digestOf } from '../../core/digest.ts';
import { MANIFEST_NAMES_MAX, NAME_CHARS_MAX } from '../../core/limits.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { readManifest, saltedKey } from '../../federation/manifest.ts';
import { refuses } from '../refused.ts';
import { CONTENTS, ENTRIES_KEY, forgeManifest, SALT } from './forge.ts';

const manifests = suite('federation/manifest');

const read = (names: JsonObject) => readManifest(decodeEnvelope(forgeManifest(3, names)));
const PIN = { version: '1', digest: digestOf(new Uint8Array()) };

manifests('read versions and digests by name', () => {
  const manifest = readManifest(decodeEnvelope(CONTENTS.manifest));
  assert.is(manifest.version, 1n);
  assert.is(manifest.pins.get('bundle')?.digest, decodeEnvelope(CONTENTS.bundle).digest);
  assert.is(manifest.pins.get(ENTRIES_KEY)?.version, 1n);
});

manifests('let a name leave by a null digest', () => {
  assert.is(read({ gone: { version: '2', digest: null } }).pins.get('gone')?.digest, null);
});

manifests('refuse pins that are none', () => {
  for (const pin of [null, {}, { version: '1' }, { ...PIN, version: 1 }, { ...PIN, digest: 'x' }]) {
    refuses('document-malformed', () => read({ bundle: pin }));
  }
});

manifests('list names of a bounded length, and a bounded number of them', () => {
  const named = (chars: number): JsonObject => ({ ['n'.repeat(chars)]: PIN });
  assert.is(read(named(NAME_CHARS_MAX)).pins.size, 1);
  refuses('document-malformed', () => read(named(NAME_CHARS_MAX + 1)));
  const many = (count: number): JsonObject =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, PIN]));
  assert.is(read(many(MANIFEST_NAMES_MAX)).pins.size, MANIFEST_NAMES_MAX);
  refuses('document-malformed', () => read(many(MANIFEST_NAMES_MAX + 1)));
});

manifests('relay names that nobody here knows', () => {
  assert.ok(read({ 'a-type-to-come/x': PIN }).pins.has('a-type-to-come/x'));
});

manifests('hide a private name behind its salt', () => {
  const key = saltedKey('policy', SALT);
  assert.is(key[0], '~');
  assert.is(key.length, 65);
  assert.is.not(key, saltedKey('policy', digestOf(toUtf8('another salt'))));
  assert.is.not(key, saltedKey('references', SALT));
});

manifests.run();
