/**
 * A TPM behind a transport: commands run one at a time, authorized, checked and retried; objects
 * and sessions are held by one caller at a time, and never outlive their scope.
 *
 * This is the door to the chip. What it can be asked is in the tpm-*.ts files beside, one function
 * an operation, over `TpmRunner` where nothing stays loaded and over `Held` where something does.
 */

import { concat, Reader, Writer } from '../core/bytes.ts';
import { HASH_BYTES, hashOf } from '../core/ciphers.ts';
import { TPM_PENDING_MAX } from '../core/limits.ts';
import { Held } from './held.ts';
import type { Session } from './session.ts';
import {
  type AnswerParts,
  decodeAnswer,
  decodeHeader,
  encodeCommand,
  type RawAnswer,
  splitSized,
} from './tpm-command.ts';
import { TPM_CC, TPM_RH, TPMA_SESSION } from './tpm-constants.ts';
import { retryDelayMs, TpmError } from './tpm-rc.ts';
import type { Answer, Command, TpmRunner } from './tpm-runner.ts';
import { EMPTY, type Entity, sized } from './tpm-structures.ts';
import type { CommandClass, Random, TpmPorts } from './transport.ts';
import { Turns } from './turns.ts';

/** One TPM for one connection. */
export class Tpm implements TpmRunner {
  readonly random: Random;
  readonly #ports: TpmPorts;
  readonly #commands = new Turns(TPM_PENDING_MAX);
  readonly #scopes = new Turns(TPM_PENDING_MAX);

  constructor(ports: TpmPorts) {
    this.#ports = ports;
    this.random = ports.random;
  }

  run(command: Command, adopt?: (handle: number) => void): Promise<Answer> {
    return this.#commands.take(() => this.#run(command, adopt));
  }

  /**
   * Runs `use` with the places for objects and sessions to itself, and flushes what it loaded,
   * whether it ends well or not. Do not nest: the inner call would wait for the outer for ever.
   */
  hold<T>(use: (held: Held) => Promise<T>): Promise<T> {
    const held = new Held(this);
    return this.#scopes.take(() => held.within(() => use(held)));
  }

  /** Waits for what is under way, then closes the transport. */
  async close(): Promise<void> {
    await this.#scopes.idle();
    await this.#commands.idle();
    await this.#ports.transport.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(command: Command, adopt?: (handle: number) => void): Promise<Answer> {
    const draft = draftOf(command, this.random);
    const { tag, rc, body } = await this.#send(command, encodeDraft(draft));
    const head = new Reader(body);
    const handle = command.returnsHandle === true ? head.u32() : 0;
    if (command.returnsHandle === true) adopt?.(handle);
    const rest = head.take(head.remaining);
    const parts = decodeAnswer(tag, rest, draft.sessions.length);
    return { handle, parameters: new Reader(openAnswer(draft, rc, parts)) };
  }

  async #send(command: Command, bytes: Uint8Array): Promise<RawAnswer> {
    const commandClass: CommandClass = command.commandClass ?? 'quick';
    for (let attempt = 0; ; attempt++) {
      const answer = decodeHeader(await this.#ports.transport.transmit(bytes, commandClass));
      if (answer.rc === 0) return answer;
      const delayMs = retryDelayMs(answer.rc, attempt);
      if (delayMs === undefined) throw new TpmError(command.name, answer.rc);
      await this.#ports.sleep(delayMs);
    }
  }
}

/** One session in one command: whose secret it proves, and the nonce we drew for it. */
interface Seat {
  readonly session: Session | 'password';
  readonly auth: Uint8Array;
  readonly nonce: Uint8Array;
}

interface Draft {
  readonly command: Command;
  readonly handles: readonly Entity[];
  readonly sessions: readonly Seat[];
  /** The seat that encrypts, if any does. */
  readonly cipher: CipherSeat | undefined;
}

interface CipherSeat extends Seat {
  readonly session: Session;
}

function draftOf(command: Command, random: Random): Draft {
  const handles = command.handles ?? [];
  const sessions = (command.sessions ?? []).map((session, at): Seat => {
    const auth = handles[at]?.auth ?? EMPTY;
    const nonce = session === 'password' ? EMPTY : random.bytes(HASH_BYTES[session.hash]);
    return { session, auth, nonce };
  });
  const secret = (command.secrecy ?? 'none') !== 'none';
  const cipher = secret ? sessions.find(isCipher) : undefined;
  return { command, handles, sessions, cipher };
}

function isCipher(seat: Seat): seat is CipherSeat {
  return seat.session !== 'password' && seat.session.encrypts;
}

function encodeDraft({ command, handles, sessions, cipher }: Draft): Uint8Array {
  const parameters = concealFirst(command, cipher);
  const code = new Writer().u32(TPM_CC[command.name]).finish();
  const names = handles.map((entity) => entity.name);
  const auths = sessions.map((seat, at) => {
    const { session, auth, nonce } = seat;
    if (session === 'password') {
      return { handle: TPM_RH.PASSWORD, nonce, attributes: 0, hmac: auth };
    }
    const foreign = at === 0 && cipher !== undefined && cipher !== seat;
    return session.authorize({
      digest: hashOf(session.hash, code, ...names, parameters), // cpHash, Part 1 §18.7
      nonce,
      attributes: seat === cipher ? directionOf(command) : 0,
      auth,
      foreign: foreign ? cipher.session.nonceTpm : EMPTY,
    });
  });
  return encodeCommand(command.name, handles, auths, parameters);
}

/** TPMA_SESSION names the directions from the view of the TPM: it decrypts what we send. */
function directionOf(command: Command): number {
  return command.secrecy === 'request' ? TPMA_SESSION.DECRYPT : TPMA_SESSION.ENCRYPT;
}

function concealFirst(command: Command, cipher: CipherSeat | undefined): Uint8Array {
  const parameters = command.parameters ?? EMPTY;
  if (cipher === undefined || command.secrecy !== 'request') return parameters;
  const { first, rest } = splitSized(parameters);
  return concat(sized(cipher.session.conceal(first, cipher.nonce, cipher.auth)), rest);
}

/** Checks every HMAC of an answer, then opens what was encrypted. */
function openAnswer(draft: Draft, rc: number, parts: AnswerParts): Uint8Array {
  const { command, sessions, cipher } = draft;
  const { parameters, auths } = parts;
  const codes = new Writer().u32(rc).u32(TPM_CC[command.name]).finish();
  sessions.forEach(({ session, auth, nonce }, at) => {
    const answer = auths[at];
    if (session === 'password' || answer === undefined) return;
    const digest = hashOf(session.hash, codes, parameters); // rpHash, Part 1 §18.8
    session.accept({ digest, nonce, auth, answer });
  });
  if (cipher === undefined || command.secrecy !== 'response') return parameters;
  const { first, rest } = splitSized(parameters);
  return concat(sized(cipher.session.reveal(first, cipher.nonce, cipher.auth)), rest);
}
