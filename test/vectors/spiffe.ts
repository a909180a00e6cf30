/**
 * SPIFFE bundles and X509-SVIDs, each judged as taken or refused.
 *
 * These files carry no verdict of their own: their source names them after it (`good-…`,
 * `…_valid_1`, `wrong-…`, `…_missing_kid`). A name that tells nothing is skipped. Chains are parsed
 * and not verified, since no roots come with them and all of them have expired.
 */

import { posix } from 'node:path';
import { isObject, parseJson } from '../../core/canonical.ts';
import { Refusal } from '../../core/refusal.ts';
import { parseSpiffeBundle } from '../../daemon/identity/spiffe-bundle.ts';
import { parseX509Svid } from '../../daemon/identity/x509-verify.ts';
import { isUnder, type Kind, sumOf, type VectorFile, type Verdict } from './kind.ts';

const TAKEN = /(?:^|[-_])(?:good|valid)(?:[-_.]|$)/;
const REFUSED = /(?:^|[-_])(?:wrong|corrupt(?:ed)?|malformed|missing|invalid|no|not)(?:[-_.]|$)/;

/** Bundles of trust domains: `spiffebundle/*`. */
export const spiffeBundleKind: Kind = {
  name: 'SPIFFE bundles',
  claims: isUnder('spiffebundle'),
  judge: (files) => judgeEach(files, readBundle),
};

/** X509-SVIDs as PEM, leaf first: `x509svid/*`. */
export const x509SvidKind: Kind = {
  name: 'X509-SVIDs',
  claims: isUnder('x509svid'),
  judge: (files) => judgeEach(files, ({ bytes }) => parseX509Svid(new TextDecoder().decode(bytes))),
};

function readBundle({ bytes }: VectorFile): unknown {
  const value = parseJson(bytes);
  if (!isObject(value)) throw new Refusal('bundle-malformed');
  return parseSpiffeBundle(value);
}

function judgeEach(files: readonly VectorFile[], read: (file: VectorFile) => unknown): Verdict {
  return sumOf(files.map((file) => judgeOne(file, read)));
}

function judgeOne(file: VectorFile, read: (file: VectorFile) => unknown): Verdict {
  const name = posix.basename(file.path);
  const expected = REFUSED.test(name) ? 'refused' : TAKEN.test(name) ? 'taken' : undefined;
  if (expected === undefined) {
    const reason = 'neither its name nor its contents say what is expected';
    return { taken: 0, wrong: [], skipped: [{ name: file.path, reason }] };
  }
  const got = outcomeOf(() => read(file));
  const wrong = got === expected ? [] : [`${file.path}: to be ${expected}, was ${got}`];
  return { taken: 1, wrong, skipped: [] };
}

function outcomeOf(read: () => unknown): 'taken' | 'refused' {
  try {
    read();
    return 'taken';
  } catch (error) {
    if (error instanceof Refusal) return 'refused';
    throw error;
  }
}
