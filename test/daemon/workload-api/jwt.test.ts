/** The calls for tokens, over real sockets: what is signed, shown and judged, and for whom. */

import { Code, ConnectError } from '@connectrpc/connect';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8 } from '../../../core/bytes.ts';
import { digestOf } from '../../../core/digest.ts';
import { Refusal } from '../../../core/refusal.ts';
import { parseSpiffeId } from '../../../core/spiffe-id.ts';
import { addMs, HOUR_MS, MINUTE_MS, unixMs } from '../../../core/time.ts';
import { createJwtAuthority, openJwtAuthority } from '../../../daemon/identity/jwt-authority.ts';
import { issueJwtSvid } from '../../../daemon/identity/jwt-svid.ts';
import { parseJwtSvid, verifyJwtSvid } from '../../../daemon/identity/jwt-verify.ts';
import { createX509Authority, openX509Authority } from '../../../daemon/identity/x509-authority.ts';
import { type RelationTerms, WHOLE_TERMS } from '../../../federation/relation.ts';
import { temporaryFolder } from '../../folder.ts';
import { AWAY, HOME } from '../identity/trust.ts';
import { serve } from './rig.ts';

const tokens = suite('daemon/workload-api/jwt');

const AUDIENCE = ['db'];

/** Asserts the gRPC state that a call ends in, and the refusal code its message begins with. */
async function ends(attempt: () => Promise<unknown>, state: Code, code: string): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    assert.is(Code[error.code], Code[state]);
    assert.is(error.rawMessage.split(':')[0], code);
    return;
  }
  assert.unreachable(`answered, though ${code} was due`);
}

tokens('gives a token for the audiences asked, which verifies', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const { svids } = await s.api.fetchJWTSVID({ audience: ['db', 'cache'] });
  assert.equal(
    svids.map(({ spiffeId, hint }) => [spiffeId, hint]),
    [[s.web.spiffeId, 'internal']],
  );
  const { wall } = s.clock.now();
  const keys = new Map([[HOME, [s.trust.signers.jwtSigner]]]);
  const token = svids[0]?.svid ?? '';
  assert.is(verifyJwtSvid(token, 'cache', keys, wall).notAfter, addMs(wall, 5 * MINUTE_MS));
  const { spiffeId, claims } = await s.api.validateJWTSVID({ audience: 'db', svid: token });
  assert.is(spiffeId, s.web.spiffeId);
  assert.equal(claims?.aud, ['db', 'cache']);
});

tokens('gives one for each identity, or for the one that is named', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const db = s.trust.entry('db', { hint: 'internal' });
  s.update([s.web, db]);
  const all = await s.api.fetchJWTSVID({ audience: AUDIENCE });
  assert.is(all.svids.length, 2);
  assert.equal(all.svids.map(({ hint }) => hint).sort(), ['', 'internal']);
  // The entry that was there first keeps the hint, whatever the order of ids.
  for (const older of [s.web, db]) {
    s.update(
      [s.web, db].map((entry) => (entry === older ? { ...entry, createdAt: unixMs(1) } : entry)),
    );
    const { svids } = await s.api.fetchJWTSVID({ audience: AUDIENCE });
    const holder = svids.find(({ hint }) => hint === 'internal');
    assert.is(holder?.spiffeId, older.spiffeId);
  }
  const one = await s.api.fetchJWTSVID({ audience: AUDIENCE, spiffeId: db.spiffeId });
  assert.equal(
    one.svids.map(({ spiffeId }) => spiffeId),
    [db.spiffeId],
  );
});

tokens('refuses what lacks an argument, or asks for the identity of another', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const { fetchJWTSVID, validateJWTSVID } = s.api;
  const invalid = (attempt: () => Promise<unknown>) =>
    ends(attempt, Code.InvalidArgument, 'workload-argument');
  await invalid(() => fetchJWTSVID({ audience: [] }));
  await invalid(() => fetchJWTSVID({ audience: ['db', ''] }));
  await invalid(() => fetchJWTSVID({ audience: ['x'.repeat(3_000)] }));
  await invalid(() =>
    fetchJWTSVID({ audience: AUDIENCE, spiffeId: 'spiffe://home.example/a/../b' }),
  );
  await invalid(() => validateJWTSVID({ audience: '', svid: 'x' }));
  await invalid(() => validateJWTSVID({ audience: 'db', svid: '' }));
  await ends(
    () => fetchJWTSVID({ audience: AUDIENCE, spiffeId: `spiffe://${HOME}/other` }),
    Code.PermissionDenied,
    'workload-no-identity',
  );
  using stranger = s.connectAs({ pid: 1, uid: 7, gid: 7 });
  await ends(
    () => stranger.api.fetchJWTSVID({ audience: AUDIENCE }),
    Code.PermissionDenied,
    'workload-no-identity',
  );
});

tokens('judges tokens by their own code, each an invalid argument', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const { svids } = await s.api.fetchJWTSVID({ audience: AUDIENCE });
  const svid = svids[0]?.svid ?? '';
  const judge = (audience: string, token: string) => () =>
    s.api.validateJWTSVID({ audience, svid: token });
  await ends(judge('other', svid), Code.InvalidArgument, 'jwt-audience');
  await ends(judge('db', `${svid.slice(0, -4)}AAAA`), Code.InvalidArgument, 'jwt-signature');
  await ends(judge('db', 'a.b.c'), Code.InvalidArgument, 'jwt-malformed');
  s.clock.advance(5 * MINUTE_MS);
  await ends(judge('db', svid), Code.InvalidArgument, 'jwt-expired');
});

tokens('judges a partner’s token by the partner’s keys, and shows few of its claims', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const { wall } = s.clock.now();
  const order = {
    spiffeId: parseSpiffeId(`spiffe://${AWAY}/web`),
    audience: AUDIENCE,
    now: wall,
    notAfter: addMs(wall, MINUTE_MS),
  };
  const svid = issueJwtSvid(s.trust.awayKey, order);
  const { claims } = await s.api.validateJWTSVID({ audience: 'db', svid });
  assert.equal(Object.keys(claims ?? {}).sort(), ['aud', 'exp', 'iat', 'sub']);
  s.update([s.web], { foreignAuthorities: new Map() });
  await ends(
    () => s.api.validateJWTSVID({ audience: 'db', svid }),
    Code.InvalidArgument,
    'jwt-untrusted',
  );
});

tokens('of a partner count within the relation, whose bundle a narrow one keeps back', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const { wall: now } = s.clock.now();
  const order = { audience: AUDIENCE, now, notAfter: addMs(now, MINUTE_MS) };
  const judge = (path: string) => {
    const id = parseSpiffeId(`spiffe://${AWAY}${path}`);
    const svid = issueJwtSvid(s.trust.awayKey, { ...order, spiffeId: id });
    return s.api.validateJWTSVID({ audience: 'db', svid });
  };
  const bundles = async () => {
    const states = s.api.fetchJWTBundles({})[Symbol.asyncIterator]();
    return Object.keys((await states.next()).value.bundles);
  };
  const relate = (terms: Partial<RelationTerms>) => {
    const firstRoot = digestOf(new Uint8Array());
    const relation = { ...WHOLE_TERMS, ...terms, domain: AWAY, firstRoot };
    s.update([s.web], { relations: new Map([[AWAY, relation]]) });
  };
  relate({ scope: ['/web'], serveBundle: false });
  await judge('/web/db');
  await ends(() => judge('/webmail'), Code.InvalidArgument, 'relation-scope');
  assert.equal(await bundles(), [`spiffe://${HOME}`]);
  relate({ scope: ['/web'], serveBundle: true });
  assert.equal((await bundles()).sort(), [`spiffe://${AWAY}`, `spiffe://${HOME}`].sort());
  relate({ minAssurance: 'vtpm' });
  await ends(() => judge('/web'), Code.InvalidArgument, 'relation-assurance');
});

tokens('streams key sets of token keys alone, and takes back what may not be used', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const states = s.api.fetchJWTBundles({})[Symbol.asyncIterator]();
  const { bundles } = (await states.next()).value;
  assert.equal(Object.keys(bundles).sort(), [`spiffe://${AWAY}`, `spiffe://${HOME}`].sort());
  const { keys, ...rest } = JSON.parse(fromUtf8(bundles[`spiffe://${HOME}`]));
  assert.equal(rest, {});
  assert.equal(
    keys.map(({ kid }: { kid: string }) => kid),
    [s.trust.signers.jwtSigner.kid],
  );
  assert.equal(Object.keys(keys[0]).sort(), ['crv', 'kid', 'kty', 'x', 'y']);
  s.update([s.web], { foreignAuthorities: new Map() });
  assert.equal(Object.keys((await states.next()).value.bundles), [`spiffe://${HOME}`]);
  s.update([]);
  await ends(() => states.next(), Code.PermissionDenied, 'workload-no-identity');
});

tokens('go on through a cut for who holds an identity, and begin none for others', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const late = s.trust.entry('late', { selectors: ['unix:uid:1001'] });
  await s.api.fetchJWTSVID({ audience: AUDIENCE });
  const cut = new Refusal('tier-insufficient', { tier: 'DEGRADED' });
  const renewUntil = addMs(s.clock.now().wall, HOUR_MS);
  s.update([s.web, late], { issueUntil: cut, renewUntil });
  s.clock.advance(HOUR_MS - MINUTE_MS);
  const { svids } = await s.api.fetchJWTSVID({ audience: AUDIENCE });
  assert.is(parseJwtSvid(svids[0]?.svid ?? '').notAfter, renewUntil);
  using other = s.connectAs({ pid: 5, uid: 1001, gid: 1001 });
  await ends(
    () => other.api.fetchJWTSVID({ audience: AUDIENCE }),
    Code.Unavailable,
    'tier-insufficient',
  );
  s.clock.advance(MINUTE_MS);
  await ends(
    () => s.api.fetchJWTSVID({ audience: AUDIENCE }),
    Code.Unavailable,
    'tier-insufficient',
  );
});

tokens('of ML-DSA-65 reach those alone whose entry asks', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const { signers, random } = s.trust;
  const now = s.clock.now().wall;
  const stored = createX509Authority(HOME, now, random, 'ml-dsa-65');
  signers.mlDsa65 = {
    x509: openX509Authority(HOME, stored),
    jwt: openJwtAuthority(createJwtAuthority('ml-dsa-65')),
  };
  const modern = s.trust.entry('modern', { selectors: ['unix:uid:1001'], keyType: 'ml-dsa-65' });
  s.update([s.web, modern]);
  const shownTo = async ({ api }: Pick<typeof s, 'api'>) => {
    const { svids } = await api.fetchJWTSVID({ audience: AUDIENCE });
    const { bundles } = await firstOf(api.fetchJWTBundles({}));
    const { keys } = JSON.parse(fromUtf8(bundles[`spiffe://${HOME}`] ?? new Uint8Array()));
    const x509 = await firstOf(api.fetchX509SVID({}));
    return {
      algorithm: parseJwtSvid(svids[0]?.svid ?? '').algorithm,
      kinds: keys.map(({ kty }: { readonly kty: string }) => kty),
      bundle: x509.svids[0]?.bundle,
    };
  };
  assert.equal(await shownTo(s), {
    algorithm: 'ES256',
    kinds: ['EC'],
    bundle: s.trust.authority.certificate.der,
  });
  using other = s.connectAs({ pid: 5, uid: 1001, gid: 1001 });
  assert.equal(await shownTo(other), {
    algorithm: 'ML-DSA-65',
    kinds: ['EC', 'AKP'],
    bundle: stored.certificateDer,
  });
});

async function firstOf<T>(stream: AsyncIterable<T>): Promise<T> {
  for await (const message of stream) return message;
  throw new Error('the stream ended without a message');
}

tokens.run();
