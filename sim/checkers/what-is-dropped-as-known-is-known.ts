/**
 * An invalid twin never suppresses a valid message (PROTOCOL §6.1): gossip is dropped unseen only
 * for the very bytes that came before, signatures and all.
 */

import { equalBytes } from '../../core/bytes.ts';
import type { CheckerKind } from '../checker.ts';

export const whatIsDroppedAsKnownIsKnown: CheckerKind = {
  sentence: 'what is dropped as known is known',
  make: (_, fail) => ({
    dropped: (machine, message, had) => {
      if (message === had || equalBytes(message, had)) return;
      fail(`${machine.name} drops ${message.length} bytes of gossip that it never had`);
    },
  }),
};
