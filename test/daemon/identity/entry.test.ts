/** Registration entries: every member in and out of its range, and how callers match. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  encodeCanonical,
  type Json,
  type JsonObject,
  parseCanonical,
} from '../../../core/canonical.ts';
import {
  DNS_NAMES_MAX,
  JWT_SVID_TTL_MS,
  JWT_SVID_TTL_MS_MAX,
  SELECTORS_MAX,
  SVID_TTL_MS,
  SVID_TTL_MS_MAX,
  SVID_TTL_MS_MIN,
} from '../../../core/limits.ts';
import { parseTrustDomain, type TrustDomain } from '../../../core/spiffe-id.ts';
import { addMs, unixMs } from '../../../core/time.ts';
import {
  createEntry as createEntryAt,
  type EntryDraft,
  encodeEntry,
  parseEntry as parseEntryOf,
} from '../../../daemon/identity/entry.ts';
import { encodeEntries, parseEntries, parseGroup } from '../../../daemon/identity/entry-group.ts';
import { EntryIndex } from '../../../daemon/identity/entry-index.ts';
import { parseSelector } from '../../../daemon/identity/selector.ts';
import { refused } from '../refused.ts';

const entries = suite('daemon/identity/entry');

const HOME = parseTrustDomain('home.example');
const NOW = unixMs(Date.UTC(2026, 10, 21));
const createEntry = (draft: EntryDraft, domain: TrustDomain) => createEntryAt(draft, domain, NOW);
const parseEntry = (value: Json, domain: TrustDomain) => parseEntryOf(value, domain, 'default');
const web = createEntry(
  {
    spiffeId: 'spiffe://home.example/web',
    selectors: ['unix:uid:1000', 'unix:gid:1000'],
    federatesWith: ['b.example', 'a.example'],
  },
  HOME,
);
const proper = encodeEntry(web);

entries('puts lists in order and takes the default life', () => {
  assert.equal(web.selectors, ['unix:gid:1000', 'unix:uid:1000']);
  assert.equal(web.federatesWith, ['a.example', 'b.example']);
  assert.is(web.x509SvidTtlMs, SVID_TTL_MS);
  assert.is(web.revision, 1);
});

entries('is named by its ID and selectors alone', () => {
  const draft = { spiffeId: web.spiffeId, selectors: web.selectors };
  const other = createEntry({ ...draft, x509SvidTtlMs: 60_000, hint: 'internal' }, HOME);
  assert.match(web.id, /^e-[0-9a-f]{16}$/);
  assert.is(other.id, web.id);
  assert.is.not(createEntry({ ...draft, selectors: ['unix:uid:1000'] }, HOME).id, web.id);
});

entries('leaves out the kind of key and the life of tokens where they are the default', () => {
  assert.equal([web.keyType, web.jwtSvidTtlMs], ['ec-p256', JWT_SVID_TTL_MS]);
  assert.ok(!('keyType' in proper) && !('jwtSvidTtlMs' in proper));
  const draft = { spiffeId: web.spiffeId, selectors: web.selectors };
  const modern = createEntry({ ...draft, keyType: 'ml-dsa-65', jwtSvidTtlMs: 60_000 }, HOME);
  const written = encodeEntry(modern);
  assert.equal([written.keyType, written.jwtSvidTtlMs], ['ml-dsa-65', 60_000]);
  assert.equal(parseEntry(written, HOME), modern);
});

entries('says all it may say, and reads back what it wrote', () => {
  const whole = createEntry(
    {
      spiffeId: web.spiffeId,
      selectors: web.selectors,
      parent: 'spiffe://home.example/holdfast/node/0123456789abcdef',
      dnsNames: ['web.home.example', '*.web.home.example'],
      admin: true,
      minAssurance: 'tpm',
      expiresAt: addMs(NOW, 60_000),
    },
    HOME,
  );
  const written = encodeEntry(whole);
  assert.equal(parseEntry(written, HOME), whole);
  assert.equal(written.dnsNames, ['*.web.home.example', 'web.home.example']);
  assert.equal([written.expiresAt, written.minAssurance], [String(NOW + 60_000), 'tpm']);
  assert.is(written.createdAt, String(NOW));
});

entries('of older versions read as they were signed, under the name they had', () => {
  const { createdAt: _none, ...old } = proper;
  const read = parseEntry(old, HOME);
  assert.equal(read, { ...web, createdAt: 0 });
  assert.equal(encodeEntry(read), old);
  assert.is(read.id, 'e-835b468441f35d3b');
});

entries('of another group or parent are others, under names of their own', () => {
  const draft = { spiffeId: web.spiffeId, selectors: web.selectors };
  const parent = 'spiffe://home.example/holdfast/node/0123456789abcdef';
  const ids = [{}, { group: 'edge' }, { parent }, { group: 'edge', parent }].map(
    (place) => createEntry({ ...draft, ...place }, HOME).id,
  );
  assert.is(new Set(ids).size, ids.length);
});

entries('stand in the document of their group, whose name is bounded', async () => {
  const edge = createEntry({ spiffeId: web.spiffeId, selectors: ['unix:uid:1'], group: 'e' }, HOME);
  const body = encodeEntries('e', [web, edge]);
  assert.equal(parseEntries(body, HOME), [edge]);
  assert.is(parseGroup('a'.repeat(63)), 'a'.repeat(63));
  for (const group of ['', '-a', 'A', 'a/b', 'a.b', 'a'.repeat(64), 7, undefined]) {
    await refused(() => parseGroup(group), 'entry-malformed');
  }
  await refused(() => parseEntries({ ...body, group: 'other' }, HOME), 'entry-malformed');
});

entries('give no workload the ID of a node', async () => {
  const draft = { spiffeId: 'spiffe://home.example/holdfast/node/a', selectors: ['unix:uid:1'] };
  await refused(() => createEntry(draft, HOME), 'entry-malformed');
  createEntry({ ...draft, spiffeId: 'spiffe://home.example/holdfasts' }, HOME);
});

entries('refuses a default that is written out, and another kind of key or life', async () => {
  for (const wrong of [
    { keyType: 'ec-p256' },
    { keyType: 'rsa-2048' },
    { dnsNames: [] },
    { admin: false },
    { parent: null },
    { expiresAt: null },
    { minAssurance: 'software' },
    { createdAt: '0' },
    { jwtSvidTtlMs: JWT_SVID_TTL_MS },
    { jwtSvidTtlMs: JWT_SVID_TTL_MS_MAX + 1 },
    { jwtSvidTtlMs: 1 },
  ]) {
    await refused(() => parseEntry({ ...proper, ...wrong }, HOME), 'entry-malformed');
  }
});

entries('reads back what it wrote, from canonical bytes', () => {
  const api = createEntry(
    { spiffeId: 'spiffe://home.example/api', selectors: ['unix:uid:7'] },
    HOME,
  );
  const body = encodeEntries('default', [web, api]);
  const again = parseEntries(parseCanonical(encodeCanonical(body)) as JsonObject, HOME);
  assert.equal(
    [...again].sort(),
    [web, api].sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
});

const HOSTS = Array.from({ length: DNS_NAMES_MAX + 1 }, (_, i) => `h${10 + i}.example`);

const WRONG: readonly (readonly [string, JsonObject])[] = [
  ['an unknown member', { root: true }],
  ['a foreign ID', { spiffeId: 'spiffe://away.example/web' }],
  ['an ID of the cell of another group', { spiffeId: 'spiffe://cell7.home.example/web' }],
  ['an ID without a path', { spiffeId: 'spiffe://home.example' }],
  ['no selectors', { selectors: [] }],
  ['selectors out of order', { selectors: ['unix:uid:1000', 'unix:gid:1000'] }],
  ['a selector twice', { selectors: ['unix:uid:1', 'unix:uid:1'] }],
  ['a life too short', { x509SvidTtlMs: SVID_TTL_MS_MIN - 1 }],
  ['a life too long', { x509SvidTtlMs: SVID_TTL_MS_MAX + 1 }],
  ['a life that is no integer', { x509SvidTtlMs: 60_000.5 }],
  ['partners out of order', { federatesWith: ['b.example', 'a.example'] }],
  ['its own domain as partner', { federatesWith: ['home.example'] }],
  ['a parent of another domain', { parent: 'spiffe://away.example/holdfast/node/01' }],
  ['a parent without a path', { parent: 'spiffe://home.example' }],
  ['names of hosts out of order', { dnsNames: ['b.example', 'a.example'] }],
  ['a name of a host in upper case', { dnsNames: ['Web.example'] }],
  ['an address for a name', { dnsNames: ['192.0.2.1'] }],
  ['a name for all of a top level', { dnsNames: ['*.example'] }],
  ['too many names of hosts', { dnsNames: HOSTS }],
  ['an admin that is no flag', { admin: 'yes' }],
  ['an assurance that nobody knows', { minAssurance: 'hardware' }],
  ['an end within a second', { expiresAt: '1800000000500' }],
  ['an end that is no text', { expiresAt: 1_800_000_000_000 }],
  ['an end with a leading zero', { expiresAt: '01800000000000' }],
  ['a hint too long', { hint: 'ü'.repeat(513) }],
  ['a revision of zero', { revision: 0 }],
  ['another name', { id: 'e-0123456789abcdef' }],
];

for (const [sentence, change] of WRONG) {
  entries(`refuses ${sentence}`, async () => {
    await refused(() => parseEntry({ ...proper, ...change }, HOME), 'entry-malformed');
  });
}

entries('refuses an entry that lacks any one member', async () => {
  for (const absent of Object.keys(proper).filter((name) => name !== 'createdAt')) {
    const rest = Object.fromEntries(Object.entries(proper).filter(([name]) => name !== absent));
    await refused(() => parseEntry(rest, HOME), 'entry-malformed');
  }
});

entries('refuses malformed selectors and partners by their own codes', async () => {
  await refused(() => parseEntry({ ...proper, selectors: ['uid:1'] }, HOME), 'selector-malformed');
  await refused(
    () => parseEntry({ ...proper, federatesWith: ['A.example'] }, HOME),
    'trust-domain-invalid',
  );
});

entries('bounds the selectors of one entry', async () => {
  const draft = (count: number) => ({
    spiffeId: web.spiffeId,
    selectors: Array.from({ length: count }, (_, i) => `unix:gid:${i}`),
  });
  createEntry(draft(SELECTORS_MAX), HOME);
  await refused(() => createEntry(draft(SELECTORS_MAX + 1), HOME), 'entry-malformed');
});

entries('refuses a list out of order, with an entry twice, or none at all', async () => {
  for (const list of [[proper, proper], 'none', undefined]) {
    const body = list === undefined ? { group: 'default' } : { group: 'default', entries: list };
    await refused(() => parseEntries(body, HOME), 'entry-malformed');
  }
});

entries('are found for a caller that shows every selector, and no other', () => {
  const index = new EntryIndex([web]);
  const shows = (...texts: string[]) => index.match(texts.map(parseSelector), NOW);
  assert.equal(shows('unix:uid:1000', 'unix:gid:1000', 'unix:gid:4'), [web]);
  assert.equal(shows('unix:uid:1000', 'unix:uid:1000'), []);
  assert.equal(shows('unix:gid:1000'), []);
  assert.equal(shows(), []);
});

entries('hold to the last millisecond before the second they end in', () => {
  const end = addMs(NOW, 60_000);
  const draft = { spiffeId: web.spiffeId, selectors: ['unix:uid:1'], expiresAt: end };
  const index = new EntryIndex([createEntry(draft, HOME), web]);
  const found = (at: number) => index.match([parseSelector('unix:uid:1')], unixMs(at)).length;
  assert.equal([found(end - 1), found(end)], [1, 0]);
  assert.is(index.nextEnd, end);
  assert.equal([index.end(unixMs(end - 1)), index.end(end), index.end(end)], [false, true, false]);
  assert.is(index.nextEnd, undefined);
});

entries('are found in the order of ids, each once', () => {
  const drafts = ['a', 'b', 'c', 'd'].map((name) =>
    createEntry({ spiffeId: `spiffe://home.example/${name}`, selectors: ['unix:uid:1'] }, HOME),
  );
  const uid = parseSelector('unix:uid:1');
  const found = new EntryIndex(drafts).match([uid, uid], NOW).map(({ id }) => id);
  assert.equal(found, drafts.map(({ id }) => id).sort());
});

entries.run();
