/**
 * Answers `GET /metrics` on a Unix socket or on loopback: to whoever may open it, and no further.
 *
 * What it says is no secret key and no selector, but it names partners and how stale they are, so
 * it listens nowhere unless asked, and never beyond this machine.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '../../core/failure.ts';
import { METRICS_CONNECTIONS_MAX, METRICS_HEADER_MS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { systemCode } from '../host/files.ts';
import { listenAt } from '../host/unix-socket.ts';
import type { ListenAddress } from '../text/address.ts';
import { encodeOpenMetrics, type Family, OPEN_METRICS_TYPE } from './open-metrics.ts';

/** A socket's path, or an address of the loopback. */
export type MetricsPlace = string | ListenAddress;

export interface MetricsServerOptions {
  readonly place: MetricsPlace;
  /** Taken anew for each scrape. */
  readonly families: () => Promise<readonly Family[]>;
}

/** An open server. */
export interface MetricsServer {
  /** Where it answers: the socket's path, or `http://HOST:PORT/metrics` as bound. */
  readonly place: string;
  close(): Promise<void>;
}

/** A scraper sends a line and a few fields. */
const HEADER_BYTES_MAX = 8 * 1024;

/**
 * Opens the server. Refuses `port-busy`, `socket-folder` and `socket-occupied`; fails
 * `socket-failed`.
 */
export async function openMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { place, families } = options;
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: METRICS_HEADER_MS_MAX,
      requestTimeout: METRICS_HEADER_MS_MAX,
      connectionsCheckingInterval: METRICS_HEADER_MS_MAX / 4,
    },
    (request, response) => void answer(request, response, families),
  );
  server.maxConnections = METRICS_CONNECTIONS_MAX;
  if (typeof place === 'string') await listenAt(server, { path: place, mode: 0o600 });
  else await listenOnLoopback(server, place);
  return {
    place: typeof place === 'string' ? place : urlOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  families: MetricsServerOptions['families'],
): Promise<void> {
  const isScrape = request.method === 'GET' && request.url === '/metrics';
  if (!isScrape) {
    response.writeHead(request.method === 'GET' ? 404 : 405, { connection: 'close' }).end();
    return;
  }
  const text = encodeOpenMetrics(await families());
  response.writeHead(200, { 'content-type': OPEN_METRICS_TYPE }).end(text);
}

async function listenOnLoopback(server: Server, { host, port }: ListenAddress): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host, port }, resolve);
    });
  } catch (error) {
    const address = `${host}:${port}`;
    if (systemCode(error) === 'EADDRINUSE') throw new Refusal('port-busy', { address });
    throw new Failure('socket-failed', `the metrics cannot be served at ${address}`, error);
  }
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`;
}
