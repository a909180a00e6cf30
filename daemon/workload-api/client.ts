/**
 * A client of the SPIFFE Workload API, for our own commands and the demo.
 *
 * It trusts the endpoint it was told, as every workload does, and checks only that what arrives
 * has the form of the standard. It never connects again by itself: whoever watches decides.
 */

import { connect } from 'node:net';
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
} from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
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
import { SpiffeWorkloadAPI, type X509SVIDResponse } from './gen/workload_pb.ts';
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

/** Opens a client; the connection is made by the first call. */
export function openWorkloadClient(endpoint: WorkloadEndpoint): WorkloadClient {
  // The authority of the URL only fills the header of HTTP/2; the socket is chosen below.
  const baseUrl = 'http://localhost';
  const sessionManager = new Http2SessionManager(
    baseUrl,
    {},
    {
      createConnection: () =>
        endpoint.kind === 'unix' ? connect(endpoint.path) : connect(endpoint.port, endpoint.host),
    },
  );
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: [withSecurityHeader],
    acceptCompression: [],
    readMaxBytes: MESSAGE_BYTES_MAX,
  });
  const client = createClient(SpiffeWorkloadAPI, transport);
  return {
    fetchX509Svids: () => firstOf(client),
    watchX509Svids: (signal) => watch(client, signal),
    close: () => sessionManager.abort(),
  };
}

const withSecurityHeader: Interceptor = (next) => (request) => {
  request.header.set(SECURITY_HEADER, 'true');
  return next(request);
};

type Api = Client<typeof SpiffeWorkloadAPI>;

async function firstOf(client: Api): Promise<FetchedIdentities> {
  const ending = new AbortController();
  try {
    for await (const identities of watch(client, ending.signal)) return identities;
  } finally {
    ending.abort();
  }
  throw new Failure('daemon-unreachable', 'the Workload API ended a stream without an answer');
}

async function* watch(client: Api, signal: AbortSignal): AsyncGenerator<FetchedIdentities> {
  try {
    for await (const response of client.fetchX509SVID({}, { signal })) yield identitiesOf(response);
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof ConnectError ? troubleOf(error) : error;
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
function troubleOf(error: ConnectError): Refusal | Failure {
  const [, code = '', details] =
    /^([a-z0-9-]+): [^(;]*(?:\((.*)\))?; /.exec(error.rawMessage) ?? [];
  if (isRefusalCode(code)) {
    return new Refusal(code, details === undefined ? {} : { told: details });
  }
  const told = `no answer from the Workload API (${Code[error.code]}): ${error.rawMessage}`;
  return new Failure('daemon-unreachable', told, error);
}
