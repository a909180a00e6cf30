/**
 * The authority's side of a member's identities: what the holder of a lease may have certified, by
 * the kind of its lease (PROTOCOL §7.2).
 *
 * `slices` gets leaves for entries that are its own, one for each window ahead; `cell` and `domain`
 * get one intermediate. Nothing ends later than what allows it: the evidence, the lease, the entry,
 * the authority. Whatever is asked beyond that is left out of the answer, or refused; that a key is
 * in its asker's hands is not asked, since it gets its asker's own name and no other.
 */

import type { Digest } from '../../core/digest.ts';
import { SLICE_WINDOWS_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { type SpiffeId, trustDomainOf } from '../../core/spiffe-id.ts';
import { SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import { isAssured } from '../../federation/assurance.ts';
import { cellOf } from '../identity/cell.ts';
import { decodeCertificate } from '../identity/certificate.ts';
import { nodeSerial, signCertificate } from '../identity/certificate-writer.ts';
import { type Entry, isLive } from '../identity/entry.ts';
import { issueJwtSvid } from '../identity/jwt-svid.ts';
import { nodeSpiffeId } from '../identity/node-id.ts';
import { parsePublicKey } from '../identity/public-key.ts';
import { serialText } from '../identity/revoked.ts';
import type { Signers } from '../identity/signers.ts';
import type { X509Authority } from '../identity/x509-authority.ts';
import { issueIntermediate } from '../identity/x509-intermediate.ts';
import { leafParts } from '../identity/x509-svid.ts';
import type { Clock, Random } from '../ports.ts';
import {
  decodeRequest,
  encodeAnswer,
  type SliceAnswer,
  type SliceRequest,
  type TokenRequest,
} from './issuing-messages.ts';
import type { IssuingDesk, IssuingTerms } from './issuing-port.ts';
import { leafEnd, windowOf, windowStart } from './slice-window.ts';

/** What an authority issues by. */
export interface AuthorityIssuingOptions {
  readonly signers: Signers;
  readonly clock: Clock;
  readonly random: Random;
  /** Of every group. */
  readonly entries: () => readonly Entry[];
  /** Until when anything may be issued now, or why nothing may. */
  readonly until: () => UnixMs | Refusal;
  /** The override that this takes, or null. */
  readonly override: () => Digest | null;
  /** Lets others have their turn: a request may cost a thousand signatures. */
  readonly pause: () => Promise<void>;
  /** Hears of every certificate before anybody has it. */
  readonly onIssued: (issued: IssuedCertificate) => void;
}

/** One certificate that went to a member. */
export interface IssuedCertificate {
  readonly serial: string;
  readonly spiffeId: SpiffeId;
  readonly notAfter: UnixMs;
}

const SERIAL_RANDOM_BYTES = 12;

/** The desk of an authority. */
export function authorityIssuing(options: AuthorityIssuingOptions): IssuingDesk {
  return {
    issue: async (lease, bytes) => {
      // A member of an older version asks for nothing.
      if (bytes.length === 0) return bytes;
      const request = decodeRequest(bytes);
      const issuing = new Issuing(options, lease);
      const slices: SliceAnswer[] = [];
      for (const asked of lease.kind === 'slices' ? request.slices : []) {
        // What is only early or late is left out, so that it holds nothing else up.
        const slice = refusalOf(() => issuing.slice(asked));
        if (!(slice instanceof Refusal)) slices.push(slice);
        else if (slice.judgement === 'reject') throw slice;
        await options.pause();
      }
      const { key, token } = request;
      return encodeAnswer({
        intermediate: key === null ? null : issuing.intermediate(key),
        slices,
        token: token === null ? null : issuing.token(token),
      });
    },
  };
}

/** One answer: all of it rests on the same moment and the same lease. */
class Issuing {
  readonly #options: AuthorityIssuingOptions;
  readonly #lease: IssuingTerms;
  readonly #now: UnixMs;
  /** PROTOCOL §4.7 — no credential outlives what allowed it. */
  readonly #until: UnixMs;

  constructor(options: AuthorityIssuingOptions, lease: IssuingTerms) {
    const until = options.until();
    if (until instanceof Refusal) throw until;
    this.#options = options;
    this.#lease = lease;
    this.#now = options.clock.now().wall;
    this.#until = unixMs(Math.min(until, lease.notAfter));
    if (this.#until < this.#now + 2 * SECOND_MS) {
      throw new Refusal('tier-insufficient', { permittedUntil: this.#until, now: this.#now });
    }
  }

  intermediate(spki: Uint8Array): Uint8Array | null {
    const { assurance, domain, group, kind, node } = this.#lease;
    if (kind === 'slices') return null;
    const authority = this.#authority('ec-p256');
    const publicKey = parsePublicKey(spki);
    if (publicKey.keyType !== 'ec-p256') throw new Refusal('key-malformed', { expected: 'P-256' });
    const own = kind === 'cell' ? cellOf(group, domain) : domain;
    const override = this.#options.override();
    const rest = { assurance, override, now: this.#now, notAfter: this.#until };
    const order = { node, publicKey, domain: own, ...rest };
    const der = issueIntermediate(authority, order, this.#options.random);
    this.#note(der, nodeSpiffeId(domain, node));
    return der;
  }

  /** The leaves of the windows that are neither over nor beyond what may be signed. */
  slice({ entry: id, first, keys }: SliceRequest): SliceAnswer {
    const entry = this.#entry(id);
    const from = Math.max(first, windowOf(this.#now));
    const leaves: Uint8Array[] = [];
    for (let window = from; window < first + keys.length; window++) {
      const key = keys[window - first];
      const isBeyond = windowStart(window) + 2 * SECOND_MS > this.#until;
      if (key === undefined || isBeyond || leaves.length >= SLICE_WINDOWS_MAX) break;
      const begin = unixMs(Math.max(this.#now, windowStart(window)));
      const end = Math.min(leafEnd(window), this.#until, entry.expiresAt ?? this.#until);
      if (end < begin + SECOND_MS) break;
      leaves.push(this.#leaf(entry, key, begin, unixMs(end)));
    }
    return { entry: id, revision: entry.revision, first: from, leaves };
  }

  token({ entry: id, audience }: TokenRequest): string {
    const entry = this.#entry(id);
    const authority = this.#options.signers.jwt(entry.keyType);
    if (authority instanceof Refusal) throw authority;
    const now = this.#now;
    const end = Math.min(now + entry.jwtSvidTtlMs, this.#until, entry.expiresAt ?? this.#until);
    const { assurance } = this.#lease;
    const { spiffeId } = entry;
    const override = this.#options.override();
    const order = { spiffeId, audience, assurance, override, now, notAfter: unixMs(end) };
    return issueJwtSvid(authority, order);
  }

  #leaf(entry: Entry, spki: Uint8Array, begin: UnixMs, notAfter: UnixMs): Uint8Array {
    const publicKey = parsePublicKey(spki);
    if (publicKey.keyType !== entry.keyType) {
      throw new Refusal('key-malformed', { expected: entry.keyType, got: publicKey.keyType });
    }
    const authority = this.#authority(entry.keyType);
    const { spiffeId, dnsNames } = entry;
    const random = this.#options.random.bytes(SERIAL_RANDOM_BYTES);
    const { node, assurance } = this.#lease;
    const serial = nodeSerial(node, random);
    const override = this.#options.override();
    const rest = { assurance, override, now: begin, notAfter, serial };
    const terms = { spiffeId, dnsNames, ...rest, ...publicKey };
    const der = signCertificate(leafParts(authority, terms), authority);
    this.#note(der, spiffeId);
    return der;
  }

  /** An entry that this very node serves. Refuses `issuing-entry` for any other. */
  #entry(id: string): Entry {
    const { domain, node, group, assurance } = this.#lease;
    const entry = this.#options.entries().find((one) => one.id === id && isLive(one, this.#now));
    const isServed =
      entry?.group === group &&
      (entry.parent === null || entry.parent === nodeSpiffeId(domain, node)) &&
      trustDomainOf(entry.spiffeId) === domain;
    if (!isServed) throw new Refusal('issuing-entry', { entry: id, group });
    const { minAssurance: needs } = entry;
    if (isAssured(assurance, needs)) return entry;
    throw new Refusal('assurance-insufficient', { entry: id, needs, assurance });
  }

  #authority(keyType: Entry['keyType']): X509Authority {
    const authority = this.#options.signers.x509(keyType);
    if (authority instanceof Refusal) throw authority;
    return authority;
  }

  #note(der: Uint8Array, spiffeId: SpiffeId): void {
    const certificate = decodeCertificate(der);
    const { notAfter } = certificate;
    this.#options.onIssued({ serial: serialText(certificate), spiffeId, notAfter });
  }
}
