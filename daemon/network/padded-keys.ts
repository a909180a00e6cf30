/**
 * The keys of a channel whose messages are padded before they are sealed (PROTOCOL §6.9). The
 * Noise channel itself (`noise-stream.ts`) knows nothing of it, and stays comparable with others.
 */

import { pad, unpad } from '../../core/padding.ts';
import { Refusal } from '../../core/refusal.ts';
import type { CipherState } from './noise-symmetric.ts';

/** What seals the messages of one side and opens those of the other. */
export interface MessageKeys {
  readonly send: Pick<CipherState, 'seal'>;
  readonly receive: Pick<CipherState, 'open'>;
}

/** The same keys over padded messages. Opening refuses `handshake-failed` for other padding. */
export function padded({ send, receive }: MessageKeys): MessageKeys {
  return {
    send: { seal: (associated, plaintext) => send.seal(associated, pad(plaintext)) },
    receive: {
      open: (associated, sealed) => {
        const plaintext = unpad(receive.open(associated, sealed));
        if (plaintext === null) throw new Refusal('handshake-failed', { reason: 'padding' });
        return plaintext;
      },
    },
  };
}
