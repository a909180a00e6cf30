/**
 * Opens a TPM of this host, wherever it is, with the host's randomness and real waiting.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Tpm } from '../../firmware/tpm.ts';
import { sweep } from '../../firmware/tpm-state.ts';
import { hostRandom } from './random.ts';
import { openSwtpm, type SwtpmAddress } from './swtpm-socket.ts';
import { openTpmDevice, TPM_DEVICE } from './tpm-device.ts';

/** Where a TPM is: a device of the kernel, or an swtpm that listens. */
export type TpmAddress =
  | { readonly kind: 'device'; readonly path: string }
  | { readonly kind: 'swtpm'; readonly socket: SwtpmAddress };

/** The chip of this machine, behind the kernel's resource manager. */
export const MACHINE_TPM: TpmAddress = { kind: 'device', path: TPM_DEVICE };

/**
 * Opens a TPM. Fails with `tpm-unreachable`. Nobody cleans up behind a client of swtpm that was
 * killed, and it serves one at a time: so whatever is loaded there is left over, and is flushed.
 */
export async function openTpm(address: TpmAddress): Promise<Tpm> {
  const transport =
    address.kind === 'device' ? await openTpmDevice(address.path) : await openSwtpm(address.socket);
  const tpm = new Tpm({
    transport,
    random: hostRandom,
    sleep: async (delayMs) => {
      await sleep(delayMs);
    },
  });
  if (address.kind === 'device') return tpm;
  try {
    await sweep(tpm);
    return tpm;
  } catch (error) {
    await tpm.close();
    throw error;
  }
}
