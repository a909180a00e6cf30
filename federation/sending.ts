/**
 * Frames on their way to a peer, as effects (PROTOCOL §6.1). Whoever sends holds a link, and what
 * the frame asks for is counted here, in one place.
 */

import { WANT_BYTES_MAX, WANTS_MAX } from '../core/limits.ts';
import type { Effect } from './effect.ts';
import { encodeFrame, type Frame, type Want } from './message.ts';
import type { PeerLink } from './peer-link.ts';

/** The effect that sends a frame. */
export type SendEffect = Extract<Effect, { readonly kind: 'send' }>;

/** The effect that sends a frame over a link, after what waits there. */
export function send(link: PeerLink, frame: Frame): SendEffect {
  const asks = frame.kind === 'want' ? frame.wants.length : 0;
  return { kind: 'send', peer: link.peer, frame: encodeFrame(frame), isUrgent: false, asks };
}

/** The same before all that waits there: for what withdraws anything (PROTOCOL §6.1.7). */
export function sendUrgently(link: PeerLink, frame: Frame): SendEffect {
  return { ...send(link, frame), isUrgent: true };
}

/** Wants of any domains, in as few frames as may be. */
export function sendWants(link: PeerLink, wants: readonly Want[]): readonly SendEffect[] {
  if (wants.length === 0) return [];
  return Array.from({ length: Math.ceil(wants.length / WANTS_MAX) }, (_, i) =>
    send(link, { kind: 'want', wants: wants.slice(i * WANTS_MAX, (i + 1) * WANTS_MAX) }),
  );
}

/** What is left is asked for again: the answers to one frame must not fill the queue to a peer. */
export function withinBounds(answers: readonly SendEffect[]): readonly SendEffect[] {
  let sizeBytes = 0;
  return answers.filter(({ frame }, i) => {
    sizeBytes += frame.length;
    return i === 0 || sizeBytes <= WANT_BYTES_MAX;
  });
}
