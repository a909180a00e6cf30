/** Courier files of the vectors: of one part, which says that it is the last. */

import { concat, Writer } from '../../core/bytes.ts';
import { newCourier, type SealedTo, sealPart } from '../../federation/courier.ts';
import { KEM_RANDOM, namedBytes } from './still-kem.ts';

/** A file with this part, for anybody or sealed to one node. */
export function courierOf(
  part: Uint8Array,
  recipients: readonly SealedTo[] = [],
  isLast = true,
): Uint8Array {
  const draws = recipients.length === 0 ? [] : [KEM_RANDOM];
  const { header, key } = newCourier(recipients, concat(namedBytes('file key', 32), ...draws));
  const sealed = sealPart(key, { index: 0, isLast }, part);
  return new Writer().raw(header).u32(sealed.length).raw(sealed).finish();
}
