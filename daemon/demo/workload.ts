/**
 * A workload, as anybody's would be: it knows the Workload API's socket and nothing of Holdfast.
 *
 * It follows its stream, keeps the newest complete state, and speaks mutual TLS with it. Peers are
 * verified by the SPIFFE rules, against the roots of the domain that the peer's own ID names.
 */

import { once } from 'node:events';
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import { Failure } from '../../core/failure.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { SpiffeId } from '../../core/spiffe-id.ts';
import { trustDomainOf } from '../../core/spiffe-id.ts';
import { encodePem } from '../identity/pem.ts';
import { revokedByLists } from '../identity/x509-crl.ts';
import { verifyX509Svid } from '../identity/x509-verify.ts';
import type { Clock } from '../ports.ts';
import {
  type FetchedIdentities,
  type FetchedSvid,
  openWorkloadClient,
  type WorkloadClient,
} from '../workload-api/client.ts';

/** What a handshake came to: the peer's identity, or why there was none. */
export type Handshake =
  | { readonly kind: 'spoke'; readonly client: SpiffeId; readonly server: SpiffeId }
  | { readonly kind: 'refused'; readonly by: 'client' | 'server'; readonly refusal: Refusal };

export class Workload {
  readonly #client: WorkloadClient;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  #identities: FetchedIdentities | null = null;

  constructor(socketPath: string, clock: Clock) {
    this.#client = openWorkloadClient({ kind: 'unix', path: socketPath });
    this.#clock = clock;
  }

  /** Follows the stream until `close`, or until the daemon ends it: then there is no identity. */
  follow(): void {
    const read = async () => {
      for await (const identities of this.#client.watchX509Svids(this.#ending.signal)) {
        this.#identities = identities;
      }
    };
    read().catch((error: unknown) => {
      if (!(error instanceof Failure || error instanceof Refusal)) throw error;
      this.#identities = null;
    });
  }

  /** The state received last; null before the first message. */
  get identities(): FetchedIdentities | null {
    return this.#identities;
  }

  get svid(): FetchedSvid {
    const svid = this.#identities?.svids[0];
    if (svid === undefined) throw new Failure('process-failed', 'the workload has no SVID yet');
    return svid;
  }

  /** Takes one mutual TLS connection from `other`, over a real socket. */
  async handshakeFrom(other: Workload): Promise<Handshake> {
    const server = createServer({ ...credentials(this.svid), requestCert: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const accepted = once(server, 'secureConnection');
      const near = connectTls({ ...credentials(other.svid), port, host: '127.0.0.1' });
      await once(near, 'secureConnect');
      const [far] = (await accepted) as [TLSSocket];
      const seen = { client: this.#verify(far), server: other.#verify(near) };
      near.destroy();
      far.destroy();
      if (seen.client instanceof Refusal) return refusedBy('server', seen.client);
      if (seen.server instanceof Refusal) return refusedBy('client', seen.server);
      return { kind: 'spoke', client: seen.client, server: seen.server };
    } finally {
      server.close();
    }
  }

  close(): void {
    this.#ending.abort();
    this.#client.close();
  }

  /** Who is at the other end, by the bundles this workload holds at this moment. */
  #verify(socket: TLSSocket): SpiffeId | Refusal {
    const { svid } = this;
    const roots = new Map(this.#identities?.federatedBundles ?? []);
    roots.set(trustDomainOf(svid.spiffeId), svid.bundleDer);
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return new Refusal('svid-invalid', { why: 'no certificate' });
    const chain = [new Uint8Array(certificate.raw)];
    const revoked = revokedByLists(this.#identities?.crls ?? [], roots);
    const { wall } = this.#clock.now();
    const verified = refusalOf(() => verifyX509Svid(chain, roots, wall, revoked));
    return verified instanceof Refusal ? verified : verified.spiffeId;
  }
}

/**
 * Key and certificate for node:tls. Its own check knows host names and one pool of roots, SPIFFE
 * knows neither: the peer is verified by `Workload` after the handshake, before a byte is used.
 */
function credentials(svid: FetchedSvid) {
  return {
    key: encodePem('PRIVATE KEY', svid.privateKeyPkcs8),
    cert: svid.certificatesDer.map((der) => encodePem('CERTIFICATE', der)).join(''),
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3' as const,
  };
}

function refusedBy(by: 'client' | 'server', refusal: Refusal): Handshake {
  return { kind: 'refused', by, refusal };
}
