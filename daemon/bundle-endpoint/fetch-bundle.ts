/**
 * Fetches a bundle from an endpoint, once (SPIFFE Federation §5.2).
 *
 * Whoever answers is identified before a byte is asked for, at each redirect anew, and a redirect
 * is forgotten with the answer. An answer is bytes and nothing more: what is in them, and whether
 * it is newer than what is held, is judged in `partner.ts`. The caller's signal bounds the whole,
 * redirects included, so that an endpoint that hangs or drips costs one attempt.
 */

import { type IncomingMessage, request as requestHttp } from 'node:http';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { concat } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { DOCUMENT_BYTES_MAX, ENDPOINT_REDIRECTS_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { type SpiffeId, trustDomainOf } from '../../core/spiffe-id.ts';
import type { UnixMs } from '../../core/time.ts';
import { checkHonoured, type Relation } from '../../federation/relation.ts';
import type { RevokedSet } from '../identity/revoked.ts';
import { verifyX509Svid } from '../identity/x509-verify.ts';
import { type EndpointProfile, type EndpointUrl, redirectTarget } from './endpoint-terms.ts';
import { chainOf } from './shown-chain.ts';

export interface BundleRequest {
  readonly url: EndpointUrl;
  readonly profile: EndpointProfile;
  /** CA certificates of the domain of the endpoint's ID; of no use to `https_web`. */
  readonly roots: readonly Uint8Array[];
  /** What that domain revoked. */
  readonly revoked: RevokedSet;
  /** Which of its identities are honoured; null where it is judged by its own bundle alone. */
  readonly relation: Relation | null;
  /** CA certificates of the Web PKI in PEM; undefined for those of the runtime. */
  readonly webRoots?: readonly string[] | undefined;
  readonly now: UnixMs;
  /** Ends the attempt; its reason is what the attempt then fails with. */
  readonly signal: AbortSignal;
}

type Answer =
  | { readonly kind: 'bundle'; readonly bytes: Uint8Array }
  | { readonly kind: 'redirect'; readonly location: string | undefined };

const HTTPS_PORT = 443;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The bytes an endpoint answers with. Refuses `endpoint-identity`, `endpoint-status`,
 * `endpoint-redirect` and `too-large`; fails `peer-unreachable`, or with the signal's reason.
 */
export async function fetchBundle(request: BundleRequest): Promise<Uint8Array> {
  let { url } = request;
  for (let redirects = 0; redirects <= ENDPOINT_REDIRECTS_MAX; redirects++) {
    const answer = await ask(url, request);
    if (answer.kind === 'bundle') return answer.bytes;
    url = redirectTarget(answer.location, url);
  }
  throw new Refusal('endpoint-redirect', { limit: ENDPOINT_REDIRECTS_MAX, got: url });
}

async function ask(url: EndpointUrl, request: BundleRequest): Promise<Answer> {
  const { signal } = request;
  const socket = openSocket(url, request);
  const abort = (): void => void socket.destroy(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    if (signal.aborted) throw signal.reason;
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve).once('error', reject);
      socket.once('close', () => reject(new Error('closed within the handshake')));
    });
    checkIdentity(socket, request);
    return await exchange(socket, new URL(url));
  } catch (error) {
    if (error instanceof Refusal || error instanceof Failure) throw error;
    if (signal.aborted) throw signal.reason;
    throw new Failure('peer-unreachable', `no bundle from ${url}`, error);
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

function openSocket(url: EndpointUrl, { webRoots }: BundleRequest): TLSSocket {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({
    host,
    port: port === '' ? HTTPS_PORT : Number.parseInt(port, 10),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    // Judged in `checkIdentity`, by the rules of the profile, before anything is sent.
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(webRoots === undefined ? {} : { ca: [...webRoots] }),
  });
  // A socket that is destroyed twice must not end the process by its second error.
  return socket.on('error', () => undefined);
}

/** Refuses `endpoint-identity` unless the other end is who the profile says. */
function checkIdentity(socket: TLSSocket, request: BundleRequest): void {
  const { profile } = request;
  if (profile.kind === 'https_spiffe') return checkSpiffeId(socket, profile.endpointId, request);
  if (socket.authorized) return;
  const why = socket.authorizationError;
  throw new Refusal('endpoint-identity', { why: String(why ?? 'no certificate') });
}

function checkSpiffeId(socket: TLSSocket, expected: SpiffeId, request: BundleRequest): void {
  const { roots, revoked, relation, now } = request;
  const domain = trustDomainOf(expected);
  const trusted = new Map([[domain, roots]]);
  const gone = new Map([[domain, revoked]]);
  const verified = refusalOf(() => {
    const svid = verifyX509Svid(chainOf(socket), trusted, now, gone);
    if (relation !== null) checkHonoured(relation, svid);
    return svid;
  });
  if (verified instanceof Refusal) {
    throw new Refusal('endpoint-identity', { ...verified.details, expected });
  }
  if (verified.spiffeId !== expected) {
    throw new Refusal('endpoint-identity', { expected, got: verified.spiffeId });
  }
}

/** One GET over a socket whose other end is known. */
async function exchange(socket: TLSSocket, url: URL): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    requestHttp({
      createConnection: () => socket,
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, accept: 'application/json', connection: 'close' },
    })
      .once('response', resolve)
      .once('error', reject)
      .end();
  });
  const status = response.statusCode ?? 0;
  if (REDIRECTS.has(status)) return { kind: 'redirect', location: response.headers.location };
  if (status !== 200) throw new Refusal('endpoint-status', { expected: 200, got: status });
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > DOCUMENT_BYTES_MAX) {
      throw new Refusal('too-large', { limit: DOCUMENT_BYTES_MAX });
    }
    chunks.push(new Uint8Array(chunk));
  }
  return { kind: 'bundle', bytes: concat(...chunks) };
}
