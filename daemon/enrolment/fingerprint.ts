/** The fingerprint that a challenge shows, before anybody compared it. */

import type { Digest } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import { decodeBundleFile, decodeFileItem } from '../../federation/bundle-file.ts';
import { readChallenge } from './challenge.ts';
import { decodeMessageFile } from './message.ts';

/** The first Root that the file beside a challenge shows. Refuses `root-unknown`, framing codes. */
export function challengeFingerprint(text: string): Digest {
  const { file } = readChallenge(decodeMessageFile(text));
  const [block] = decodeBundleFile(file);
  const item = block === undefined ? undefined : decodeFileItem(block);
  if (item?.kind !== 'envelope' || item.envelope.type !== 'root') {
    throw new Refusal('root-unknown', { why: 'the file does not begin with a first Root' });
  }
  return item.envelope.digest;
}
