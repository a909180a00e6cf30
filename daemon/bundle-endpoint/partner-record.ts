/**
 * A SPIFFE partner as it lies in the store: one canonical JSON record for each.
 *
 * The ledger of powered time is stored a step ahead, so that reboots in quick succession cannot
 * keep a bundle young (PROTOCOL §4.2).
 */

import { fromBase64, toBase64 } from '../../core/bytes.ts';
import { encodeCanonical, type JsonObject, parseCanonical } from '../../core/canonical.ts';
import {
  DOCUMENT_BYTES_MAX,
  ENDPOINT_URL_CHARS_MAX,
  SPIFFE_ID_BYTES_MAX,
} from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { parseSpiffeId, parseTrustDomain } from '../../core/spiffe-id.ts';
import { bootMs } from '../../core/time.ts';
import { resumeKeeping } from '../../federation/age.ts';
import { Members } from '../../federation/members.ts';
import { type EndpointProfile, parseEndpointUrl } from './endpoint-terms.ts';
import { type LastFetch, type Partner, readPublication } from './partner.ts';

/** A bundle in base64, and some 2 kB of terms. */
const RECORD_BYTES_MAX = 2 * DOCUMENT_BYTES_MAX;
const BOOT_ID_CHARS_MAX = 64;

/** The record of a partner; its ledger runs `aheadMs` ahead until the next record. */
export function encodePartner(
  { terms, held, mark, fetched }: Partner,
  { bootId, aheadMs }: { readonly bootId: string; readonly aheadMs: number },
): Uint8Array {
  const { domain, url, profile } = terms;
  const body: JsonObject = {
    ...{ domain, url, profile: profile.kind },
    ...(profile.kind === 'https_spiffe' ? { endpointId: profile.endpointId } : {}),
    ...(held === null ? {} : { bundle: toBase64(held.bytes) }),
    ...(mark === null
      ? {}
      : { mark: { sequence: String(mark.sequence), authorities: mark.authorities } }),
    ...(fetched === null ? {} : { fetched: encodeFetch(fetched, bootId, aheadMs) }),
  };
  return encodeCanonical(body);
}

/** Reads a record back. Refuses `state-corrupt`. */
export function decodePartner(bytes: Uint8Array, bootId: string): Partner {
  try {
    return readPartner(new Members(parseCanonical(bytes, RECORD_BYTES_MAX), 'partner'), bootId);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal('state-corrupt', { ...error.details, why: error.code, record: 'partner' });
  }
}

function readPartner(members: Members, bootId: string): Partner {
  const mark = members.has('mark') ? members.object('mark') : null;
  return {
    terms: {
      domain: parseTrustDomain(members.text('domain', SPIFFE_ID_BYTES_MAX)),
      url: parseEndpointUrl(members.text('url', ENDPOINT_URL_CHARS_MAX)),
      profile: readProfile(members),
    },
    held: members.has('bundle')
      ? readPublication(fromBase64(members.text('bundle', RECORD_BYTES_MAX)))
      : null,
    mark:
      mark === null
        ? null
        : { sequence: mark.u64('sequence'), authorities: mark.digestOrNull('authorities') },
    fetched: members.has('fetched') ? readFetch(members.object('fetched'), bootId) : null,
  };
}

function readProfile(members: Members): EndpointProfile {
  const kind = members.text('profile', 16);
  if (kind === 'https_web') return { kind };
  if (kind !== 'https_spiffe') members.refuse('profile');
  return { kind, endpointId: parseSpiffeId(members.text('endpointId', SPIFFE_ID_BYTES_MAX)) };
}

function encodeFetch({ asOf, keeping }: LastFetch, bootId: string, aheadMs: number): JsonObject {
  const { bound, boundBoot, ledgerMs, ledgerBoot } = keeping;
  return {
    asOf: String(asOf),
    bound: String(bound),
    boundBoot,
    ledgerMs,
    ledgerBoot,
    bootId,
    aheadMs,
  };
}

function readFetch(members: Members, bootId: string): LastFetch {
  const count = (name: string): number => members.integer(name, 0, Number.MAX_SAFE_INTEGER);
  const stored = {
    bound: members.time('bound'),
    boundBoot: bootMs(count('boundBoot')),
    ledgerMs: count('ledgerMs'),
    ledgerBoot: bootMs(count('ledgerBoot')),
    bootId: members.text('bootId', BOOT_ID_CHARS_MAX),
    aheadMs: count('aheadMs'),
  };
  return { asOf: members.time('asOf'), keeping: resumeKeeping(stored, bootId) };
}
