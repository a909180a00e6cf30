/**
 * Issuing X509-SVIDs of ML-DSA-65, against the least it could cost: drawing a key and signing once.
 */

import { generateKeyPairSync, sign } from 'node:crypto';
import { parseSpiffeId, parseTrustDomain } from '../../core/spiffe-id.ts';
import { addMs, HOUR_MS, unixMs } from '../../core/time.ts';
import { hostRandom } from '../../daemon/host/random.ts';
import { createX509Authority, openX509Authority } from '../../daemon/identity/x509-authority.ts';
import { issueX509Svid } from '../../daemon/identity/x509-svid.ts';
import { type Bench, measureRates } from './bench.ts';

/** About the size of what an authority signs for a leaf. */
const LEAF_BYTES = 2_350;

export const bench: Bench = {
  name: 'svid.issue.mldsa65',
  unit: 'certificates/s',
  measure: () => {
    const now = unixMs(Date.now());
    const home = parseTrustDomain('home.example');
    const stored = createX509Authority(home, now, hostRandom, 'ml-dsa-65');
    const authority = openX509Authority(home, stored);
    const spiffeId = parseSpiffeId('spiffe://home.example/bench/web');
    const order = { spiffeId, now, notAfter: addMs(now, HOUR_MS) };
    const leaf = new Uint8Array(LEAF_BYTES);
    return measureRates(
      () => issueX509Svid(authority, order, hostRandom),
      () => {
        generateKeyPairSync('ml-dsa-65');
        sign(null, leaf, authority.key);
      },
    );
  },
};
