/**
 * What our own bundle endpoint shows to whoever connects: an X509-SVID of ours, or a certificate of
 * the Web PKI that somebody else renews on disk.
 *
 * Both are asked again and again, and answer with what is right at that moment.
 */

import { fromUtf8 } from '../../core/bytes.ts';
import { CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { spiffeId, type TrustDomain } from '../../core/spiffe-id.ts';
import { addMs, HOUR_MS, SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import { readBounded, readPrivate } from '../host/files.ts';
import { encodePem } from '../identity/pem.ts';
import type { X509Authority } from '../identity/x509-authority.ts';
import { issueX509Svid, type X509Svid } from '../identity/x509-svid.ts';
import type { Clock, Random } from '../ports.ts';

/** Certificate chain and key in PEM, as node:tls takes them. */
export interface EndpointCredentials {
  readonly cert: string;
  readonly key: string;
}

/** Answers with what to show now; throws a `Refusal` or a `Failure` where there is nothing. */
export type CredentialSource = () => Promise<EndpointCredentials>;

/** Paths of the SPIFFE IDs that the daemon shows: its bundle endpoint, and its commands. */
export const ENDPOINT_PATH = '/bundle-endpoint';
export const CONTROL_ID_PATH = '/holdfast/control';

const SVID_MS = HOUR_MS;
const PEM_BYTES_MAX = 2 * CERTIFICATE_BYTES_MAX * CHAIN_CERTIFICATES_MAX;

export interface SvidSourceOptions {
  readonly domain: TrustDomain;
  readonly path: typeof ENDPOINT_PATH | typeof CONTROL_ID_PATH;
  readonly clock: Clock;
  readonly random: Random;
  /** What signs now, and until when it may; throws a `Refusal` where nothing may. */
  readonly permission: () => { readonly authority: X509Authority; readonly until: UnixMs };
}

/**
 * X509-SVIDs of the daemon's own under `path`, renewed at half of their life and when another
 * authority signs. One that may not be renewed is shown until it ends.
 */
export function svidSource(options: SvidSourceOptions): CredentialSource {
  let held: { readonly svid: X509Svid; readonly authorityId: string } | null = null;
  return async () => {
    const { clock, random, domain, path } = options;
    const now = clock.now().wall;
    try {
      const { authority, until } = options.permission();
      if (held === null || held.authorityId !== authority.id || isHalfLived(held.svid, now)) {
        const notAfter = endOf(now, until, authority.certificate.notAfter);
        const order = { spiffeId: spiffeId(domain, path), now, notAfter };
        held = { svid: issueX509Svid(authority, order, random), authorityId: authority.id };
      }
    } catch (error) {
      if (!(error instanceof Refusal) || held === null || held.svid.notAfter <= now) throw error;
    }
    return pemOf(held.svid);
  };
}

/** A certificate chain and its key in PEM files, read anew each time. */
export function fileSource(certificatePath: string, keyPath: string): CredentialSource {
  return async () => ({
    cert: fromUtf8(await readBounded(certificatePath, PEM_BYTES_MAX)),
    key: fromUtf8(await readPrivate(keyPath, PEM_BYTES_MAX)),
  });
}

/** The end of an SVID issued now. Refuses `tier-insufficient` where it would have ended. */
function endOf(now: UnixMs, until: UnixMs, authorityEnd: UnixMs): UnixMs {
  const end = unixMs(Math.min(addMs(now, SVID_MS), until, authorityEnd));
  if (now + SECOND_MS < end) return end;
  throw new Refusal('tier-insufficient', { permittedUntil: until, authorityEnd, now });
}

function isHalfLived({ notBefore, notAfter }: X509Svid, now: UnixMs): boolean {
  return now < notBefore || now - notBefore >= (notAfter - notBefore) / 2;
}

function pemOf(svid: X509Svid): EndpointCredentials {
  return {
    cert: svid.certificatesDer.map((der) => encodePem('CERTIFICATE', der)).join(''),
    key: encodePem('PRIVATE KEY', svid.privateKeyPkcs8),
  };
}
