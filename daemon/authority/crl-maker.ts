/**
 * The CRLs of our own bundle: one for each authority that signs, over every certificate that is
 * revoked and has not ended (RFC 5280 §5), and all that a revoked node was given.
 *
 * A list that still says what it should is published again as it stands, so that the bundle
 * changes only when there is news; it is renewed at half its life. A domain that revoked no leaf
 * publishes none.
 */

import { fromHex, toBase64, toHex } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import type { KeyId } from '../../core/suite.ts';
import { addMs, SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import type { DomainView } from '../../federation/view.ts';
import { nodeMark } from '../identity/certificate-writer.ts';
import { KEY_TYPES } from '../identity/private-key.ts';
import type { Signers } from '../identity/signers.ts';
import type { X509Authority } from '../identity/x509-authority.ts';
import { type Crl, isCrlOf, type RevokedSerial, signCrl } from '../identity/x509-crl.ts';
import { crlsOf } from '../revoked-view.ts';
import type { IssuedBook } from './issued-book.ts';

export class CrlMaker {
  readonly #signers: Signers;
  readonly #issued: Pick<IssuedBook, 'liveOfNode'>;
  readonly #now: () => UnixMs;

  constructor(signers: Signers, issued: Pick<IssuedBook, 'liveOfNode'>, now: () => UnixMs) {
    this.#signers = signers;
    this.#issued = issued;
    this.#now = now;
  }

  /** The lists that the bundle of `own` is to carry now, as base64. */
  lists(own: DomainView): readonly string[] {
    const revoked = this.#revokedLeaves(own);
    if (revoked.length === 0) return [];
    return this.#authorities().map((authority) => {
      const held = this.#standing(own, authority, revoked);
      return toBase64(held?.der ?? this.#sign(own, authority, revoked));
    });
  }

  /** True if the bundle of `own` carries other lists than it should. */
  isDue(own: DomainView): boolean {
    const revoked = this.#revokedLeaves(own);
    if (revoked.length === 0) return crlsOf(own).length > 0;
    const authorities = this.#authorities();
    return authorities.some((one) => this.#standing(own, one, revoked) === undefined);
  }

  #authorities(): readonly X509Authority[] {
    return KEY_TYPES.flatMap((keyType) => {
      const authority = this.#signers.x509(keyType);
      return authority instanceof Refusal ? [] : [authority];
    });
  }

  #revokedLeaves(own: DomainView): readonly RevokedSerial[] {
    const now = this.#now();
    const inForce = [...own.revocations.union.values()].filter(({ notAfter }) => notAfter > now);
    const serials = new Map<string, UnixMs>();
    for (const { class: kind, target, at } of inForce) {
      if (kind === 'leaf') serials.set(target, at);
      if (kind !== 'lease') continue;
      const mark = toHex(nodeMark(target as KeyId));
      for (const { serial } of this.#issued.liveOfNode(mark)) serials.set(serial, at);
    }
    return Array.from(serials, ([serial, at]) => ({ serial: fromHex(serial), at }));
  }

  /** The list of that authority in the bundle, if it says all it should and is not half over. */
  #standing(
    own: DomainView,
    authority: X509Authority,
    revoked: readonly RevokedSerial[],
  ): Crl | undefined {
    const crl = crlsOf(own).find((candidate) => isCrlOf(candidate, authority.certificate.der));
    if (crl === undefined) return undefined;
    const said = new Set(crl.serials);
    const isWhole = revoked.every(({ serial }) => said.has(toHex(serial)));
    const halfLife = (crl.nextUpdate - crl.thisUpdate) / 2;
    return isWhole && this.#now() < crl.thisUpdate + halfLife ? crl : undefined;
  }

  #sign(
    { epoch, standing }: DomainView,
    authority: X509Authority,
    revoked: readonly RevokedSerial[],
  ): Uint8Array {
    const now = this.#now();
    const thisUpdate = unixMs(now - (now % SECOND_MS));
    const nextUpdate = addMs(thisUpdate, Math.max(SECOND_MS, standing.limits.survivalForMs));
    return signCrl(authority, revoked, { number: epoch + 1n, thisUpdate, nextUpdate });
  }
}
