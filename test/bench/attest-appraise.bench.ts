/**
 * Appraisals a second on one core: a bundle of evidence with a quote and a log of eleven PCRs,
 * decoded, verified, replayed and judged by references. It is bounded by one P-256 verification.
 */

import { verifyEcdsa } from '../../core/ciphers.ts';
import { appraise } from '../../firmware/appraisal.ts';
import type { Challenge } from '../../firmware/attested.ts';
import { decodeKey, verifyBoot } from '../../firmware/boot-state.ts';
import { decodeEvidence, encodeEvidence } from '../../firmware/evidence.ts';
import { draftState } from '../../firmware/references.ts';
import { bootOf, SoftChip } from '../fakes/soft-chip.ts';
import { SOUND_BOOT } from '../firmware/sound-boot.ts';
import { type Bench, type Measured, measureRates } from './bench.ts';

const PCRS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 14];

export const bench: Bench = { name: 'attest.appraise', unit: 'appraisals/s', measure };

async function measure(): Promise<Measured> {
  const chip = new SoftChip();
  const challenge: Challenge = { nonce: new Uint8Array(16), epoch: new Uint8Array(16) };
  const evidence = chip.evidence(bootOf('sha256', SOUND_BOOT), challenge);
  const bytes = encodeEvidence(evidence);
  const expected = {
    challenge,
    bank: 'sha256',
    required: PCRS,
    mustExplain: PCRS,
    counterName: new Uint8Array(0),
  } as const;
  const approved = [draftState(verifyBoot(evidence, expected), 'sound', PCRS)];
  const judge = (): void => {
    const verdict = appraise(verifyBoot(decodeEvidence(bytes), expected), approved);
    if (verdict.kind !== 'approved') throw new Error('the sound boot is approved');
  };
  const key = decodeKey(chip.publicArea);
  if (key.kind !== 'ecc') throw new Error('the chip signs with ECDSA');
  const { curve, point: publicPoint } = key;
  const half = new Uint8Array(32).fill(1);
  const message = evidence.quote.attest;
  const verifyOnce = (): boolean =>
    verifyEcdsa({ curve, publicPoint, hash: 'sha256', message, r: half, s: half });
  return measureRates(judge, verifyOnce);
}
