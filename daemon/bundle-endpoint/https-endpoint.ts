/**
 * An HTTPS server that shows what a source of credentials answers with, and asks it again and
 * again.
 *
 * It guards itself by few connections and short waits. It knows neither domains nor keys, and not
 * what it is asked for: that is the handler's.
 */

import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { Failure } from '../../core/failure.ts';
import { ENDPOINT_CONNECTIONS_MAX, ENDPOINT_HEADER_MS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { bootMs, MINUTE_MS } from '../../core/time.ts';
import { systemCode } from '../host/files.ts';
import type { Clock, Log } from '../ports.ts';
import type { CredentialSource, EndpointCredentials } from './endpoint-credentials.ts';

export interface HttpsEndpointOptions {
  /** What it is, for logs, such as `bundle endpoint`. */
  readonly name: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly credentials: CredentialSource;
  readonly tls: Pick<TlsOptions, 'requestCert' | 'rejectUnauthorized' | 'secureOptions'> & {
    readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  };
  readonly handler: RequestListener;
  readonly clock: Clock;
  readonly log: Log;
}

const HEADER_BYTES_MAX = 8 * 1024;

/**
 * Opens the endpoint. Where nothing may be signed yet, it opens all the same and shakes no hands
 * until something may. Refuses `port-busy`, and what else the credentials do; fails
 * `socket-failed`.
 */
export async function openHttpsEndpoint(options: HttpsEndpointOptions): Promise<HttpsEndpoint> {
  const endpoint = new HttpsEndpoint(options, await firstCredentials(options));
  await endpoint.listen();
  return endpoint;
}

async function firstCredentials(
  options: HttpsEndpointOptions,
): Promise<EndpointCredentials | null> {
  try {
    return await options.credentials();
  } catch (error) {
    if (error instanceof Refusal && error.code === 'tier-insufficient') return null;
    throw error;
  }
}

/** The open endpoint. */
export class HttpsEndpoint {
  readonly #options: HttpsEndpointOptions;
  readonly server: Server;
  /** From the first packet on: the runtime forgets those that shake no hands. */
  readonly #sockets = new Set<Socket>();
  #shown: EndpointCredentials | null;
  #cancelWake: () => void = () => undefined;

  constructor(options: HttpsEndpointOptions, shown: EndpointCredentials | null) {
    this.#options = options;
    this.#shown = shown;
    this.server = createServer(
      {
        ...shown,
        ...options.tls,
        maxHeaderSize: HEADER_BYTES_MAX,
        handshakeTimeout: ENDPOINT_HEADER_MS_MAX,
        headersTimeout: ENDPOINT_HEADER_MS_MAX,
        requestTimeout: ENDPOINT_HEADER_MS_MAX,
        connectionsCheckingInterval: ENDPOINT_HEADER_MS_MAX / 4,
      },
      options.handler,
    );
    this.server.maxConnections = ENDPOINT_CONNECTIONS_MAX;
    this.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** `https://HOST:PORT/`, as it is bound. */
  get url(): string {
    const { address, family, port } = this.server.address() as AddressInfo;
    return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}/`;
  }

  async listen(): Promise<void> {
    const { name, host, port } = this.#options;
    try {
      await new Promise<void>((resolve, reject) => {
        this.server.once('error', reject).listen({ host, port }, resolve);
      });
    } catch (error) {
      const address = `${host}:${port}`;
      if (systemCode(error) === 'EADDRINUSE') throw new Refusal('port-busy', { address });
      throw new Failure('socket-failed', `the ${name} cannot listen at ${address}`, error);
    }
    this.#arm();
  }

  /** Looks at once whether something else is to be shown, instead of within the minute. */
  async renew(): Promise<void> {
    const { name, credentials, log } = this.#options;
    try {
      const { cert, key } = await credentials();
      if (cert === this.#shown?.cert && key === this.#shown.key) return;
      this.server.setSecureContext({ cert, key, ...this.#options.tls });
      this.#shown = { cert, key };
    } catch (error) {
      // Half-written files are an outside matter: what was shown goes on being shown.
      if (!(error instanceof Error)) throw error;
      log.warn(`${name} keeps its certificate`, { why: error.message });
    }
  }

  async close(): Promise<void> {
    this.#cancelWake();
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#cancelWake = clock.wakeAt(bootMs(clock.now().boot + MINUTE_MS), () => {
      this.#arm();
      void this.renew();
    });
  }
}
