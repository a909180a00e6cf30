/**
 * The key that approves boots: P-256, because that is what chips verify.
 *
 * It is made where keys are first bound to a chip, and lies among them, so that only an approved
 * boot approves another. A copy of it in a safe is the way back after a boot that nobody approved
 * before.
 */

import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { concat, fromBase64Url } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  type BootApprovalDraft,
  bootApprovalMessage,
  type SignedBootApproval,
} from '../../firmware/boot-approvals.ts';
import { drawKey, openPrivateKey } from '../identity/private-key.ts';

/** Its name in custody. */
export const APPROVER_KEY = 'approver';

/** Who approves. */
export interface Approver {
  /** x ‖ y. */
  readonly point: Uint8Array;
  approve(draft: BootApprovalDraft): SignedBootApproval;
}

/** Draws a key, PKCS#8. */
export function drawApprover(): Uint8Array {
  return drawKey('ec-p256').privateKeyPkcs8;
}

/** Opens a key. Refuses `key-malformed`. */
export function openApprover(pkcs8: Uint8Array): Approver {
  const key = openPrivateKey(pkcs8);
  const { crv, x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  if (crv !== 'P-256') throw new Refusal('key-malformed', { key: APPROVER_KEY, expected: 'P-256' });
  return {
    point: concat(fromBase64Url(x), fromBase64Url(y)),
    approve: (draft) => ({ ...draft, signature: signApproval(key, draft) }),
  };
}

function signApproval(key: KeyObject, draft: BootApprovalDraft): Uint8Array {
  const ieee = { key, dsaEncoding: 'ieee-p1363' } as const;
  return new Uint8Array(sign('sha256', bootApprovalMessage(draft), ieee));
}
