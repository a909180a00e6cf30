/**
 * What this folder asks of the outside world to reach a TPM: bytes there and back, randomness,
 * and a way to wait. Narrow, so that another driver can be plugged in.
 */

/**
 * How long a command may take. `quick`: no key operation. `slow`: a signature, a load, a write to
 * NV. `keygen`: a key is made, which takes a discrete chip minutes for RSA.
 */
export type CommandClass = 'quick' | 'slow' | 'keygen';

/**
 * One connection to a TPM 2.0. The caller has one command under way at a time. A timeout or a
 * broken stream ends the connection for good, because the next bytes could be the answer to an
 * older command: from then on every call fails with `Failure('tpm-unreachable')`.
 */
export interface TpmTransport {
  /** Sends one whole command, and gives back its one whole answer, header included. */
  transmit(command: Uint8Array, commandClass: CommandClass): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Cryptographic randomness: nonces, salts, ephemeral keys. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** All that `Tpm` is given. */
export interface TpmPorts {
  readonly transport: TpmTransport;
  readonly random: Random;
  /** Resolves after about `delayMs`. */
  sleep(delayMs: number): Promise<void>;
}
