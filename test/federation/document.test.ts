/** Heads of contents, and who may read them (PROTOCOL §2.4, §6.4). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../../core/canonical.ts';
import { CONTENT_TYPES, isPublic, readDocument } from '../../federation/document.ts';
import { type DocumentType, decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { saltedKey } from '../../federation/manifest.ts';
import { NO_POLICY, policyBody } from '../../federation/policy.ts';
import { refuses } from '../refused.ts';
import { DOMAIN, ENTRIES_KEY, forgeBeacon, forgeEntries, KEYS, SALT } from './forge.ts';

const documents = suite('federation/document');

function read(type: DocumentType, members: JsonObject) {
  const body = { domain: DOMAIN, version: '1', ...members };
  return readDocument(decodeEnvelope(signEnvelope(type, body, [KEYS.documents])));
}

documents('for everybody bear their type as name', () => {
  const bundle = read('bundle', { keys: [], spiffe_sequence: 1 });
  assert.is(bundle.name, 'bundle');
  assert.is(bundle.key, 'bundle');
  assert.is(read('revocations', {}).key, 'revocations');
});

documents('for the own nodes are listed by their salted name', () => {
  const entries = readDocument(decodeEnvelope(forgeEntries()));
  assert.is(entries.name, 'entries/default');
  assert.is(entries.key, ENTRIES_KEY);
  const policy = read('policy', { name: 'policy', salt: SALT, ...policyBody(NO_POLICY) });
  assert.is(policy.key, saltedKey('policy', SALT));
});

documents('need a version, and the private ones a name and a salt', () => {
  refuses('document-malformed', () => read('revocations', { version: 1 }));
  refuses('document-malformed', () => read('references', { name: 'references' }));
  refuses('document-malformed', () => read('references', { salt: SALT }));
  assert.is(read('references', { name: 'references', salt: SALT }).name, 'references');
});

documents('cannot take the name of another type', () => {
  refuses('document-malformed', () => read('references', { name: 'policy', salt: SALT }));
  const policy = { salt: SALT, ...policyBody(NO_POLICY) };
  refuses('document-malformed', () => read('policy', { name: 'entries/x', ...policy }));
  refuses('document-malformed', () => read('entries', { name: 'policy', salt: SALT }));
});

documents('of entries are named by a group of a plain spelling', () => {
  const named = (name: string) => read('entries', { name, salt: SALT });
  for (const name of ['entries/a', 'entries/0-x', `entries/${'g'.repeat(63)}`]) named(name);
  const bad = [
    'entries',
    'entries/',
    'entries/-x',
    'entries/../policy',
    'entries/a/b',
    'entries/A',
  ];
  for (const name of [...bad, 'entries/?', 'entries/a#', `entries/${'g'.repeat(64)}`]) {
    refuses('document-malformed', () => named(name), name);
  }
});

documents('are of a type that a manifest may pin', () => {
  refuses('document-type', () => readDocument(decodeEnvelope(forgeBeacon().bytes)));
});

documents('are private unless partners have a use for them', () => {
  assert.equal(
    CONTENT_TYPES.filter((type) => isPublic(type)),
    ['bundle', 'revocations'],
  );
  assert.not.ok(isPublic('lease'));
});

documents.run();
