/** A peer of our making: it says what a test makes it say, and hears what it is told. */

import { toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { decodeFrame, encodeFrame, type Frame } from '../../federation/message.ts';
import type { Machine } from '../fakes/coalition.ts';

/** The handshake hash of a spy's link. */
export const BINDING = sha256(toUtf8('handshake'));
/** A domain that nobody relates to. */
export const STRANGE = parseTrustDomain('green.example');

/** The frames this machine has sent to a peer since the last call. */
export function framesTo(machine: Machine, peer: string): readonly Frame[] {
  const mine = machine.sent.filter((sent) => sent.peer === peer);
  machine.sent.length = 0;
  return mine.map(({ frame }) => decodeFrame(frame));
}

/** Links it; what it is told at once upon each frame that it says. */
export function linkSpy(
  machine: Machine,
  domain = STRANGE,
  { isSlow = false } = {},
): (frame: Frame) => readonly Frame[] {
  const link = { peer: 'spy', domain, groups: 'every', binding: BINDING, isSlow } as const;
  machine.input({ kind: 'peer-up', ...link });
  machine.sent.length = 0;
  return (frame) => {
    machine.input({ kind: 'frame', peer: 'spy', bytes: encodeFrame(frame) });
    return framesTo(machine, 'spy');
  };
}
