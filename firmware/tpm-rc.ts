/**
 * What a TPM says when it does not do as it is told: the response code, taken apart.
 *
 * A code of format 1 blames a parameter, a handle or a session by its number; the others name a
 * state of the chip. Part 2 §6.6, TPM_RC. A code is an outside failure, not refused input: the
 * chip is no peer, and most codes pass with time or with another session.
 */

import { Failure, type FailureCode } from '../core/failure.ts';
import { TPM_RETRIES_MAX, TPM_RETRY_FIRST_MS } from '../core/limits.ts';
import type { CommandName } from './tpm-constants.ts';

/** Format 1, the low six bits. Part 2 §6.6.3, RC_FMT1. */
const FORMAT_1: Readonly<Record<number, string>> = {
  1: 'ASYMMETRIC',
  2: 'ATTRIBUTES',
  3: 'HASH',
  4: 'VALUE',
  5: 'HIERARCHY',
  7: 'KEY_SIZE',
  8: 'MGF',
  9: 'MODE',
  10: 'TYPE',
  11: 'HANDLE',
  12: 'KDF',
  13: 'RANGE',
  14: 'AUTH_FAIL',
  15: 'NONCE',
  16: 'PP',
  18: 'SCHEME',
  21: 'SIZE',
  22: 'SYMMETRIC',
  23: 'TAG',
  24: 'SELECTOR',
  26: 'INSUFFICIENT',
  27: 'SIGNATURE',
  28: 'KEY',
  29: 'POLICY_FAIL',
  31: 'INTEGRITY',
  32: 'TICKET',
  33: 'RESERVED_BITS',
  34: 'BAD_AUTH',
  35: 'EXPIRED',
  36: 'POLICY_CC',
  37: 'BINDING',
  38: 'CURVE',
  39: 'ECC_POINT',
};

/** Format 0, errors (RC_VER1) and warnings (RC_WARN). Part 2 §6.6.3. */
const FORMAT_0: Readonly<Record<number, string>> = {
  256: 'INITIALIZE',
  257: 'FAILURE',
  259: 'SEQUENCE',
  267: 'PRIVATE',
  281: 'HMAC',
  288: 'DISABLED',
  289: 'EXCLUSIVE',
  292: 'AUTH_TYPE',
  293: 'AUTH_MISSING',
  294: 'POLICY',
  295: 'PCR',
  296: 'PCR_CHANGED',
  301: 'UPGRADE',
  302: 'TOO_MANY_CONTEXTS',
  303: 'AUTH_UNAVAILABLE',
  304: 'REBOOT',
  305: 'UNBALANCED',
  322: 'COMMAND_SIZE',
  323: 'COMMAND_CODE',
  324: 'AUTHSIZE',
  325: 'AUTH_CONTEXT',
  326: 'NV_RANGE',
  327: 'NV_SIZE',
  328: 'NV_LOCKED',
  329: 'NV_AUTHORIZATION',
  330: 'NV_UNINITIALIZED',
  331: 'NV_SPACE',
  332: 'NV_DEFINED',
  336: 'BAD_CONTEXT',
  337: 'CPHASH',
  338: 'PARENT',
  339: 'NEEDS_TEST',
  340: 'NO_RESULT',
  341: 'SENSITIVE',
  2305: 'CONTEXT_GAP',
  2306: 'OBJECT_MEMORY',
  2307: 'SESSION_MEMORY',
  2308: 'MEMORY',
  2309: 'SESSION_HANDLES',
  2310: 'OBJECT_HANDLES',
  2311: 'LOCALITY',
  2312: 'YIELDED',
  2313: 'CANCELED',
  2314: 'TESTING',
  2336: 'NV_RATE',
  2337: 'LOCKOUT',
  2338: 'RETRY',
  2339: 'NV_UNAVAILABLE',
};

/** What a code of format 1 blames: counted from 1, in the order of the command's table. */
export interface Blame {
  readonly kind: 'parameter' | 'handle' | 'session';
  readonly number: number;
}

/** A response code in its parts. */
export interface ResponseCode {
  /** The name after `TPM_RC_`, or the number in hex where the specification has none. */
  readonly name: string;
  readonly blame: Blame | undefined;
}

/** Takes a response code apart. Layers above the TPM (bits 16 and up) are left aside. */
export function decodeResponseCode(rc: number): ResponseCode {
  if ((rc & 0x80) === 0) {
    const code = rc & 0xfff;
    return { name: FORMAT_0[code] ?? hex(rc), blame: undefined };
  }
  const name = FORMAT_1[rc & 0x3f] ?? hex(rc);
  if ((rc & 0x40) !== 0) return { name, blame: blameOf('parameter', (rc >> 8) & 0xf) };
  const kind = (rc & 0x800) === 0 ? 'handle' : 'session';
  return { name, blame: blameOf(kind, (rc >> 8) & 0x7) };
}

/** A command that the TPM refused. `rcName` is the reason, `code` the class a caller acts on. */
export class TpmError extends Failure {
  readonly command: CommandName;
  readonly rc: number;
  readonly rcName: string;
  readonly blame: Blame | undefined;

  constructor(command: CommandName, rc: number) {
    const { name, blame } = decodeResponseCode(rc);
    const at = blame === undefined ? '' : ` for ${blame.kind} ${blame.number}`;
    super(failureCodeOf(name), `TPM2_${command} answered TPM_RC_${name}${at}`);
    this.command = command;
    this.rc = rc;
    this.rcName = name;
    this.blame = blame;
  }
}

/** Whether `error` is a TPM's refusal by the reason `rcName`. */
export function isTpmError(error: unknown, rcName: string): error is TpmError {
  return error instanceof TpmError && error.rcName === rcName;
}

const PASSES_BY_ITSELF: ReadonlySet<string> = new Set(['RETRY', 'TESTING', 'YIELDED', 'NV_RATE']);

/**
 * How long to wait before the same bytes are sent again; undefined if that would not help, or was
 * tried often enough. Such a command changed nothing, sessions included, so nothing is rebuilt.
 */
export function retryDelayMs(rc: number, attempt: number): number | undefined {
  const passes = PASSES_BY_ITSELF.has(decodeResponseCode(rc).name);
  return passes && attempt < TPM_RETRIES_MAX ? TPM_RETRY_FIRST_MS * 2 ** attempt : undefined;
}

function failureCodeOf(name: string): FailureCode {
  switch (name) {
    case 'LOCKOUT':
      return 'tpm-lockout';
    case 'OBJECT_MEMORY':
    case 'OBJECT_HANDLES':
    case 'SESSION_MEMORY':
    case 'SESSION_HANDLES':
    case 'MEMORY':
      return 'tpm-full';
    case 'NV_SPACE':
      return 'tpm-nv-full';
    default:
      return 'tpm-refused';
  }
}

function blameOf(kind: Blame['kind'], number: number): Blame | undefined {
  return number === 0 ? undefined : { kind, number };
}

function hex(rc: number): string {
  return `0x${rc.toString(16).padStart(3, '0')}`;
}
