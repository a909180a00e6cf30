/** One command's use of a TPM: opened, used, closed, and its troubles told in full. */

import type { Tpm } from '../../firmware/tpm.ts';
import { openTpm, type TpmAddress } from '../host/open-tpm.ts';
import type { Clock } from '../ports.ts';
import { explainLockout } from './lockout.ts';

/** Opens the TPM, runs `use`, and closes it in any case. Fails as `openTpm` and `use` do. */
export async function withTpm<T>(
  address: TpmAddress,
  clock: Clock,
  use: (tpm: Tpm) => Promise<T>,
): Promise<T> {
  await using tpm = await openTpm(address);
  try {
    return await use(tpm);
  } catch (error) {
    throw await explainLockout(tpm, error, clock.now().wall);
  }
}
