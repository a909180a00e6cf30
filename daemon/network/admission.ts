/**
 * Admission inside the handshake (PROTOCOL §6.2): before libp2p knows of a connection, each side
 * proves who sent it, over the handshake hash, and the other side judges.
 *
 *     initiator → u16 length ‖ proof        the responder signs nothing for a stranger
 *     responder → u16 length ‖ proof
 *     initiator → 00 01 01                  "I admitted you", or 02: "as a guest" (§6.3)
 *     responder → 00 01 01                  "and I you": only now does either side have a link
 *
 * With a guest at either end, the link is of the recovery lane for both.
 * What a proof is and whom it admits is the federation's business, behind `NetworkHandler`.
 */

import type { AbortOptions, MessageStream } from '@libp2p/interface';
import { type LengthPrefixedStream, lpStream } from '@libp2p/utils';
import { equalBytes } from '../../core/bytes.ts';
import { ADMISSION_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Admission, HandshakeRole, NetworkHandler } from '../ports.ts';
import { type LengthPrefix, prefix16 } from './length-prefix.ts';

/** Unread bytes one handshake may hold back: two socket reads and the largest proof. */
export const HANDSHAKE_BUFFER_BYTES_MAX = 256 * 1024;

const ADMITTED = Uint8Array.of(1);
const AS_GUEST = Uint8Array.of(2);
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
  sealed: S,
  { role, hash, admitter, ...abort }: AdmissionOptions,
): Promise<{ channel: S; admission: Admission }> {
  const messages = messagesOver(sealed, PROOF);
  const prove = () => messages.write(admitter.prove(role, hash), abort);
  const judge = async (prover: HandshakeRole) =>
    admitter.admit(prover, hash, (await messages.read(abort)).slice());

  const tell = ({ admitted }: Admission) =>
    messages.write(admitted === null ? AS_GUEST : ADMITTED, abort);

  let admission: Admission;
  let areWeAdmitted: boolean;
  if (role === 'initiator') {
    await prove();
    admission = await judge('responder');
    await tell(admission);
    areWeAdmitted = await readAdmitted(messages, abort);
  } else {
    admission = await judge('initiator');
    await prove();
    areWeAdmitted = await readAdmitted(messages, abort);
    await tell(admission);
  }
  return {
    channel: messages.unwrap(),
    admission: areWeAdmitted ? admission : { ...admission, admitted: null },
  };
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

/** True where the peer admitted us, false where we are its guest. */
async function readAdmitted(messages: LengthPrefixedStream, abort: AbortOptions): Promise<boolean> {
  const answer = (await messages.read(abort)).subarray();
  if (equalBytes(answer, ADMITTED)) return true;
  if (equalBytes(answer, AS_GUEST)) return false;
  throw new Refusal('handshake-failed', { reason: 'admission' });
}
