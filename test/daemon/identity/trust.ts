/** A domain with an authority, entries and a view, for tests of what callers get. */

import { Refusal } from '../../../core/refusal.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import { addMs, DAY_MS, type UnixMs } from '../../../core/time.ts';
import type { TrustView } from '../../../daemon/identity/directory.ts';
import { createEntry, type Entry, type EntryDraft } from '../../../daemon/identity/entry.ts';
import {
  createJwtAuthority,
  type JwtSigner,
  openJwtAuthority,
} from '../../../daemon/identity/jwt-authority.ts';
import type { KeyType } from '../../../daemon/identity/private-key.ts';
import { NOTHING_REVOKED } from '../../../daemon/identity/revoked.ts';
import type { Signers } from '../../../daemon/identity/signers.ts';
import { type DomainAuthorities, NO_AUTHORITIES } from '../../../daemon/identity/spiffe-bundle.ts';
import { NO_OVERRIDE } from '../../../daemon/identity/svid-cache.ts';
import {
  createX509Authority,
  openX509Authority,
  type X509Authority,
} from '../../../daemon/identity/x509-authority.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { forgeRoot } from './forge.ts';

export const HOME = parseTrustDomain('home.example');
export const AWAY = parseTrustDomain('away.example');

/** Signers whose authorities a test exchanges, taints or takes away. */
export class TestSigners implements Signers {
  readonly tainted = new Set<string>();
  readonly jwtSigner = openJwtAuthority(createJwtAuthority('ec-p256'));
  x509Authority: X509Authority | Refusal;
  /** Both kinds of ML-DSA-65, where a test has them. */
  mlDsa65: { readonly x509: X509Authority; readonly jwt: JwtSigner } | undefined;

  constructor(authority: X509Authority | Refusal) {
    this.x509Authority = authority;
  }

  x509(keyType: KeyType): X509Authority | Refusal {
    if (keyType === 'ec-p256') return this.x509Authority;
    return this.mlDsa65?.x509 ?? new Refusal('authority-unknown', { keyType });
  }

  jwt(keyType: KeyType): JwtSigner | Refusal {
    if (keyType === 'ec-p256') return this.jwtSigner;
    return this.mlDsa65?.jwt ?? new Refusal('authority-unknown', { keyType });
  }

  isTainted(authorityId: string): boolean {
    return this.tainted.has(authorityId);
  }

  /** What the bundle says of them. */
  get authorities(): DomainAuthorities {
    const { x509Authority, mlDsa65 } = this;
    const isThere = !(x509Authority instanceof Refusal);
    return {
      x509Authorities: isThere ? [x509Authority.certificate.der] : [],
      jwtAuthorities: [this.jwtSigner],
      mlDsa65:
        mlDsa65 === undefined
          ? NO_AUTHORITIES
          : { x509Authorities: [mlDsa65.x509.certificate.der], jwtAuthorities: [mlDsa65.jwt] },
    };
  }
}

export interface TestTrust {
  readonly random: SeededRandom;
  readonly authority: X509Authority;
  readonly signers: TestSigners;
  readonly awayRoot: Uint8Array;
  readonly awayKey: JwtSigner;
  entry(name: string, draft?: Partial<EntryDraft>): Entry;
  view(entries: readonly Entry[], change?: Partial<TrustView>): TrustView;
}

export function testTrust(now: UnixMs): TestTrust {
  const random = new SeededRandom('trust');
  const stored = createX509Authority(HOME, now, random);
  const authority = openX509Authority(HOME, stored);
  const signers = new TestSigners(authority);
  const awayRoot = forgeRoot(AWAY).der;
  const awayKey = openJwtAuthority(createJwtAuthority('ec-p256'));
  return {
    random,
    authority,
    signers,
    awayRoot,
    awayKey,
    entry: (name, draft = {}) =>
      createEntry(
        { spiffeId: `spiffe://${HOME}/${name}`, selectors: ['unix:uid:1000'], ...draft },
        HOME,
        now,
      ),
    view: (entries, change = {}) => ({
      domain: HOME,
      entries,
      closed: null,
      withheld: [],
      assurance: 'software',
      ownAuthorities: signers.authorities,
      foreignAuthorities: new Map([
        [AWAY, { x509Authorities: [awayRoot], jwtAuthorities: [awayKey], mlDsa65: NO_AUTHORITIES }],
      ]),
      unaccepted: new Set(),
      relations: new Map(),
      cellsOf: new Set(),
      issueUntil: addMs(now, 7 * DAY_MS),
      renewUntil: addMs(now, 7 * DAY_MS),
      underOverride: NO_OVERRIDE,
      ownRevoked: NOTHING_REVOKED,
      foreignRevoked: new Map(),
      crls: new Map(),
      ...change,
    }),
  };
}
