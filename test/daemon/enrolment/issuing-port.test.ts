/** A member that was given nothing to issue with says so, and takes nothing it does not know. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DAY_MS, unixMs } from '../../../core/time.ts';
import { emptyDesk, emptyIssuing } from '../../../daemon/enrolment/issuing-port.ts';
import { decodeEnvelope } from '../../../federation/envelope.ts';
import { readLease, signLease } from '../../../federation/lease.ts';
import { leaseTerms } from '../../fakes/admitted.ts';
import { DOMAIN, KEYS, NOW } from '../../federation/forge.ts';
import { refused } from '../refused.ts';

const issuing = suite('daemon/enrolment/issuing-port');

const issuedAt = unixMs(NOW);
const terms = leaseTerms({ domain: DOMAIN, issuedAt, notAfter: unixMs(NOW + DAY_MS) });
const LEASE = readLease(decodeEnvelope(signLease(KEYS.documents, KEYS.node.publicPair, terms)));

issuing('of nothing is asked for, granted and taken in no bytes', async () => {
  const granted = await emptyDesk.issue(LEASE, await emptyIssuing.request());
  assert.is(granted.length, 0);
  await emptyIssuing.install(LEASE, granted);
  await refused(() => emptyIssuing.install(LEASE, new Uint8Array(1)), 'trailing-bytes');
});

issuing('of nothing signs nothing', () => {
  for (const refusal of [emptyIssuing.x509('ec-p256'), emptyIssuing.jwt('ml-dsa-65')]) {
    assert.is('code' in refusal && refusal.code, 'issuing-none');
  }
});

issuing.run();
