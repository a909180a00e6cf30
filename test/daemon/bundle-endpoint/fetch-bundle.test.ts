/** Fetching from endpoints that lie, hang, redirect and shout, over real TLS on loopback. */

import { once } from 'node:events';
import { createServer as createPlain } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8 } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import { DOCUMENT_BYTES_MAX } from '../../../core/limits.ts';
import { parseEndpointUrl } from '../../../daemon/bundle-endpoint/endpoint-terms.ts';
import { type BundleRequest, fetchBundle } from '../../../daemon/bundle-endpoint/fetch-bundle.ts';
import { decodeCertificate } from '../../../daemon/identity/certificate.ts';
import { encodePem } from '../../../daemon/identity/pem.ts';
import { NOTHING_REVOKED, serialText } from '../../../daemon/identity/revoked.ts';
import { refuses } from '../../refused.ts';
import { type Forged, forgeLeaf, forgeRoot, NOW } from '../identity/forge.ts';
import { refused } from '../refused.ts';
import {
  type Answer,
  answerWith,
  BLUE,
  bundleOf,
  CURRENT,
  ENDPOINT_ID,
  type ForeignServer,
  serveForeign,
  webLeaf,
} from './foreign.ts';

const fetching = suite('daemon/bundle-endpoint/fetch-bundle');

const ROOT = forgeRoot(BLUE);
const LEAF = forgeLeaf(ROOT, ENDPOINT_ID);
const BUNDLE = bundleOf([ROOT]);

function requestTo(server: ForeignServer, change: Partial<BundleRequest> = {}): BundleRequest {
  return {
    url: server.url,
    profile: { kind: 'https_spiffe', endpointId: ENDPOINT_ID },
    roots: [ROOT.der],
    revoked: NOTHING_REVOKED,
    relation: null,
    now: NOW,
    signal: new AbortController().signal,
    ...change,
  };
}

async function failed(attempt: Promise<unknown>): Promise<Failure> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

fetching('URLs are https, without userinfo and fragment', () => {
  const good = 'https://blue.example:8443/bundle?x=1';
  assert.is(parseEndpointUrl(good), good);
  assert.is(parseEndpointUrl('https://[::1]:8443/'), 'https://[::1]:8443/');
  for (const text of [
    '',
    'http://blue.example/',
    'HTTPS://blue.example/',
    'https:/blue.example/',
    'https://',
    'https:///path',
    'https://user@blue.example/',
    'https://user:word@blue.example/',
    'https://@blue.example/',
    'https://blue.example\\@evil.example/',
    'https://blue.example/#part',
    'https://blue.example:99999/',
    'https://blue.example/ x',
    'https://blue.example/\n',
    `https://blue.example/${'x'.repeat(2_048)}`,
  ]) {
    refuses('endpoint-url', () => parseEndpointUrl(text), text);
  }
});

fetching('takes what the endpoint of exactly this SPIFFE ID answers', async () => {
  await using server = await serveForeign(
    LEAF,
    answerWith(() => BUNDLE),
  );
  const bytes = await fetchBundle(requestTo(server));
  assert.is(fromUtf8(bytes), JSON.stringify(BUNDLE));
});

fetching('asks nothing of an endpoint that shows another certificate', async () => {
  const other = forgeRoot(BLUE);
  const cases: readonly (readonly [string, Forged])[] = [
    ['another ID', forgeLeaf(ROOT, 'spiffe://blue.example/other')],
    ['another domain', forgeLeaf(ROOT, 'spiffe://red.example/bundle-endpoint')],
    ['another root of that name', forgeLeaf(other, ENDPOINT_ID)],
    ['expired', forgeLeaf(ROOT, ENDPOINT_ID, { notBefore: NOW - 9e6, notAfter: NOW - 2e3 })],
    ['not valid yet', forgeLeaf(ROOT, ENDPOINT_ID, { notBefore: NOW + 9e3 })],
    ['no SPIFFE ID', webLeaf(ROOT)],
    ['the root itself', ROOT],
  ];
  for (const [about, leaf] of cases) {
    await using server = await serveForeign(
      leaf,
      answerWith(() => BUNDLE),
    );
    await refused(() => fetchBundle(requestTo(server)), 'endpoint-identity');
    assert.is(server.requests(), 0, about);
  }
});

fetching('asks nothing of an endpoint whose certificate its domain revoked', async () => {
  await using server = await serveForeign(
    LEAF,
    answerWith(() => BUNDLE),
  );
  const serial = serialText(decodeCertificate(LEAF.der));
  const revoked = { ...NOTHING_REVOKED, serials: new Set([serial]) };
  await refused(() => fetchBundle(requestTo(server, { revoked })), 'endpoint-identity');
  assert.is(server.requests(), 0);
});

fetching('of the Web PKI needs a certificate of its roots for the name in the URL', async () => {
  const profile = { kind: 'https_web' } as const;
  const root = forgeRoot(BLUE, CURRENT);
  const webRoots = [encodePem('CERTIFICATE', root.der)];
  const good = webLeaf(root, CURRENT);
  await using server = await serveForeign(
    good,
    answerWith(() => BUNDLE),
  );
  for (const host of ['localhost', '127.0.0.1']) {
    const url = parseEndpointUrl(`https://${host}:${server.port}/`);
    const bytes = await fetchBundle(requestTo(server, { url, profile, webRoots }));
    assert.is(fromUtf8(bytes), JSON.stringify(BUNDLE));
  }
  const elsewhere = parseEndpointUrl(`https://127.0.0.2:${server.port}/`);
  await failed(fetchBundle(requestTo(server, { url: elsewhere, profile, webRoots })));
  const before = server.requests();
  await refused(() => fetchBundle(requestTo(server, { profile })), 'endpoint-identity');
  for (const leaf of [
    webLeaf(root, { notBefore: Date.now() - 9e6, notAfter: Date.now() - 6e4 }),
    forgeLeaf(root, ENDPOINT_ID, CURRENT),
  ]) {
    await using wrong = await serveForeign(
      leaf,
      answerWith(() => BUNDLE),
    );
    const request = requestTo(wrong, { profile, webRoots });
    await refused(() => fetchBundle(request), 'endpoint-identity');
    assert.is(wrong.requests(), 0);
  }
  assert.is(server.requests(), before);
});

fetching('refuses any status but 200', async () => {
  for (const status of [201, 204, 304, 404, 500, 503]) {
    await using server = await serveForeign(LEAF, (_request, response) => {
      response.writeHead(status).end('{"keys":[]}');
    });
    const refusal = await refused(() => fetchBundle(requestTo(server)), 'endpoint-status');
    assert.is(refusal.details.got, status);
  }
});

fetching('follows redirects to an endpoint that is as good, and to no other', async () => {
  await using last = await serveForeign(
    LEAF,
    answerWith(() => BUNDLE),
  );
  const other = forgeLeaf(ROOT, 'spiffe://blue.example/other');
  await using impostor = await serveForeign(
    other,
    answerWith(() => BUNDLE),
  );
  const plain = createPlain(answerWith(() => BUNDLE)).listen(0, '127.0.0.1');
  await once(plain, 'listening');
  let location = last.url as string;
  const redirect: Answer = (_request, response) => response.writeHead(302, { location }).end();
  await using first = await serveForeign(LEAF, redirect);
  assert.ok((await fetchBundle(requestTo(first))).length > 0);
  for (const [target, code] of [
    [`http://127.0.0.1:${(plain.address() as AddressInfo).port}/`, 'endpoint-redirect'],
    [`https://user@127.0.0.1:${last.port}/`, 'endpoint-redirect'],
    ['file:///etc/passwd', 'endpoint-redirect'],
    ['', 'endpoint-redirect'],
    [impostor.url, 'endpoint-identity'],
  ] as const) {
    location = target;
    await refused(() => fetchBundle(requestTo(first)), code);
  }
  location = first.url;
  await refused(() => fetchBundle(requestTo(first)), 'endpoint-redirect');
  assert.is(impostor.requests(), 0);
  plain.close();
});

fetching('ends at the signal where an endpoint hangs, whenever it does', async () => {
  const late = new Failure('timed-out', 'late');
  const silent = createSocketServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const hang: Answer = () => undefined;
  const drip: Answer = (_request, response) => {
    response.write('{"keys":');
  };
  await using mute = await serveForeign(LEAF, hang);
  await using slow = await serveForeign(LEAF, drip);
  const url = parseEndpointUrl(`https://127.0.0.1:${port}/`);
  for (const request of [requestTo(mute), requestTo(slow), requestTo(slow, { url })]) {
    const ending = new AbortController();
    const attempt = fetchBundle({ ...request, signal: ending.signal });
    setTimeout(() => ending.abort(late), 100);
    assert.is(await failed(attempt), late);
  }
  silent.close();
});

fetching('stops reading where a bundle could not be longer', async () => {
  let sent = 0;
  await using server = await serveForeign(LEAF, (_request, response) => {
    const chunk = new Uint8Array(64 * 1024).fill(0x20);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      sent += chunk.length;
    };
    response.on('drain', more);
    more();
  });
  await refused(() => fetchBundle(requestTo(server)), 'too-large');
  assert.ok(sent < 64 * DOCUMENT_BYTES_MAX, `${sent} bytes`);
});

fetching('fails where nobody answers, or nobody who speaks TLS', async () => {
  const server = createPlain().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = parseEndpointUrl(`https://127.0.0.1:${port}/`);
  await using some = await serveForeign(
    LEAF,
    answerWith(() => BUNDLE),
  );
  assert.is((await failed(fetchBundle(requestTo(some, { url })))).code, 'peer-unreachable');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.is((await failed(fetchBundle(requestTo(some, { url })))).code, 'peer-unreachable');
});

fetching.run();
