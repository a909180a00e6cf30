/** Options that the commands about chips and evidence share, each read strictly. */

import { fromHex } from '../../core/bytes.ts';
import { refusalOf } from '../../core/refusal.ts';
import { CHALLENGE_NONCE_BYTES, type Challenge, EPOCH_ID_BYTES } from '../../firmware/attested.ts';
import type { Bank } from '../../firmware/pcrs.ts';
import { PCR_COUNT } from '../../firmware/tpm-constants.ts';
import { MACHINE_TPM, type TpmAddress } from '../host/open-tpm.ts';
import { parseTpmAddress } from '../tpm/tpm-address.ts';
import { UsageError } from './command.ts';

/** The option of every command that opens a chip, and its lines of help. */
export const TPM_OPTIONS = { tpm: { type: 'string' } } as const;
export const TPM_USAGE = `\
  --tpm WHERE             the chip: a device (/dev/tpmrm0), swtpm:unix:PATH or
                          swtpm:tcp:HOST:PORT
`;

/** The options of every command that asks what a statement has to answer. */
export const CHALLENGE_OPTIONS = { nonce: { type: 'string' }, epoch: { type: 'string' } } as const;

/** Bytes of a nonce: with an epoch they fit the qualifying bytes of every chip (TPM2B_DATA). */
const NONCE_BYTES_MAX = 32;

/** The chip that was named, or this machine's. Throws `UsageError`. */
export function parseTpm(text: string | undefined): TpmAddress {
  if (text === undefined) return MACHINE_TPM;
  const address = parseTpmAddress(text);
  if (address === undefined) {
    throw new UsageError('--tpm takes a device, swtpm:unix:PATH or swtpm:tcp:HOST:PORT');
  }
  return address;
}

/** The nonce in hex; undefined where none was given. Throws `UsageError`. */
export function parseNonce(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const nonce = hexOf(text);
  const fits = nonce !== undefined && nonce.length >= CHALLENGE_NONCE_BYTES;
  if (!fits || nonce.length > NONCE_BYTES_MAX) {
    const digits = `${2 * CHALLENGE_NONCE_BYTES} to ${2 * NONCE_BYTES_MAX} hex digits`;
    throw new UsageError(`--nonce takes ${digits}`);
  }
  return nonce;
}

/** The challenge of a nonce and of an epoch, which may be left out. Throws `UsageError`. */
export function challengeOf(nonce: Uint8Array, epoch: string | undefined): Challenge {
  const id = epoch === undefined ? new Uint8Array(0) : hexOf(epoch);
  if (id === undefined || (epoch !== undefined && id.length !== EPOCH_ID_BYTES)) {
    throw new UsageError(`--epoch takes ${2 * EPOCH_ID_BYTES} hex digits`);
  }
  return { nonce, epoch: id };
}

const BANKS = ['sha256', 'sha384', 'sha512'] as const satisfies readonly Bank[];

/** A bank by its name; undefined where none was given. Throws `UsageError`. */
export function parseBank(text: string | undefined): Bank | undefined {
  const bank = BANKS.find((name) => name === text);
  if (text !== undefined && bank === undefined) {
    throw new UsageError(`--bank takes ${BANKS.join(', ')}; SHA-1 proves nothing`);
  }
  return bank;
}

/** PCRs such as `0-7,11`, ascending, each once. Throws `UsageError`. */
export function parsePcrs(text: string): readonly number[] {
  const pcrs = text.split(',').flatMap((part) => {
    const [, from = '', to = from] = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part) ?? [];
    const first = Number.parseInt(from, 10);
    const last = Number.parseInt(to, 10);
    if (!(first <= last && last < PCR_COUNT)) {
      throw new UsageError(`--pcrs takes numbers below ${PCR_COUNT}, such as 0-7,11`);
    }
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(pcrs)].sort((a, b) => a - b);
}

/** The handle of a persistent object. Throws `UsageError`. */
export function parseKeyHandle(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^0x81[0-9a-f]{6}$/.test(text)) {
    throw new UsageError('--key takes a persistent handle, such as 0x81010005');
  }
  return Number.parseInt(text.slice(2), 16);
}

function hexOf(text: string): Uint8Array | undefined {
  const bytes = refusalOf(() => fromHex(text));
  return bytes instanceof Uint8Array ? bytes : undefined;
}
