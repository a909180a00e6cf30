/** What callers get as views change and time passes: renewal, permission, redaction. */

import { X509Certificate } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../../../core/refusal.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import { addMs, HOUR_MS, MINUTE_MS } from '../../../core/time.ts';
import { authoritySource } from '../../../daemon/identity/authority-source.ts';
import { IdentityDirectory, type TrustView } from '../../../daemon/identity/directory.ts';
import type { Entry } from '../../../daemon/identity/entry.ts';
import { parseSelector } from '../../../daemon/identity/selector.ts';
import { createX509Authority, openX509Authority } from '../../../daemon/identity/x509-authority.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { refused } from '../refused.ts';
import { AWAY, HOME, TestSigners, testTrust } from './trust.ts';

const directories = suite('daemon/identity/directory');

const CALLER = [parseSelector('unix:uid:1000')];
const TOO_OLD = new Refusal('tier-insufficient', { tier: 'SURVIVAL' });

function open(names: readonly string[], change: Partial<TrustView> = {}) {
  const clock = new FakeClock();
  const trust = testTrust(clock.now().wall);
  const entries = names.map((name) => trust.entry(name, { federatesWith: [AWAY] }));
  const directory = new IdentityDirectory({
    clock,
    random: trust.random,
    source: authoritySource(trust.signers, trust.random),
    view: trust.view(entries, change),
  });
  const held = async () => {
    const { identities } = await directory.identitiesOf(CALLER);
    return identities.map(({ svid }) => svid);
  };
  const update = (next: readonly Entry[], nextChange: Partial<TrustView> = {}) =>
    directory.update(trust.view(next, nextChange));
  return { clock, trust, entries, directory, held, update };
}

directories(
  'shows the cells that an entry names, where their domains vouch for cells',
  async () => {
    const { trust, directory, update } = open([]);
    const [ours, theirs] = ['cell7.home.example', 'cell7.away.example'].map(parseTrustDomain);
    assert.ok(ours && theirs);
    const web = trust.entry('web', { federatesWith: [AWAY, theirs, ours] });
    update([web], { cellsOf: new Set([HOME, AWAY]) });
    const shown = directory.bundlesOf(CALLER);
    assert.equal(shown.get(ours)?.x509Authorities, shown.get(HOME)?.x509Authorities);
    assert.equal(shown.get(theirs)?.x509Authorities, [trust.awayRoot]);
    assert.equal(shown.get(theirs)?.jwtAuthorities, []);
    update([web], { cellsOf: new Set([HOME]) });
    assert.equal([...directory.bundlesOf(CALLER).keys()], [HOME, AWAY, ours]);
    update([web]);
    assert.equal([...directory.bundlesOf(CALLER).keys()], [HOME, AWAY]);
    directory.close();
  },
);

directories('gives an authority nothing of a cell to sign', async () => {
  const { trust, directory, update } = open([]);
  update([trust.entry('web', { group: 'cell7', spiffeId: 'spiffe://cell7.home.example/web' })]);
  await refused(() => directory.identitiesOf(CALLER), 'issuing-scope');
  directory.close();
});

directories('puts the names of hosts of an entry beside its ID', async () => {
  const { trust, held, update, directory } = open([]);
  update([trust.entry('web', { dnsNames: ['web.home.example', '*.api.home.example'] })]);
  const { subjectAltName = '' } = new X509Certificate(
    (await held())[0]?.certificatesDer[0] ?? HOME,
  );
  const names = 'URI:spiffe://home.example/web, DNS:*.api.home.example, DNS:web.home.example';
  assert.is(subjectAltName, names);
  directory.close();
});

directories(
  'ends an entry at its second: its SVID, its bundles, and all who follow it',
  async () => {
    const { clock, trust, held, update, directory } = open([]);
    const { wall } = clock.now();
    const expiresAt = addMs(wall, 10 * MINUTE_MS - (wall % 1_000));
    update([trust.entry('web', { expiresAt })]);
    assert.is((await held())[0]?.notAfter, expiresAt);
    let woken = 0;
    directory.follow(() => {
      woken += 1;
    });
    clock.advance(expiresAt - clock.now().wall - 1);
    assert.is(directory.bundlesOf(CALLER).size, 1);
    clock.advance(1);
    assert.is(woken, 1);
    await refused(() => directory.identitiesOf(CALLER), 'workload-no-identity');
    await refused(() => directory.bundlesOf(CALLER), 'workload-no-identity');
    directory.close();
  },
);

directories('withholds an entry that asks for more assurance than the node has', async () => {
  const { trust, held, update, directory } = open([]);
  const strict = trust.entry('vault', { minAssurance: 'tpm' });
  update([], { withheld: [strict] });
  await refused(() => directory.identitiesOf(CALLER), 'assurance-insufficient');
  await refused(() => directory.bundlesOf(CALLER), 'assurance-insufficient');
  await refused(() => directory.tokensOf(CALLER, ['a'], undefined), 'assurance-insufficient');
  update([trust.entry('web')], { withheld: [strict] });
  assert.equal(
    (await held()).map(({ spiffeId }) => spiffeId),
    ['spiffe://home.example/web'],
  );
  directory.close();
});

directories('gives each matching entry one SVID, in the order of ids', async () => {
  const { entries, held } = open(['a', 'b', 'c']);
  const ids = [...entries].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ spiffeId }) => spiffeId);
  assert.equal(
    (await held()).map(({ spiffeId }) => spiffeId),
    ids,
  );
});

directories('issues on first use and hands out the same until renewal', async () => {
  const { clock, held, directory } = open(['web']);
  const [first] = await held();
  clock.advance(20 * MINUTE_MS);
  assert.is((await held())[0], first);
  directory.close();
  assert.is(clock.waiting, 0);
});

directories('renews by itself at half the life, a tenth sooner or later', async () => {
  const { clock, held, directory } = open(['web']);
  const [first] = await held();
  clock.advance(23 * MINUTE_MS);
  assert.is((await held())[0], first);
  clock.advance(14 * MINUTE_MS);
  assert.is.not((await held())[0]?.serial, first?.serial);
  directory.close();
});

directories('never lets an SVID outlive what permits it', async () => {
  const { clock, held, update, entries, directory } = open(['web']);
  const permitted = addMs(clock.now().wall, 10 * MINUTE_MS);
  update(entries, { issueUntil: permitted, renewUntil: permitted });
  assert.is((await held())[0]?.notAfter, permitted);
  directory.close();
});

directories('does not renew again and again towards an end that stands', async () => {
  const { clock, held, update, entries, directory } = open(['web']);
  const permitted = addMs(clock.now().wall, HOUR_MS);
  update(entries, { issueUntil: permitted, renewUntil: permitted });
  const [first] = await held();
  clock.advance(59 * MINUTE_MS);
  assert.is((await held())[0], first);
  directory.close();
});

directories(
  'keeps serving a valid SVID that may not be renewed, and drops it at its end',
  async () => {
    const { clock, held, update, entries, directory } = open(['web']);
    const [first] = await held();
    update(entries, { issueUntil: TOO_OLD, renewUntil: TOO_OLD });
    clock.advance(59 * MINUTE_MS);
    assert.is((await held())[0], first);
    clock.advance(MINUTE_MS);
    assert.is(await refused(held, 'tier-insufficient'), TOO_OLD);
    directory.close();
  },
);

directories('renews in a tier that allows no first issue', async () => {
  const { clock, held, update, entries, trust, directory } = open(['web']);
  const [first] = await held();
  update([...entries, trust.entry('late')], { issueUntil: TOO_OLD });
  clock.advance(40 * MINUTE_MS);
  assert.is((await held()).length, 1);
  assert.is.not((await held())[0]?.serial, first?.serial);
  directory.close();
});

directories('issues anew what a tainted authority signed, and nothing else', async () => {
  const { clock, trust, entries, held, update, directory } = open(['web']);
  const [first] = await held();
  const stored = createX509Authority(HOME, clock.now().wall, trust.random);
  trust.signers.x509Authority = openX509Authority(HOME, stored);
  update(entries);
  assert.is((await held())[0], first);
  trust.signers.tainted.add(trust.authority.id);
  update(entries);
  assert.is((await held())[0]?.authorityId, trust.signers.x509Authority.id);
  const second = (await held())[0];
  update(entries);
  assert.is((await held())[0], second);
  directory.close();
});

directories('keeps what a tainted authority signed while nothing may be renewed', async () => {
  const { trust, entries, held, update, directory } = open(['web']);
  const [first] = await held();
  trust.signers.tainted.add(trust.authority.id);
  update(entries, { issueUntil: TOO_OLD, renewUntil: TOO_OLD });
  assert.is((await held())[0], first);
  directory.close();
});

directories('signs with the kind of key that the entry asks for, or says why not', async () => {
  const { clock, trust, held, update, directory } = open([]);
  update([trust.entry('modern', { keyType: 'ml-dsa-65' })]);
  await refused(held, 'authority-unknown');
  const stored = createX509Authority(HOME, clock.now().wall, trust.random, 'ml-dsa-65');
  const x509 = openX509Authority(HOME, stored);
  trust.signers.mlDsa65 = { x509, jwt: trust.signers.jwtSigner };
  assert.is((await held())[0]?.authorityId, x509.id);
  directory.close();
});

directories('says why when nothing may be issued', async () => {
  const { held } = open(['web'], { issueUntil: TOO_OLD });
  assert.is(await refused(held, 'tier-insufficient'), TOO_OLD);
});

directories('refuses to issue once the permission itself has passed', async () => {
  const { clock, held, update, entries } = open(['web']);
  update(entries, { issueUntil: clock.now().wall });
  await refused(held, 'tier-insufficient');
});

directories('refuses a caller that no entry matches', async () => {
  const { directory } = open(['web']);
  await refused(
    () => directory.identitiesOf([parseSelector('unix:uid:7')]),
    'workload-no-identity',
  );
  await refused(() => directory.bundlesOf([parseSelector('unix:uid:7')]), 'workload-no-identity');
});

directories('drops the SVID of a deleted entry, and issues a new one if it returns', async () => {
  const { held, update, entries, directory } = open(['web']);
  const [first] = await held();
  update([]);
  await refused(held, 'workload-no-identity');
  update(entries);
  assert.is.not((await held())[0]?.serial, first?.serial);
  directory.close();
});

directories('issues anew for a changed entry', async () => {
  const { clock, held, update, entries, directory } = open(['web']);
  await held();
  update(entries.map((entry) => ({ ...entry, revision: 2, x509SvidTtlMs: MINUTE_MS })));
  assert.is((await held())[0]?.notAfter, clock.now().wall + MINUTE_MS);
  directory.close();
});

directories('issues anew when the wall clock was set back before the beginning', async () => {
  const { clock, held, directory } = open(['web']);
  const [first] = await held();
  clock.advance(20 * MINUTE_MS);
  clock.setWall(clock.now().wall - HOUR_MS);
  clock.advance(MINUTE_MS);
  assert.ok(((await held())[0]?.notBefore ?? 0) < (first?.notBefore ?? 0));
  directory.close();
});

directories(
  'shows partners only to entries that name them, and only while the view does',
  async () => {
    const { directory, update, entries, trust } = open(['web']);
    assert.equal([...(await directory.identitiesOf(CALLER)).federated.keys()], [AWAY]);
    assert.equal([...directory.bundlesOf(CALLER).keys()], [HOME, AWAY]);
    update(entries, { foreignAuthorities: new Map() });
    assert.equal([...directory.bundlesOf(CALLER).keys()], [HOME]);
    update([trust.entry('alone')]);
    assert.equal([...(await directory.identitiesOf(CALLER)).federated.keys()], []);
    directory.close();
  },
);

directories('gives bundles to a caller whose SVID may not be issued', async () => {
  const { directory } = open(['web'], { issueUntil: TOO_OLD });
  assert.is(directory.bundlesOf(CALLER).size, 2);
});

directories('wakes its followers at each update and each renewal, until they leave', async () => {
  const { clock, held, directory, update, entries } = open(['web']);
  await held();
  let woken = 0;
  const leave = directory.follow(() => {
    woken += 1;
  });
  update(entries);
  update(entries);
  assert.is(woken, 2);
  clock.advance(40 * MINUTE_MS);
  assert.is(woken, 3);
  leave();
  update(entries);
  assert.is(woken, 3);
  directory.close();
});

directories('knows whether any entry asks for the contents of executables', async () => {
  const { directory, trust, update } = open(['web']);
  assert.is(directory.asked.sha256, false);
  update([trust.entry('pinned', { selectors: [`unix:sha256:${'0'.repeat(64)}`] })]);
  assert.is(directory.asked.sha256, true);
});

directories('tells why a node without an authority issues nothing', async () => {
  const clock = new FakeClock();
  const trust = testTrust(clock.now().wall);
  const directory = new IdentityDirectory({
    clock,
    random: trust.random,
    source: authoritySource(new TestSigners(new Refusal('not-authority')), trust.random),
    view: trust.view([trust.entry('web')]),
  });
  await refused(() => directory.identitiesOf(CALLER), 'not-authority');
});

directories.run();
