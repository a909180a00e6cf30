/** Our own endpoint over real TLS: what it answers, what it shows, what it does not put up with. */

import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { request as requestHttps } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8 } from '../../../core/bytes.ts';
import { Refusal } from '../../../core/refusal.ts';
import { spiffeId } from '../../../core/spiffe-id.ts';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS } from '../../../core/time.ts';
import {
  type CredentialSource,
  ENDPOINT_PATH,
  fileSource,
  svidSource,
} from '../../../daemon/bundle-endpoint/endpoint-credentials.ts';
import { parseEndpointUrl } from '../../../daemon/bundle-endpoint/endpoint-terms.ts';
import { fetchBundle } from '../../../daemon/bundle-endpoint/fetch-bundle.ts';
import { openBundleEndpoint } from '../../../daemon/bundle-endpoint/server.ts';
import { encodePem } from '../../../daemon/identity/pem.ts';
import { NOTHING_REVOKED } from '../../../daemon/identity/revoked.ts';
import { createX509Authority, openX509Authority } from '../../../daemon/identity/x509-authority.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { temporaryFolder } from '../../folder.ts';
import { forgeRoot } from '../identity/forge.ts';
import { refused } from '../refused.ts';
import { BLUE, CURRENT, webLeaf } from './foreign.ts';

const endpoints = suite('daemon/bundle-endpoint/server');

const TEXT = '{"keys":[]}\n';
const random = new SeededRandom('endpoint');

async function serve(credentials: CredentialSource, clock = new FakeClock()) {
  const log = new MemoryLog();
  const bundle = () => TEXT;
  const server = await openBundleEndpoint({
    ...{ host: '127.0.0.1', port: 0, credentials, bundle, clock, log },
  });
  const url = new URL(server.url);
  return {
    ...{ server, clock, log, url, port: Number(url.port) },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** An endpoint that shows SVIDs of an authority; `allow` decides what it may sign. */
async function serveSvids() {
  const clock = new FakeClock();
  const now = clock.now().wall;
  const authorities = [0, 1].map(() =>
    openX509Authority(BLUE, createX509Authority(BLUE, now, random)),
  );
  const [first, second] = authorities;
  assert.ok(first !== undefined && second !== undefined);
  const allow = { authority: first, refusal: null as Refusal | null };
  const permission = () => {
    if (allow.refusal !== null) throw allow.refusal;
    return { authority: allow.authority, until: addMs(now, DAY_MS) };
  };
  const source = svidSource({ domain: BLUE, path: ENDPOINT_PATH, clock, random, permission });
  const rig = await serve(source, clock);
  return { ...rig, allow, first, second };
}

async function shown(port: number): Promise<{ serial: string; validTo: number; names: string }> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  assert.ok(certificate);
  const { serialNumber: serial, validToDate, subjectAltName = '' } = certificate;
  return { serial, validTo: validToDate.getTime(), names: subjectAltName };
}

async function ask(port: number, method: string, path: string) {
  const request = requestHttps({
    port,
    host: '127.0.0.1',
    method,
    path,
    rejectUnauthorized: false,
  });
  request.end();
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'close');
  return { status: response.statusCode, headers: response.headers };
}

endpoints('answers a client of the other side with the bundle', async () => {
  await using rig = await serveSvids();
  const bytes = await fetchBundle({
    url: parseEndpointUrl(rig.server.url),
    profile: { kind: 'https_spiffe', endpointId: spiffeId(BLUE, '/bundle-endpoint') },
    roots: [rig.first.certificate.der],
    revoked: NOTHING_REVOKED,
    relation: null,
    now: rig.clock.now().wall,
    signal: new AbortController().signal,
  });
  assert.is(fromUtf8(bytes), TEXT);
});

endpoints('knows one path and one method', async () => {
  await using rig = await serveSvids();
  const good = await ask(rig.port, 'GET', '/');
  assert.is(good.status, 200);
  assert.is(good.headers['content-type'], 'application/json');
  assert.is((await ask(rig.port, 'GET', '/?format=spiffe')).status, 200);
  for (const method of ['POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
    assert.is((await ask(rig.port, method, '/')).status, 405, method);
  }
  for (const path of ['/keys', '//', '/index.html']) {
    assert.is((await ask(rig.port, 'GET', path)).status, 404, path);
  }
});

endpoints('renews its SVID at half of its life, and when another authority signs', async () => {
  await using rig = await serveSvids();
  const before = await shown(rig.port);
  assert.is(before.names, 'URI:spiffe://blue.example/bundle-endpoint');
  rig.clock.advance(20 * MINUTE_MS);
  await rig.server.renew();
  assert.is((await shown(rig.port)).serial, before.serial);
  rig.clock.advance(11 * MINUTE_MS);
  await rig.server.renew();
  const renewed = await shown(rig.port);
  assert.not.equal(renewed.serial, before.serial);
  assert.ok(renewed.validTo > before.validTo);
  rig.allow.authority = rig.second;
  await rig.server.renew();
  assert.not.equal((await shown(rig.port)).serial, renewed.serial);
});

endpoints('shows what it has until its end where nothing may be signed', async () => {
  await using rig = await serveSvids();
  const before = await shown(rig.port);
  rig.allow.refusal = new Refusal('tier-insufficient');
  rig.clock.advance(45 * MINUTE_MS);
  await rig.server.renew();
  assert.is((await shown(rig.port)).serial, before.serial);
  assert.is(rig.log.events.length, 0);
  rig.clock.advance(HOUR_MS);
  await rig.server.renew();
  assert.ok(rig.log.events.length > 0);
});

endpoints(
  'takes over files that were renewed, and keeps what it has of half-written ones',
  async () => {
    await using folder = await temporaryFolder();
    const [cert, key] = [folder.file('cert.pem'), folder.file('key.pem')];
    const root = forgeRoot(BLUE, CURRENT);
    const write = async (): Promise<void> => {
      const leaf = webLeaf(root, CURRENT);
      await writeFile(cert, encodePem('CERTIFICATE', leaf.der));
      await writeFile(key, leaf.key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    };
    await write();
    await using rig = await serve(fileSource(cert, key));
    const pin = async (): Promise<string> => {
      const socket = connectTls({ port: rig.port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const before = await pin();
    await writeFile(cert, 'half of a certif');
    await rig.server.renew();
    assert.is(await pin(), before);
    await write();
    await rig.server.renew();
    assert.not.equal(await pin(), before);
    await chmod(key, 0o644);
    await refused(() => serve(fileSource(cert, key)), 'permissions-wide');
  },
);

endpoints('speaks no TLS before 1.2, and refuses a second server on its port', async () => {
  await using rig = await serveSvids();
  const old = connectTls({
    ...{ port: rig.port, host: '127.0.0.1', rejectUnauthorized: false },
    ...{ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' },
  });
  const [error] = await once(old, 'error');
  assert.ok(error instanceof Error);
  const { clock, log } = rig;
  const credentials = svidSource({
    ...({ domain: BLUE, path: ENDPOINT_PATH, clock, random } as const),
    permission: () => ({ authority: rig.first, until: addMs(clock.now().wall, HOUR_MS) }),
  });
  const again = { host: '127.0.0.1', port: rig.port, credentials, bundle: () => TEXT, clock, log };
  await refused(() => openBundleEndpoint(again), 'port-busy');
});

endpoints('closes with connections open that never asked', async () => {
  const rig = await serveSvids();
  const idle = connectTcp(rig.port, '127.0.0.1');
  idle.on('error', () => undefined);
  await once(idle, 'connect');
  const gone = once(idle, 'close');
  await rig.server.close();
  await gone;
});

endpoints.run();
