/**
 * Admission inside the handshake (PROTOCOL §6.2): before libp2p knows of a connection, each side
 * proves who sent it, over the handshake hash, and the other side judges.
 *
 *     initiator → u16 length ‖ proof        the responder signs nothing for a stranger
 *     responder → u16 length ‖ proof
 *     initiator → 00 05 ‖ u8 1 ‖ pace 4     "I admitted you", or 2: "as a guest" (§6.3)
 *     responder → 00 05 ‖ u8 1 ‖ pace 4     "and I you": only now does either side have a link
 *
 * With a guest at either end, the link is of the recovery lane for both.
 * What a proof is and whom it admits is the federation's business, behind `NetworkHandler`.
 */

import type { AbortOptions, MessageStream } from '@libp2p/interface';
import { type LengthPrefixedStream, lpStream } from '@libp2p/utils';
import { concat, equalBytes } from '../../core/bytes.ts';
import { ADMISSION_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Admission, HandshakeRole, LinkTerms, NetworkHandler } from '../ports.ts';
import { type LengthPrefix, prefix16 } from './length-prefix.ts';
import { decodePace, encodePace, type Pace, slowerPace } from './pace.ts';

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
  /** What we were told of the link. */
  readonly pace: Pace;
}

/** Runs the exchange over a sealed channel. Refuses as `admit` does, and `handshake-failed`. */
export async function exchangeAdmission<S extends MessageStream>(
  sealed: S,
  { role, hash, admitter, pace, ...abort }: AdmissionOptions,
): Promise<{ channel: S; terms: LinkTerms }> {
  const messages = messagesOver(sealed, PROOF);
  const prove = () => messages.write(admitter.prove(role, hash), abort);
  const judge = async (prover: HandshakeRole) =>
    admitter.admit(prover, hash, (await messages.read(abort)).slice());

  const tell = ({ admitted }: Admission) =>
    messages.write(concat(admitted === null ? AS_GUEST : ADMITTED, encodePace(pace)), abort);

  let admission: Admission;
  let told: Told;
  if (role === 'initiator') {
    await prove();
    admission = await judge('responder');
    await tell(admission);
    told = await readAdmitted(messages, abort);
  } else {
    admission = await judge('initiator');
    await prove();
    told = await readAdmitted(messages, abort);
    await tell(admission);
  }
  const admitted = told.isGuest ? null : admission.admitted;
  const bitsPerS = slowerPace(pace, told.pace);
  return { channel: messages.unwrap(), terms: { ...admission, admitted, bitsPerS } };
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

/** What the peer says once it has judged us. */
interface Told {
  readonly isGuest: boolean;
  readonly pace: Pace;
}

async function readAdmitted(messages: LengthPrefixedStream, abort: AbortOptions): Promise<Told> {
  const answer = (await messages.read(abort)).slice();
  const verdict = answer.subarray(0, ADMITTED.length);
  const isGuest = equalBytes(verdict, AS_GUEST);
  if (!isGuest && !equalBytes(verdict, ADMITTED)) {
    throw new Refusal('handshake-failed', { reason: 'admission' });
  }
  return { isGuest, pace: decodePace(answer.subarray(ADMITTED.length)) };
}
