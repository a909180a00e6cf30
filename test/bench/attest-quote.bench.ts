/**
 * Attestations a second on an swtpm: keys derived, PCRs read, quoted and flushed. The limit is
 * TPM2_Quote alone, with a key that lies persistent: the same chip in turns.
 */

import { openTpm } from '../../daemon/host/open-tpm.ts';
import { attest, QUOTED_PCRS } from '../../daemon/tpm/attester.ts';
import type { Tpm } from '../../firmware/tpm.ts';
import { quote } from '../../firmware/tpm-attest.ts';
import {
  createPrimary,
  evictControl,
  hierarchyEntity,
  type LoadedObject,
  readPublic,
} from '../../firmware/tpm-keys.ts';
import { AK_P256 } from '../../firmware/tpm-templates.ts';
import { Swtpm } from '../swtpm.ts';
import { type Bench, type Measured, measureRates } from './bench.ts';

const KEPT = 0x8101_0042;
const CHALLENGE = { nonce: new Uint8Array(16), epoch: new Uint8Array(16) };

export const bench: Bench = {
  name: 'attest.quote',
  unit: 'quotes/s',
  needs: ['swtpm'],
  measure,
};

async function measure(): Promise<Measured> {
  await using chip = await Swtpm.start();
  const socket = { kind: 'unix', path: chip.socketPath } as const;
  await using tpm = await openTpm({ kind: 'swtpm', socket });
  const key = await keepKey(tpm);
  const selection = { bank: 'sha256', pcrs: QUOTED_PCRS } as const;
  const request = {
    challenge: CHALLENGE,
    bank: selection.bank,
    pcrs: QUOTED_PCRS,
    keyHandle: undefined,
    endorsement: 'shown' as const,
    intermediates: [],
    logs: { event: undefined, userspace: undefined, ima: undefined },
  };
  return await measureRates(
    () => attest(tpm, request),
    () => quote(tpm, key, CHALLENGE.nonce, selection),
  );
}

async function keepKey(tpm: Tpm): Promise<LoadedObject> {
  await tpm.hold(async (held) => {
    const key = await createPrimary(held, hierarchyEntity('endorsement'), AK_P256);
    await evictControl(held, hierarchyEntity('owner'), key, KEPT);
  });
  return readPublic(tpm, KEPT);
}
