/**
 * What can be asked of a TPM, and of whom: a command with those who authorize it, and the runner
 * that carries it out. The frame it becomes is in tpm-command.ts, the door to the chip in tpm.ts.
 */

import type { Reader } from '../core/bytes.ts';
import type { Session } from './session.ts';
import type { CommandName } from './tpm-constants.ts';
import type { Entity } from './tpm-structures.ts';
import type { CommandClass, Random } from './transport.ts';

/** Which first parameter is a sized buffer that a session may encrypt. Part 1 §21. */
export type Secrecy = 'none' | 'request' | 'response';

/**
 * One command. The first sessions authorize the first handles, in order; further ones only
 * encrypt. `password` shows the entity's secret in the clear, which is fine for an empty one.
 */
export interface Command {
  readonly name: CommandName;
  readonly handles?: readonly Entity[];
  readonly sessions?: readonly (Session | 'password')[];
  readonly parameters?: Uint8Array;
  readonly secrecy?: Secrecy;
  /** Whether the answer begins with a handle. */
  readonly returnsHandle?: boolean;
  readonly commandClass?: CommandClass;
}

/** What a command gave back: its handle, if it has one, and its parameters, decrypted. */
export interface Answer {
  /** 0 where the command returns none. */
  readonly handle: number;
  readonly parameters: Reader;
}

/** Something commands can be run on: the TPM itself, or a scope that holds some of it. */
export interface TpmRunner {
  readonly random: Random;
  /**
   * Runs one command. Fails with `TpmError` where the TPM refuses, with `Failure` where it cannot
   * be reached; refuses `tpm-malformed`, `tpm-answer-forged` and the codes of `Reader`.
   * `adopt` is told of a returned handle before anything else of the answer is believed.
   */
  run(command: Command, adopt?: (handle: number) => void): Promise<Answer>;
}
