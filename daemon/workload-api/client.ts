/**
 * A client of the SPIFFE Workload API, for our own commands and the demo.
 *
 * It trusts the endpoint it was told, as every workload does, and checks only that what arrives
 * has the form of the standard. It never connects again by itself: whoever watches decides.
 */

import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { DerReader } from '../../core/der.ts';
import { Failure } from '../../core/failure.ts';
import { AUTHORITIES_MAX, DOCUMENT_BYTES_MAX } from '../../core/limits.ts';
import { isRefusalCode, Refusal } from '../../core/refusal.ts';
import {
  parseSpiffeId,
  pathOf,
  type SpiffeId,
  type TrustDomain,
  trustDomainOf,
} from '../../core/spiffe-id.ts';
import type { WorkloadEndpoint } from './endpoint.ts';
import {
  SpiffeWorkloadAPI,
  X509SVIDRequestSchema,
  type X509SVIDResponse,
  X509SVIDResponseSchema,
} from './gen/workload_pb.ts';
import { CallEnded, callStream } from './grpc-client.ts';
import { SECURITY_HEADER } from './response.ts';

/** One identity with its key, as the daemon handed it out. */
export interface FetchedSvid {
  readonly spiffeId: SpiffeId;
  /** Leaf first. */
  readonly certificatesDer: readonly Uint8Array[];
  readonly privateKeyPkcs8: Uint8Array;
  /** CA certificates of the own domain. */
  readonly bundleDer: readonly Uint8Array[];
  readonly hint: string;
}

/** The complete state: what is absent is withdrawn. */
export interface FetchedIdentities {
  /** The first is the default identity. */
  readonly svids: readonly FetchedSvid[];
  readonly federatedBundles: ReadonlyMap<TrustDomain, readonly Uint8Array[]>;
  /** CRLs of those domains, DER. */
  readonly crls: readonly Uint8Array[];
}

/** A connection to one Workload API. `close` also ends what is under way. */
export interface WorkloadClient {
  /** The state at this moment. Refuses what the daemon refuses; fails `daemon-unreachable`. */
  fetchX509Svids(): Promise<FetchedIdentities>;
  /** The state now and at each change, until `signal` aborts or the daemon ends the stream. */
  watchX509Svids(signal: AbortSignal): AsyncIterable<FetchedIdentities>;
  close(): void;
}

/** All of one message: SVIDs and bundles of every entry. */
const MESSAGE_BYTES_MAX = 16 * DOCUMENT_BYTES_MAX;

const FETCH_X509_SVID = `/${SpiffeWorkloadAPI.typeName}/FetchX509SVID`;
const REQUEST = toBinary(X509SVIDRequestSchema, create(X509SVIDRequestSchema));

/** Opens a client; the connection is made by the first call, and again once it broke. */
export function openWorkloadClient(endpoint: WorkloadEndpoint): WorkloadClient {
  let open: ClientHttp2Session | undefined;
  const session = (): ClientHttp2Session => {
    if (open === undefined || open.destroyed) open = connectTo(endpoint);
    return open;
  };
  return {
    fetchX509Svids: () => firstOf(session()),
    watchX509Svids: (signal) => watch(session(), signal),
    close: () => open?.destroy(),
  };
}

function connectTo(endpoint: WorkloadEndpoint): ClientHttp2Session {
  // The authority of the URL only fills the header of HTTP/2; the socket is chosen here.
  const session = connectHttp2('http://localhost', {
    createConnection: () =>
      endpoint.kind === 'unix' ? connect(endpoint.path) : connect(endpoint.port, endpoint.host),
  });
  session.on('error', () => undefined); // each call under way hears of it too, and tells
  return session;
}

async function firstOf(session: ClientHttp2Session): Promise<FetchedIdentities> {
  const ending = new AbortController();
  try {
    for await (const identities of watch(session, ending.signal)) return identities;
  } finally {
    ending.abort();
  }
  throw new Failure('daemon-unreachable', 'the Workload API ended a stream without an answer');
}

async function* watch(
  session: ClientHttp2Session,
  signal: AbortSignal,
): AsyncGenerator<FetchedIdentities> {
  const headers = { [SECURITY_HEADER]: 'true' };
  const call = { path: FETCH_X509_SVID, headers, request: REQUEST, limit: MESSAGE_BYTES_MAX };
  try {
    for await (const message of callStream(session, { ...call, signal })) {
      yield identitiesOf(decodeResponse(message));
    }
  } catch (error) {
    throw error instanceof CallEnded ? troubleOf(error) : error;
  }
}

function decodeResponse(message: Uint8Array): X509SVIDResponse {
  try {
    return fromBinary(X509SVIDResponseSchema, message);
  } catch {
    throw new Refusal('bad-encoding', { why: 'no message of the Workload API' });
  }
}

function identitiesOf(response: X509SVIDResponse): FetchedIdentities {
  const svids = response.svids.map((svid) => ({
    spiffeId: parseSpiffeId(svid.spiffeId),
    certificatesDer: splitDer(svid.x509Svid),
    privateKeyPkcs8: svid.x509SvidKey,
    bundleDer: splitDer(svid.bundle),
    hint: svid.hint,
  }));
  const bundles = Object.entries(response.federatedBundles).map(([id, ders]) => {
    const domain = parseSpiffeId(id);
    if (pathOf(domain) !== '') throw new Refusal('spiffe-id-invalid', { got: id.slice(0, 128) });
    return [trustDomainOf(domain), splitDer(ders)] as const;
  });
  return { svids, federatedBundles: new Map(bundles), crls: response.crl };
}

/** Cuts certificates apart. Refuses `bad-encoding`, and `too-large` beyond a whole bundle. */
function splitDer(concatenated: Uint8Array): readonly Uint8Array[] {
  const reader = new DerReader(concatenated);
  const ders: Uint8Array[] = [];
  while (!reader.isAtEnd) {
    if (ders.length === AUTHORITIES_MAX) throw new Refusal('too-large', { limit: AUTHORITIES_MAX });
    ders.push(reader.next().raw);
  }
  return ders;
}

/** Our daemon begins its messages with a refusal code; any other Workload API just failed. */
function troubleOf(error: CallEnded): Refusal | Failure {
  const [, code = '', details] = /^([a-z0-9-]+): [^(;]*(?:\((.*)\))?; /.exec(error.message) ?? [];
  if (isRefusalCode(code)) {
    return new Refusal(code, details === undefined ? {} : { told: details });
  }
  const told = `no answer from the Workload API (gRPC state ${error.code}): ${error.message}`;
  return new Failure('daemon-unreachable', told, error);
}
