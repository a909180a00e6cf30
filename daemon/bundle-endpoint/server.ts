/**
 * Our own bundle endpoint (SPIFFE Federation §5.2): `GET /` answers with the domain's bundle.
 *
 * It is public by the standard: nobody has to prove anything to read what we publish.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { toUtf8 } from '../../core/bytes.ts';
import type { Clock, Log } from '../ports.ts';
import type { CredentialSource } from './endpoint-credentials.ts';
import { type HttpsEndpoint, openHttpsEndpoint } from './https-endpoint.ts';

export interface BundleEndpointOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly credentials: CredentialSource;
  /** The bundle as JSON. */
  readonly bundle: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens the endpoint. Refuses and fails as `openHttpsEndpoint` does. */
export function openBundleEndpoint({
  bundle,
  ...options
}: BundleEndpointOptions): Promise<HttpsEndpoint> {
  return openHttpsEndpoint({
    ...options,
    name: 'bundle endpoint',
    tls: { minVersion: 'TLSv1.2' },
    handler: (request, response) => answer(request, response, bundle),
  });
}

function answer(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  bundle: () => string,
): void {
  response.setHeader('connection', 'close');
  if (url.replace(/\?.*$/, '') !== '/') return void response.writeHead(404).end();
  if (method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end();
  const body = toUtf8(bundle());
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  response.writeHead(200, headers).end(body);
}
