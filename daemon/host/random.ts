/** The kernel's randomness, by way of OpenSSL. The only place where the daemon draws any. */

import { randomBytes } from 'node:crypto';
import type { Random } from '../ports.ts';

/** Cryptographic randomness of this machine. Each call returns fresh memory that nobody shares. */
export const hostRandom: Random = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
};
