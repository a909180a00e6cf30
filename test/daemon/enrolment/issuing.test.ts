/**
 * What a member may issue by each kind of lease, both sides of it, cut off and captured.
 *
 * Reason: one rig of both sides, and each kind of lease in the same situations.
 */

import { X509Certificate } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { type Digest, digestOf } from '../../../core/digest.ts';
import { Failure } from '../../../core/failure.ts';
import {
  ENROL_REQUEST_BYTES_MAX,
  SLICE_OVERLAP_MS,
  SLICE_WINDOW_MS,
  SLICES_PER_REQUEST_MAX,
} from '../../../core/limits.ts';
import { Refusal } from '../../../core/refusal.ts';
import { addMs, DAY_MS, HOUR_MS, type UnixMs } from '../../../core/time.ts';
import { authorityIssuing } from '../../../daemon/enrolment/authority-issuing.ts';
import { HeldIssuing } from '../../../daemon/enrolment/held-issuing.ts';
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
} from '../../../daemon/enrolment/issuing-messages.ts';
import { SliceBook } from '../../../daemon/enrolment/slice-book.ts';
import { SliceKeys } from '../../../daemon/enrolment/slice-keys.ts';
import { windowOf } from '../../../daemon/enrolment/slice-window.ts';
import { decodeCertificate } from '../../../daemon/identity/certificate.ts';
import { IdentityDirectory } from '../../../daemon/identity/directory.ts';
import { createEntry, type Entry, type EntryDraft } from '../../../daemon/identity/entry.ts';
import { OVERRIDE_CLAIM } from '../../../daemon/identity/jwt-svid.ts';
import { verifyJwtSvid } from '../../../daemon/identity/jwt-verify.ts';
import { nodeSpiffeId } from '../../../daemon/identity/node-id.ts';
import { openPrivateKey } from '../../../daemon/identity/private-key.ts';
import { parseSelector } from '../../../daemon/identity/selector.ts';
import { createX509Authority, openX509Authority } from '../../../daemon/identity/x509-authority.ts';
import { verifyX509Svid } from '../../../daemon/identity/x509-verify.ts';
import type { Lease } from '../../../federation/lease.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { refuses } from '../../refused.ts';
import { NODE, softwareKey } from '../identity/captured.ts';
import { HOME, testTrust } from '../identity/trust.ts';
import { refused } from '../refused.ts';

const issuing = suite('daemon/enrolment/issuing');

const CALLER = [parseSelector('unix:uid:1000')];
const OWN_ID = nodeSpiffeId(HOME, NODE);

/** A custody in memory, for secrets of a test. */
function memoryCustody() {
  const held = new Map<string, Uint8Array>();
  return {
    has: async (name: string) => held.has(name),
    create: async (name: string, secret: Uint8Array) => void held.set(name, secret),
    load: async (name: string) => held.get(name) ?? new Uint8Array(0),
    destroy: async (name: string) => void held.delete(name),
  };
}

/** An authority and one member of it that was never online yet. */
async function open(kind: Lease['kind'], change: Partial<Lease> = {}) {
  const clock = new FakeClock({ wallMs: Date.UTC(2026, 10, 21, 1) });
  const start = clock.now().wall;
  const trust = testTrust(start);
  const entries: Entry[] = [];
  const state = {
    until: addMs(start, 7 * DAY_MS) as UnixMs | Refusal,
    isReachable: true,
    revoked: new Set<string>(),
    noted: [] as string[],
    override: null as Digest | null,
    trusted: new Set([trust.authority.id]),
  };
  const lease = {
    ...{ domain: HOME, node: NODE, kind, group: 'default', assurance: 'software' },
    notAfter: addMs(start, 7 * DAY_MS),
    ...change,
  } as Lease;
  const desk = authorityIssuing({
    ...{ clock, random: trust.random, signers: trust.signers },
    entries: () => entries,
    until: () => state.until,
    override: () => state.override,
    pause: async () => undefined,
    onIssued: ({ serial }) => state.noted.push(serial),
  });
  const store = new MemoryStore();
  const custody = memoryCustody();
  const key = softwareKey();
  /** Opens the member anew over what it stored, as a start does. */
  const member = async (): Promise<HeldIssuing> => {
    const keys = await SliceKeys.open(custody, trust.random);
    const slices = new SliceBook({ store, records: await store.load(), keys });
    const held = new HeldIssuing({
      ...{ clock, random: trust.random, key, keys, slices },
      entries: () => entries,
      isTrusted: (id) => state.trusted.has(id),
      isRevoked: (serial) => state.revoked.has(serial),
      ask: async (request) => {
        if (!state.isReachable) throw new Failure('peer-unreachable', 'cut off');
        return desk.issue(lease, request);
      },
    });
    held.resume(lease);
    return held;
  };
  const topUp = async (held: HeldIssuing): Promise<void> =>
    held.install(lease, await desk.issue(lease, held.requestMore()));
  const add = (name: string, draft: Partial<EntryDraft> = {}): Entry => {
    const spiffeId = `spiffe://home.example/${name}`;
    const entry = createEntry({ spiffeId, selectors: ['unix:uid:1000'], ...draft }, HOME, start);
    entries.push(entry);
    return entry;
  };
  /** What a workload of the member gets now. */
  const served = async (held: HeldIssuing) => {
    const { until } = state;
    const renewUntil = until instanceof Refusal ? lease.notAfter : until;
    const view = trust.view(entries, { issueUntil: new Refusal('tier-insufficient'), renewUntil });
    const directory = new IdentityDirectory({ clock, random: trust.random, source: held, view });
    try {
      return (await directory.identitiesOf(CALLER)).identities.map(({ svid }) => svid);
    } finally {
      directory.close();
    }
  };
  return { clock, start, trust, entries, state, lease, desk, member, topUp, add, served };
}

const ordered = (entry: Entry, now: UnixMs) => ({
  spiffeId: entry.spiffeId,
  now,
  notAfter: addMs(now, HOUR_MS),
});

issuing('of slices gives leaves in advance, and a restart while cut off serves them', async () => {
  const s = await open('slices');
  s.add('web');
  s.add('modern', { keyType: 'ml-dsa-65' });
  const stored = createX509Authority(HOME, s.start, s.trust.random, 'ml-dsa-65');
  const modern = openX509Authority(HOME, stored);
  s.trust.signers.mlDsa65 = { x509: modern, jwt: s.trust.signers.jwtSigner };
  s.state.trusted.add(modern.id);
  await s.topUp(await s.member());
  s.state.isReachable = false;
  const roots = new Map([[HOME, [s.trust.authority.certificate.der, stored.certificateDer]]]);
  const serials = new Set<string>();
  for (let window = 0; window < 28; window++) {
    const now = s.clock.now().wall;
    for (const svid of await s.served(await s.member())) {
      const { notAfter } = verifyX509Svid(svid.certificatesDer, roots, now);
      assert.ok(notAfter <= s.lease.notAfter);
      const leaf = new X509Certificate(svid.certificatesDer[0] ?? '');
      assert.ok(leaf.checkPrivateKey(openPrivateKey(svid.privateKeyPkcs8)));
      serials.add(svid.serial);
    }
    s.clock.advance(SLICE_WINDOW_MS);
  }
  assert.is(serials.size, 2 * 28);
});

issuing('names the override that it takes in whatever it signs, in advance too', async () => {
  for (const kind of ['slices', 'domain'] as const) {
    const s = await open(kind);
    const web = s.add('web');
    const member = await s.member();
    s.state.override = digestOf(toUtf8('two people said so'));
    await s.topUp(member);
    const [svid] = await s.served(member);
    const chain = (svid?.certificatesDer ?? []).map((der) => decodeCertificate(der).override);
    // The leaf of a slice is the authority's word; below an intermediate that is the one.
    assert.is(kind === 'slices' ? chain[0] : chain[1], s.state.override);
    const token = await member.token(web, { ...ordered(web, s.start), audience: ['db'] });
    const keys = new Map([[HOME, [s.trust.signers.jwtSigner]]]);
    const { claims } = verifyJwtSvid(String(token), 'db', keys, s.start);
    assert.is(claims[OVERRIDE_CLAIM], s.state.override);
  }
});

issuing('names no override in leaves that are older than it', async () => {
  const s = await open('slices');
  s.add('web');
  const member = await s.member();
  await s.topUp(member);
  s.state.override = digestOf(toUtf8('two people said so'));
  await s.topUp(member);
  const [svid] = await s.served(member);
  assert.is(decodeCertificate(svid?.certificatesDer[0] ?? new Uint8Array()).override, null);
});

issuing('of slices ends with the evidence, and says what is missing', async () => {
  const s = await open('slices');
  s.state.until = addMs(s.start, 10 * HOUR_MS);
  const web = s.add('web');
  const member = await s.member();
  await s.topUp(member);
  s.clock.advance(10 * HOUR_MS - 60_000);
  assert.is((await s.served(member))[0]?.notAfter, s.state.until);
  s.clock.advance(61_000);
  assert.is((member.endOf(web, s.clock.now().wall) as Refusal).code, 'slice-absent');
  // Evidence came meanwhile: the last leaf, which ended early, is made anew with those behind it.
  s.state.until = addMs(s.start, 2 * DAY_MS);
  await s.topUp(member);
  assert.not.ok(member.endOf(web, s.clock.now().wall) instanceof Refusal);
});

issuing('of slices changes leaves with the window, while the directory goes on', async () => {
  const s = await open('slices');
  s.add('web');
  const member = await s.member();
  await s.topUp(member);
  const { clock, trust } = s;
  const view = trust.view(s.entries, { renewUntil: s.lease.notAfter });
  const directory = new IdentityDirectory({ clock, random: trust.random, source: member, view });
  const held = async () => (await directory.identitiesOf(CALLER)).identities[0]?.svid;
  const first = await held();
  const windowEnd = (windowOf(clock.now().wall) + 1) * SLICE_WINDOW_MS;
  assert.is(first?.notAfter, windowEnd + SLICE_OVERLAP_MS);
  clock.advance(windowEnd - clock.now().wall - 1);
  assert.is((await held())?.serial, first?.serial);
  clock.advance(1);
  assert.is.not((await held())?.serial, first?.serial);
  directory.close();
});

issuing(
  'of slices asks anew for an entry that changed, and hands out no old name of it',
  async () => {
    const s = await open('slices');
    const web = s.add('web', { dnsNames: ['old.home.example'] });
    const member = await s.member();
    await s.topUp(member);
    const changed = { ...web, dnsNames: ['new.home.example'], revision: 2 };
    s.entries[0] = changed;
    assert.ok(member.endOf(changed, s.start) instanceof Refusal);
    await s.topUp(member);
    const svid = await member.svid(changed, ordered(changed, s.start));
    assert.ok(!(svid instanceof Refusal));
    const names = new X509Certificate(svid.certificatesDer[0] ?? '').subjectAltName ?? '';
    assert.match(names, /DNS:new\.home\.example/);
    assert.not.match(names, /old/);
  },
);

issuing('of slices asks anew for what was revoked, and hands none of it out', async () => {
  const s = await open('slices');
  const web = s.add('web');
  const member = await s.member();
  await s.topUp(member);
  for (const serial of s.state.noted) s.state.revoked.add(serial);
  const svid = await member.svid(web, ordered(web, s.start));
  assert.is(svid instanceof Refusal ? svid.code : 'served', 'slice-absent');
  await s.topUp(member);
  assert.is((await s.served(member)).length, 1);
});

issuing('of slices leaves aside what a revoked authority signed', async () => {
  const s = await open('slices');
  const web = s.add('web');
  const member = await s.member();
  await s.topUp(member);
  s.state.trusted.clear();
  const svid = await member.svid(web, ordered(web, s.start));
  assert.is(svid instanceof Refusal ? svid.code : 'served', 'slice-absent');
  assert.ok(member.isTainted(s.trust.authority.id));
});

issuing('gives a captured node of slices nothing but its own entries', async () => {
  const s = await open('slices');
  const own = s.add('own', { parent: OWN_ID });
  const others = [
    s.add('group', { group: 'other' }),
    s.add('parent', { parent: 'spiffe://home.example/holdfast/node/ffffffffffffffff' }),
    s.add('over', { expiresAt: addMs(s.start, -HOUR_MS) }),
  ];
  const strict = s.add('strict', { minAssurance: 'tpm' });
  const first = windowOf(s.start);
  const ask = async (entry: string, key = softwareKey().spki) => {
    const slices = [{ entry, first, keys: [key] }];
    const bytes = encodeRequest({ key: softwareKey().spki, slices, token: null });
    return decodeAnswer(await s.desk.issue(s.lease, bytes));
  };
  const answer = await ask(own.id);
  assert.is(answer.intermediate, null);
  assert.is(answer.slices[0]?.leaves.length, 1);
  for (const { id } of [...others, strict, { id: 'e-0000000000000000' }]) {
    assert.equal((await ask(id)).slices, []);
  }
  await refused(() => ask(own.id, new Uint8Array(91)), 'key-malformed');
  const askToken = (entry: string) => {
    const token = { entry, audience: ['db'] };
    return s.desk.issue(s.lease, encodeRequest({ key: null, slices: [], token }));
  };
  await refused(() => askToken(strict.id), 'assurance-insufficient');
  for (const { id } of others) await refused(() => askToken(id), 'issuing-entry');
});

issuing('signs nothing in a tier that does not permit it, nor past the lease', async () => {
  const s = await open('slices');
  s.add('web');
  const member = await s.member();
  s.state.until = new Refusal('tier-insufficient');
  await refused(() => s.topUp(member), 'tier-insufficient');
  s.state.until = addMs(s.start, DAY_MS);
  s.clock.advance(8 * DAY_MS);
  await refused(() => s.topUp(member), 'tier-insufficient');
});

issuing('of a domain signs below its own intermediate, cut off and after a restart', async () => {
  const s = await open('domain');
  const web = s.add('web');
  await s.topUp(await s.member());
  s.state.isReachable = false;
  const member = await s.member();
  // Nobody foresaw this workload when the node was last online.
  const late = s.add('late');
  const roots = new Map([[HOME, [s.trust.authority.certificate.der]]]);
  for (const entry of [web, late]) {
    const svid = await member.svid(entry, ordered(entry, s.start));
    assert.ok(!(svid instanceof Refusal));
    assert.is(svid.certificatesDer.length, 2);
    assert.is(verifyX509Svid(svid.certificatesDer, roots, s.start).spiffeId, entry.spiffeId);
  }
  const end = member.endOf(web, s.start);
  assert.ok(!(end instanceof Refusal) && end <= s.lease.notAfter);
  const modern = s.add('modern', { keyType: 'ml-dsa-65' });
  assert.is((member.endOf(modern, s.start) as Refusal).code, 'issuing-scope');
});

issuing('of a cell covers the cell alone', async () => {
  const s = await open('cell', { group: 'cell7' });
  const web = s.add('web', { group: 'cell7' });
  const member = await s.member();
  await s.topUp(member);
  assert.is((member.endOf(web, s.start) as Refusal).code, 'issuing-scope');
  const svid = await member.svid(web, ordered(web, s.start));
  assert.is(svid instanceof Refusal ? svid.code : 'served', 'issuing-scope');
});

issuing('asks an authority for tokens, and says so when none is in reach', async () => {
  const s = await open('slices');
  const web = s.add('web');
  const member = await s.member();
  const order = { ...ordered(web, s.start), audience: ['db'] };
  assert.match(String(await member.token(web, order)), /^[\w-]+\.[\w-]+\.[\w-]+$/);
  s.state.isReachable = false;
  const cut = await member.token(web, order);
  assert.is(cut instanceof Refusal ? cut.code : 'served', 'token-authority');
});

issuing(
  'says of the machine what its lease says, in leaves, below intermediates and in tokens',
  async () => {
    for (const kind of ['slices', 'domain'] as const) {
      const s = await open(kind, { assurance: 'measured-boot' });
      const web = s.add('web');
      const member = await s.member();
      await s.topUp(member);
      const svid = await member.svid(web, ordered(web, s.start));
      assert.ok(!(svid instanceof Refusal));
      const roots = new Map([[HOME, [s.trust.authority.certificate.der]]]);
      const verified = verifyX509Svid(svid.certificatesDer, roots, s.start);
      assert.is(verified.assurance, 'measured-boot', kind);
      const token = await member.token(web, { ...ordered(web, s.start), audience: ['db'] });
      assert.ok(!(token instanceof Refusal));
      const keys = new Map([[HOME, [s.trust.signers.jwtSigner]]]);
      assert.is(verifyJwtSvid(token, 'db', keys, s.start).assurance, 'measured-boot');
    }
  },
);

issuing('asks for no more than one answer holds', async () => {
  const s = await open('slices');
  for (let i = 0; i < 60; i++) s.add(`w${i}`);
  const member = await s.member();
  const { slices } = decodeRequest(member.requestMore());
  const asked = slices.reduce((sum, { keys }) => sum + keys.length, 0);
  assert.is(asked, SLICES_PER_REQUEST_MAX);
});

issuing(
  'asks beside a lease for some of each entry, so that files alone supply a node',
  async () => {
    const s = await open('slices');
    for (let i = 0; i < 60; i++) s.add(`w${i}`, i === 7 ? { keyType: 'ml-dsa-65' } : {});
    const request = await (await s.member()).request();
    assert.ok(request.length < ENROL_REQUEST_BYTES_MAX / 2);
    const { slices } = decodeRequest(request);
    assert.is(slices.length, 60);
  },
);

issuing('messages are refused for anything that is not one', () => {
  const request = encodeRequest({ key: null, slices: [], token: null });
  assert.equal(decodeRequest(request), { key: null, slices: [], token: null });
  const slices = [{ entry: 'e-1', revision: 1, first: 3, leaves: [Uint8Array.of(1)] }];
  const answer = encodeAnswer({ intermediate: Uint8Array.of(1), slices, token: 'a' });
  assert.equal(decodeAnswer(answer).slices, slices);
  const text = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
  for (const wrong of [
    request.subarray(1),
    text([]),
    text({ key: 'AA', slices: {}, token: null }),
    text({ key: '?', slices: [], token: null }),
    text({ key: '', slices: [], token: null }),
    text({ key: null, slices: [{ entry: 'e', first: -1, keys: [] }], token: null }),
    text({ key: null, slices: [], token: { audience: [], entry: 'e' } }),
    text({ key: null, slices: [], token: { audience: [''], entry: 'e' } }),
  ]) {
    refuses('issuing-malformed', () => decodeRequest(wrong));
  }
  refuses('issuing-malformed', () => decodeAnswer(request));
});

issuing.run();
