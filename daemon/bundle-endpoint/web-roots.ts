/**
 * The roots of the Web PKI that partners of `https_web` are known by, where an operator names them:
 * a company's own, or fewer than the runtime brings.
 *
 * The file is read anew for each attempt, so that a root can be added or taken away without a
 * restart. One that does not read is the trouble of that attempt, and never means all roots.
 */

import { fromUtf8 } from '../../core/bytes.ts';
import { WEB_ROOTS_MAX } from '../../core/limits.ts';
import { readBounded } from '../host/files.ts';
import { encodePem, parsePem, pemBytesMax } from '../identity/pem.ts';

/** Answers with roots in PEM as they are now; undefined stands for those of the runtime. */
export type WebRoots = () => Promise<readonly string[] | undefined>;

/** Those of the runtime. */
export const runtimeRoots: WebRoots = async () => undefined;

/** Those of a PEM file. Refuses `bad-encoding` and `too-large`; fails `file-unreadable`. */
export function webRootsIn(path: string): WebRoots {
  return async () => {
    const text = fromUtf8(await readBounded(path, pemBytesMax(WEB_ROOTS_MAX)));
    const ders = parsePem(text, 'CERTIFICATE', WEB_ROOTS_MAX);
    return ders.map((der) => encodePem('CERTIFICATE', der));
  };
}
