/**
 * UEFI variables as firmware measures them (PC Client Platform Firmware Profile 1.06 §10.4.5.6).
 */

import { Refusal, refusalOf } from '../core/refusal.ts';
import { LittleEndianReader } from './little-endian.ts';

const NAME_CHARS_MAX = 256;

/** One UEFI_VARIABLE_DATA. */
export interface UefiVariable {
  /** The GUID of the vendor, in the byte order of UEFI. */
  readonly vendor: Uint8Array;
  readonly name: string;
  readonly value: Uint8Array;
}

/** Decodes one variable; null for bytes that are something else. */
export function decodeUefiVariable(bytes: Uint8Array): UefiVariable | null {
  const outcome = refusalOf((): UefiVariable | null => {
    const reader = new LittleEndianReader(bytes);
    const vendor = reader.take(16);
    const nameChars = reader.count64();
    const valueBytes = reader.count64();
    if (nameChars > NAME_CHARS_MAX) return null;
    const units = Array.from({ length: nameChars }, () => reader.u16());
    return { vendor, name: String.fromCharCode(...units), value: reader.take(valueBytes) };
  });
  return outcome instanceof Refusal ? null : outcome;
}
