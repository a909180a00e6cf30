/**
 * Issuing X509-SVIDs, against the least it could cost: drawing a P-256 key and signing once. The
 * limit leaves the key inside OpenSSL, while the subject hands it out, so 1 is out of reach.
 */

import { generateKeyPairSync, sign } from 'node:crypto';
import { parseSpiffeId, parseTrustDomain } from '../../core/spiffe-id.ts';
import { addMs, HOUR_MS, unixMs } from '../../core/time.ts';
import { hostRandom } from '../../daemon/host/random.ts';
import { createX509Authority, openX509Authority } from '../../daemon/identity/x509-authority.ts';
import { issueX509Svid } from '../../daemon/identity/x509-svid.ts';
import { type Bench, measureRates } from './bench.ts';

/** About the size of what an authority signs for a leaf. */
const LEAF_BYTES = 400;

export const bench: Bench = {
  name: 'svid.issue.p256',
  unit: 'certificates/s',
  measure: () => {
    const now = unixMs(Date.now());
    const home = parseTrustDomain('home.example');
    const authority = openX509Authority(home, createX509Authority(home, now, hostRandom));
    const spiffeId = parseSpiffeId('spiffe://home.example/bench/web');
    const order = { spiffeId, now, notAfter: addMs(now, HOUR_MS) };
    const leaf = new Uint8Array(LEAF_BYTES);
    return measureRates(
      () => issueX509Svid(authority, order, hostRandom),
      () => {
        generateKeyPairSync('ec', { namedCurve: 'P-256' });
        sign('sha256', leaf, authority.key);
      },
    );
  },
};
