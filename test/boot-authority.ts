/** An authority off the chip: an ECDSA P-256 key that approves boot states. */

import { generateKeyPairSync, sign } from 'node:crypto';
import { fromBase64Url, toUtf8 } from '../core/bytes.ts';
import { approvalMessage, bootApproval, pcrDigest, policyDigest } from '../firmware/pcr-policy.ts';
import { readPcrs } from '../firmware/tpm-pcr.ts';
import type { Approval } from '../firmware/tpm-policy.ts';
import { nameOf } from '../firmware/tpm-public.ts';
import type { TpmRunner } from '../firmware/tpm-runner.ts';
import { type Entity, encodeEcdsa, type PcrSelection } from '../firmware/tpm-structures.ts';
import { externalKeyP256 } from '../firmware/tpm-templates.ts';

const REFERENCE = toUtf8('boot');

export class BootAuthority {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly key = externalKeyP256(this.#point());

  /** The policy of an object that obeys this authority. */
  policy(): Uint8Array {
    const key = nameOf('sha256', this.key);
    return policyDigest([{ kind: 'authorize', key, reference: REFERENCE }]);
  }

  /** Approves the PCRs as they are, until the counter passes `generation`. */
  async approve(
    tpm: TpmRunner,
    selection: PcrSelection,
    counter: Entity,
    generation: bigint,
  ): Promise<Approval> {
    const digest = pcrDigest([...(await readPcrs(tpm, selection)).values()]);
    const boot = { selection, digest, counter: counter.name, generation };
    const policy = policyDigest(bootApproval(boot));
    return { key: this.key, policy, reference: REFERENCE, signature: this.sign(policy) };
  }

  /** TPMT_SIGNATURE over an approval of `policy`. */
  sign(policy: Uint8Array): Uint8Array {
    const signature = sign('sha256', approvalMessage(policy, REFERENCE), {
      key: this.#keys.privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return encodeEcdsa('sha256', signature.subarray(0, 32), signature.subarray(32));
  }

  #point(): { x: Uint8Array; y: Uint8Array } {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    return { x: fromBase64Url(x), y: fromBase64Url(y) };
  }
}
