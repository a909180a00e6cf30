/** A foreign domain as tests meet it: a root, leaves of it, its bundle, and servers that answer. */

import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { toBase64 } from '../../../core/bytes.ts';
import type { JsonObject } from '../../../core/canonical.ts';
import { contextTag, encodeDer, TAG } from '../../../core/der.ts';
import { parseSpiffeId, parseTrustDomain } from '../../../core/spiffe-id.ts';
import { parseEndpointUrl } from '../../../daemon/bundle-endpoint/endpoint-terms.ts';
import { EXTENSION } from '../../../daemon/identity/certificate.ts';
import { encodeExtension } from '../../../daemon/identity/certificate-writer.ts';
import { encodePem } from '../../../daemon/identity/pem.ts';
import { type Forged, forge, leafExtensions, type Wish } from '../identity/forge.ts';

export const BLUE = parseTrustDomain('blue.example');
export const ENDPOINT_ID = parseSpiffeId('spiffe://blue.example/bundle-endpoint');

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that runs; `requests` counts what came through its handshake. */
export interface ForeignServer extends AsyncDisposable {
  readonly url: ReturnType<typeof parseEndpointUrl>;
  readonly port: number;
  readonly requests: () => number;
}

/** The bundle of `roots`, as an endpoint would publish it. */
export function bundleOf(roots: readonly Forged[], members: JsonObject = {}): JsonObject {
  const keys = roots.map(({ der, key }) => {
    const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
    return { kty, crv, x, y, use: 'x509-svid', x5c: [toBase64(der)] } as JsonObject;
  });
  return { keys, spiffe_refresh_hint: 60, ...members };
}

/** Answers every request with the value as JSON. */
export function answerWith(value: () => unknown): Answer {
  return (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(value()));
  };
}

/** A certificate of the Web PKI for `localhost` and its address. */
export function webLeaf(root: Forged, wish: Wish = {}): Forged {
  const [constraints, usage, purposes] = leafExtensions('spiffe://unused/x');
  const name = encodeDer(contextTag(2, 'primitive'), new TextEncoder().encode('localhost'));
  const address = encodeDer(contextTag(7, 'primitive'), Uint8Array.of(127, 0, 0, 1));
  const names = encodeDer(TAG.sequence, name, address);
  const alternatives = encodeExtension(EXTENSION.subjectAltName, 'optional', names);
  return forge([constraints, usage, purposes, alternatives], {
    issuer: root,
    name: 'web',
    ...wish,
  });
}

/** Dates around the machine's own clock, where it is the runtime that judges them. */
export const CURRENT = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };

/** Serves HTTPS on loopback with the certificate of `leaf`. */
export async function serveForeign(leaf: Forged, answer: Answer): Promise<ForeignServer> {
  let count = 0;
  const server = createServer(
    {
      cert: encodePem('CERTIFICATE', leaf.der),
      key: leaf.key.export({ format: 'pem', type: 'pkcs8' }),
    },
    (request, response) => {
      count += 1;
      answer(request, response);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: parseEndpointUrl(`https://127.0.0.1:${port}/`),
    requests: () => count,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
