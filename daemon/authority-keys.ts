/**
 * The private keys of authorities, one file each: `x509-authority`, then `x509-authority-2`, …
 *
 * A file of an X.509 authority holds its certificate as well, because the two are one thing. An
 * authority that no longer signs has no file: the certificate alone stays, in the roll.
 */

import { Reader, Writer } from '../core/bytes.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { UnixMs } from '../core/time.ts';
import type { AuthorityLine } from './identity/authority-roll.ts';
import { createJwtAuthority, type JwtSigner, openJwtAuthority } from './identity/jwt-authority.ts';
import {
  createX509Authority,
  openX509Authority,
  type X509Authority,
} from './identity/x509-authority.ts';
import type { Random } from './ports.ts';
import { createKeyFile, destroyKeyFile, hasKeyFile, loadKeyFile } from './store/key-file.ts';

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
  readonly #folder: string;
  readonly #random: Random;

  constructor(domain: TrustDomain, folder: string, random: Random) {
    this.#domain = domain;
    this.#folder = folder;
    this.#random = random;
  }

  /** Makes a key and keeps it. A file under its name is of an attempt that was never recorded. */
  async create(numbered: NumberedAuthority, now: UnixMs): Promise<AuthorityKey> {
    const file = this.#fileOf(numbered);
    await destroyKeyFile(file);
    await createKeyFile(file, this.#draw(numbered, now));
    return this.load(numbered);
  }

  /** Opens a key. Refuses `key-malformed`, and what `loadKeyFile` does. */
  async load(numbered: NumberedAuthority): Promise<AuthorityKey> {
    const stored = await loadKeyFile(this.#fileOf(numbered));
    if (numbered.use === 'jwt') return { use: 'jwt', authority: openJwtAuthority(stored) };
    const reader = new Reader(stored);
    const certificateDer = reader.take(reader.u32());
    const privateKeyPkcs8 = reader.take(reader.remaining);
    const authority = openX509Authority(this.#domain, { certificateDer, privateKeyPkcs8 });
    if (authority.keyType !== numbered.keyType) throw new Refusal('key-malformed');
    return { use: 'x509', authority };
  }

  /** True if the key's file stands. */
  has(numbered: NumberedAuthority): Promise<boolean> {
    return hasKeyFile(this.#fileOf(numbered));
  }

  destroy(numbered: NumberedAuthority): Promise<void> {
    return destroyKeyFile(this.#fileOf(numbered));
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

  #fileOf({ use, keyType, number }: NumberedAuthority) {
    const kind = keyType === 'ec-p256' ? use : `${use}-ml-dsa`;
    const name = number === 1 ? `${kind}-authority` : `${kind}-authority-${number}`;
    return { folder: this.#folder, name };
  }
}
