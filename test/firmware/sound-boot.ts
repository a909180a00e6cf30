/** A boot with Secure Boot on, as measured into eleven PCRs: what tests and benches judge. */

import { concat, fromHex, toUtf8 } from '../../core/bytes.ts';
import {
  EV_EFI_ACTION,
  EV_EFI_VARIABLE_AUTHORITY,
  EV_EFI_VARIABLE_DRIVER_CONFIG,
  EV_SEPARATOR,
} from '../../firmware/event-types.ts';
import type { Measurement } from '../fakes/soft-chip.ts';

const EV_IPL = 0xd;
const EV_POST_CODE = 0x1;
const EV_EFI_BOOT_SERVICES_APPLICATION = 0x80000003;
const GLOBAL_VARIABLE = fromHex('61dfe48bca93d211aa0d00e098032b8c');

/** UEFI_VARIABLE_DATA under EFI_GLOBAL_VARIABLE. */
export function uefiVariable(name: string, value: Uint8Array): Uint8Array {
  const units = new Uint8Array([...name].flatMap((letter) => [letter.charCodeAt(0), 0]));
  const sizes = new Uint8Array(16);
  new DataView(sizes.buffer).setUint32(0, name.length, true);
  new DataView(sizes.buffer).setUint32(8, value.length, true);
  return concat(GLOBAL_VARIABLE, sizes, units, value);
}

/** The kernel that the sound boot runs; the log names its file, and hashes its code. */
export const KERNEL: Measurement = {
  pcr: 4,
  type: EV_EFI_BOOT_SERVICES_APPLICATION,
  bytes: toUtf8('code of the kernel'),
  shown: toUtf8('\\EFI\\BOOT\\BOOTX64.EFI'),
};

const variable = (name: string, value: Uint8Array): Measurement => ({
  pcr: 7,
  type: EV_EFI_VARIABLE_DRIVER_CONFIG,
  bytes: uefiVariable(name, value),
});

/** Every measurement, in order. */
export const SOUND_BOOT: readonly Measurement[] = [
  ...[0, 1, 2, 3].flatMap((pcr) =>
    Array.from({ length: 6 }, (_, i) => ({
      pcr,
      type: EV_POST_CODE,
      bytes: toUtf8(`part ${i} of PCR ${pcr}`),
    })),
  ),
  variable('SecureBoot', Uint8Array.of(1)),
  ...['PK', 'KEK', 'db', 'dbx'].map((name) => variable(name, new Uint8Array(1_500).fill(7))),
  { pcr: 4, type: EV_EFI_ACTION, bytes: toUtf8('Calling EFI Application from Boot Option') },
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((pcr) => ({
    pcr,
    type: EV_SEPARATOR,
    bytes: new Uint8Array(4),
  })),
  { pcr: 7, type: EV_EFI_VARIABLE_AUTHORITY, bytes: uefiVariable('db', new Uint8Array(900)) },
  KERNEL,
  ...['.linux', '.osrel', '.cmdline', '.initrd'].flatMap((section) => [
    { pcr: 11, type: EV_IPL, bytes: toUtf8(`${section}\0`) },
    { pcr: 11, type: EV_IPL, bytes: toUtf8(`contents of ${section}`) },
  ]),
  { pcr: 9, type: EV_IPL, bytes: toUtf8('the initrd') },
  { pcr: 14, type: EV_IPL, bytes: toUtf8('MokList') },
  { pcr: 5, type: EV_EFI_ACTION, bytes: toUtf8('Exit Boot Services Invocation') },
  { pcr: 5, type: EV_EFI_ACTION, bytes: toUtf8('Exit Boot Services Returned with Success') },
];
