/**
 * Admission inside the handshake (PROTOCOL §6.2): before libp2p knows of a connection, each side
 * proves who sent it, over the handshake hash, and the other side judges.
 *
 *     initiator → u16 length ‖ proof        the responder signs nothing for a stranger
 *     responder → u16 length ‖ proof
 *     initiator → 00 01 01                  "I admitted you"
 *     responder → 00 01 01                  "and I you": only now does either side have a link
 *
 * What a proof is and whom it admits is the federation's business, behind `NetworkHandler`.
 */

import type { AbortOptions, MessageStream } from '@libp2p/interface';
import { type LengthPrefixedStream, lpStream } from '@libp2p/utils';
import { equalBytes } from '../../core/bytes.ts';
import { ADMISSION_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { AdmittedPeer, HandshakeRole, NetworkHandler } from '../ports.ts';
import { type LengthPrefix, prefix16 } from './length-prefix.ts';

/** Unread bytes one handshake may hold back: two socket reads and the largest proof. */
export const HANDSHAKE_BUFFER_BYTES_MAX = 256 * 1024;

const ADMITTED = Uint8Array.of(1);
const PROOF = prefix16(1, ADMISSION_BYTES_MAX);

/** What admission asks of the daemon. */
export type Admitter = Pick<NetworkHandler, 'prove' | 'admit'>;

/** One run of the exchange. */
export interface AdmissionOptions extends AbortOptions {
  readonly role: HandshakeRole;
  readonly hash: Uint8Array;
  readonly admitter: Admitter;
}

/** Runs the exchange over a sealed channel. Refuses as `admit` does, and `handshake-failed`. */
export async function exchangeAdmission<S extends MessageStream>(
  channel: S,
  { role, hash, admitter, ...abort }: AdmissionOptions,
): Promise<{ channel: S; admitted: AdmittedPeer }> {
  const messages = messagesOver(channel, PROOF);
  const prove = () => messages.write(admitter.prove(role, hash), abort);
  const judge = async (prover: HandshakeRole) =>
    admitter.admit(prover, hash, (await messages.read(abort)).slice());

  let admitted: AdmittedPeer;
  if (role === 'initiator') {
    await prove();
    admitted = await judge('responder');
    await messages.write(ADMITTED, abort);
    await readAdmitted(messages, abort);
  } else {
    admitted = await judge('initiator');
    await prove();
    await readAdmitted(messages, abort);
    await messages.write(ADMITTED, abort);
  }
  return { channel: messages.unwrap(), admitted };
}

/** Length-prefixed messages over a stream, bounded before anything is buffered. */
export function messagesOver<S extends MessageStream>(
  stream: S,
  prefix: LengthPrefix,
): LengthPrefixedStream<S> {
  return lpStream(stream, {
    lengthEncoder: prefix.encode,
    lengthDecoder: prefix.decode,
    maxLengthLength: prefix.bytes,
    maxBufferSize: HANDSHAKE_BUFFER_BYTES_MAX,
  });
}

async function readAdmitted(messages: LengthPrefixedStream, abort: AbortOptions): Promise<void> {
  const answer = (await messages.read(abort)).subarray();
  if (!equalBytes(answer, ADMITTED)) throw new Refusal('handshake-failed', { reason: 'admission' });
}
