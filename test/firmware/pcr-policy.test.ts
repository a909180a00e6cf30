/** Policy digests without a TPM, against values that the TCG published. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../core/assert.ts';
import { toHex } from '../../core/bytes.ts';
import { policyDigest } from '../../firmware/pcr-policy.ts';
import { TPM_RH } from '../../firmware/tpm-constants.ts';
import { entityOf } from '../../firmware/tpm-structures.ts';
import {
  EK_POLICY_A_SHA256,
  EK_POLICY_A_SHA384,
  EK_POLICY_B_SHA384,
  EK_POLICY_C_SHA384,
} from '../../firmware/tpm-templates.ts';

const policy = suite('firmware/pcr-policy');

const ENDORSEMENT_SECRET = {
  kind: 'secret',
  entity: entityOf(TPM_RH.ENDORSEMENT).name,
  reference: new Uint8Array(),
} as const;

policy('computes PolicyA of the EK Credential Profile', () => {
  assert.equal(policyDigest([ENDORSEMENT_SECRET]), EK_POLICY_A_SHA256);
  assert.equal(policyDigest([ENDORSEMENT_SECRET], 'sha384'), EK_POLICY_A_SHA384);
});

policy('computes PolicyB of the EK Credential Profile as PolicyOR of A and C', () => {
  const branches = [EK_POLICY_A_SHA384, EK_POLICY_C_SHA384];
  const digest = policyDigest([ENDORSEMENT_SECRET, { kind: 'or', branches }], 'sha384');
  assert.equal(digest, EK_POLICY_B_SHA384);
});

policy('forgets what stood before PolicyOR and PolicyAuthorize', () => {
  const branches = [EK_POLICY_A_SHA256, EK_POLICY_A_SHA256];
  const key = new Uint8Array(34);
  for (const last of [
    { kind: 'or', branches },
    { kind: 'authorize', key, reference: new Uint8Array() },
  ] as const) {
    assert.is(toHex(policyDigest([{ kind: 'auth-value' }, last])), toHex(policyDigest([last])));
  }
});

policy('keeps the order of assertions', () => {
  const forth = policyDigest([{ kind: 'auth-value' }, ENDORSEMENT_SECRET]);
  const back = policyDigest([ENDORSEMENT_SECRET, { kind: 'auth-value' }]);
  assert.not.equal(forth, back);
});

policy('has 2 to 8 branches in a PolicyOR', () => {
  const or = (count: number) =>
    policyDigest([{ kind: 'or', branches: new Array(count).fill(EK_POLICY_A_SHA256) }]);
  for (const count of [2, 8]) assert.is(or(count).length, 32);
  for (const count of [0, 1, 9])
    assert.throws(
      () => or(count),
      (e: unknown) => e instanceof Bug,
    );
});

policy.run();
