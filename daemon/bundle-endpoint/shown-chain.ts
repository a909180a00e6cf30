/** The certificates that the other end of a TLS connection showed. Nothing is verified here. */

import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { CHAIN_CERTIFICATES_MAX } from '../../core/limits.ts';

/** What the other end showed, leaf first, in the order of issue. */
export function chainOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length <= CHAIN_CERTIFICATES_MAX) {
    chain.push(new Uint8Array(next.raw));
    // The runtime names a self-signed certificate its own issuer.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}
