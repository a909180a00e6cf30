/**
 * The private keys of authorities, by name in custody: `x509-authority`, then `x509-authority-2`, …
 *
 * With the key of an X.509 authority its certificate is kept, because the two are one thing. Of an
 * authority that no longer signs nothing is kept: the certificate alone stays, in the roll.
 */

import { Reader, Writer } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { UnixMs } from '../../core/time.ts';
import type { KeyCustody } from '../custody/custody.ts';
import type { AuthorityLine } from '../identity/authority-roll.ts';
import { createJwtAuthority, type JwtSigner, openJwtAuthority } from '../identity/jwt-authority.ts';
import {
  createX509Authority,
  openX509Authority,
  type X509Authority,
} from '../identity/x509-authority.ts';
import type { Random } from '../ports.ts';

/** An authority with its private key. */
export type AuthorityKey =
  | { readonly use: 'x509'; readonly authority: X509Authority }
  | { readonly use: 'jwt'; readonly authority: JwtSigner };

/** One authority of a line, by its number. */
export interface NumberedAuthority extends AuthorityLine {
  readonly number: number;
}

export class AuthorityKeys {
  readonly #domain: TrustDomain;
  readonly #custody: KeyCustody;
  readonly #random: Random;

  constructor(domain: TrustDomain, custody: KeyCustody, random: Random) {
    this.#domain = domain;
    this.#custody = custody;
    this.#random = random;
  }

  /** Makes a key and keeps it. One under its name is of an attempt that was never recorded. */
  async create(numbered: NumberedAuthority, now: UnixMs): Promise<AuthorityKey> {
    const name = nameOf(numbered);
    await this.#custody.destroy(name);
    await this.#custody.create(name, this.#draw(numbered, now));
    return this.load(numbered);
  }

  /** Opens a key. Refuses `key-malformed`, and what the custody does. */
  async load(numbered: NumberedAuthority): Promise<AuthorityKey> {
    const stored = await this.#custody.load(nameOf(numbered));
    if (numbered.use === 'jwt') return { use: 'jwt', authority: openJwtAuthority(stored) };
    const reader = new Reader(stored);
    const certificateDer = reader.take(reader.u32());
    const privateKeyPkcs8 = reader.take(reader.remaining);
    const authority = openX509Authority(this.#domain, { certificateDer, privateKeyPkcs8 });
    if (authority.keyType !== numbered.keyType) throw new Refusal('key-malformed');
    return { use: 'x509', authority };
  }

  /** True if the key is kept. */
  has(numbered: NumberedAuthority): Promise<boolean> {
    return this.#custody.has(nameOf(numbered));
  }

  destroy(numbered: NumberedAuthority): Promise<void> {
    return this.#custody.destroy(nameOf(numbered));
  }

  #draw({ use, keyType }: AuthorityLine, now: UnixMs): Uint8Array {
    if (use === 'jwt') return createJwtAuthority(keyType);
    const drawn = createX509Authority(this.#domain, now, this.#random, keyType);
    const { certificateDer, privateKeyPkcs8 } = drawn;
    return new Writer()
      .u32(certificateDer.length)
      .raw(certificateDer)
      .raw(privateKeyPkcs8)
      .finish();
  }
}

function nameOf({ use, keyType, number }: NumberedAuthority): string {
  const kind = keyType === 'ec-p256' ? use : `${use}-ml-dsa`;
  return number === 1 ? `${kind}-authority` : `${kind}-authority-${number}`;
}
