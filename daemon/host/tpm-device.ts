/**
 * The TPM of this machine behind the kernel's resource manager, /dev/tpmrm0.
 *
 * One write is a command, one read its answer. Each descriptor has three places for objects and
 * three for sessions of its own, and the kernel flushes them when it is closed. A read blocks one
 * thread of the runtime's pool for as long as the chip works.
 */

import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../../core/failure.ts';
import { TPM_MESSAGE_BYTES_MAX } from '../../core/limits.ts';
import type { TpmTransport } from '../../firmware/transport.ts';
import { type TimeLimits, TpmConnection, type TpmWire } from './tpm-connection.ts';

/** The resource manager's device; /dev/tpm0 has none, and is for one program alone. */
export const TPM_DEVICE = '/dev/tpmrm0';

/** Opens the device. Fails with `tpm-unreachable`. */
export async function openTpmDevice(
  path: string = TPM_DEVICE,
  limitsMs?: TimeLimits,
): Promise<TpmTransport> {
  try {
    return new TpmConnection(new DeviceWire(await open(path, 'r+')), limitsMs);
  } catch (error) {
    throw new Failure('tpm-unreachable', `${path} cannot be opened`, error);
  }
}

class DeviceWire implements TpmWire {
  readonly #file: FileHandle;
  #isOpen = true;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async exchange(command: Uint8Array): Promise<Uint8Array> {
    const { bytesWritten } = await this.#file.write(command, 0, command.length, null);
    if (bytesWritten !== command.length) {
      throw new Error(`the device took ${bytesWritten} of ${command.length} bytes`);
    }
    const answer = new Uint8Array(TPM_MESSAGE_BYTES_MAX);
    const { bytesRead } = await this.#file.read(answer, 0, answer.length, null);
    if (bytesRead === 0) throw new Error('the device gave no answer');
    return answer.subarray(0, bytesRead);
  }

  /** The kernel ends a command under way first, so the close is not waited for. */
  destroy(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close().catch((error: unknown) => {
      process.emitWarning(`the TPM device did not close: ${String(error)}`);
    });
  }
}
