/** A member that was given nothing to issue with says so, and takes nothing it does not know. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../../../core/refusal.ts';
import { DAY_MS, unixMs } from '../../../core/time.ts';
import { emptyDesk, emptyIssuing } from '../../../daemon/enrolment/issuing-port.ts';
import { decodeEnvelope } from '../../../federation/envelope.ts';
import { readLease, signLease } from '../../../federation/lease.ts';
import { leaseTerms } from '../../fakes/admitted.ts';
import { DOMAIN, KEYS, NOW } from '../../federation/forge.ts';
import { testTrust } from '../identity/trust.ts';
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

issuing('of nothing makes nothing', () => {
  const { entry } = testTrust(issuedAt);
  const end = emptyIssuing.endOf(entry('web'), issuedAt);
  assert.is(end instanceof Refusal && end.code, 'issuing-none');
});

issuing.run();
