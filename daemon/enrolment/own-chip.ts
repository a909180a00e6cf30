/**
 * The chip of this machine as enrolment uses it: what it shows in a request, and how it answers a
 * challenge. Keys are derived from their templates each time, the same until the chip is cleared.
 */

import type { Credential } from '../../firmware/activation.ts';
import { type Challenge, challengeFor } from '../../firmware/attested.ts';
import type { Tpm } from '../../firmware/tpm.ts';
import { activateCredential } from '../../firmware/tpm-credential.ts';
import { createPrimary, hierarchyEntity } from '../../firmware/tpm-keys.ts';
import { AK_P256 } from '../../firmware/tpm-templates.ts';
import { attest, QUOTED_PCRS } from '../tpm/attester.ts';
import { findCertificates, openEndorsementKey } from '../tpm/endorsement.ts';
import type { LogPlaces } from '../tpm/measurement-logs.ts';
import type { ChipAnswer } from './answer.ts';
import type { EnrolChallenge } from './challenge.ts';
import type { ShownChip } from './request.ts';

/** Runs work on the chip when it is our turn. */
export type ChipUse = <T>(work: (tpm: Tpm) => Promise<T>) => Promise<T>;

/** What a member asks of its chip. */
export interface OwnChip {
  show(): Promise<ShownChip>;
  /** Opens the secret and quotes. Fails as the chip does; refuses as `attest`. */
  answer(challenge: EnrolChallenge, credential: Credential): Promise<ChipAnswer>;
}

/** What a machine knows of its chip beside the chip itself. */
export interface ChipSurroundings {
  readonly logs: LogPlaces;
  /** Certificates between that of the endorsement key and its maker's root; read each time. */
  readonly intermediates: () => Promise<readonly Uint8Array[]>;
}

/** The chip that `use` reaches, with what its machine has of it. */
export function ownChip(use: ChipUse, { logs, intermediates }: ChipSurroundings): OwnChip {
  return {
    show: async () => {
      const carried = await intermediates();
      return use((tpm) => showChip(tpm, carried));
    },
    answer: async ({ nonce, beacon }, credential) => {
      const surroundings = { logs, intermediates: await intermediates() };
      return use(async (tpm) => ({
        secret: await openCredential(tpm, credential),
        evidence: await quoteFor(tpm, challengeFor(nonce, beacon), surroundings),
      }));
    },
  };
}

async function showChip(tpm: Tpm, intermediates: readonly Uint8Array[]): Promise<ShownChip> {
  const [certificate] = await findCertificates(tpm);
  return tpm.hold(async (held) => {
    const endorsementKey = await openEndorsementKey(held, certificate?.kind ?? 'eccP256');
    const attestationKey = await createPrimary(held, hierarchyEntity('endorsement'), AK_P256);
    return {
      endorsementKey: endorsementKey.publicArea.raw,
      endorsementCertificate: certificate?.contents ?? null,
      intermediates,
      attestationKey: attestationKey.publicArea.raw,
    };
  });
}

async function openCredential(tpm: Tpm, credential: Credential): Promise<Uint8Array> {
  const [certificate] = await findCertificates(tpm);
  return tpm.hold(async (held) => {
    const endorsementKey = await openEndorsementKey(held, certificate?.kind ?? 'eccP256');
    const attestationKey = await createPrimary(held, hierarchyEntity('endorsement'), AK_P256);
    return activateCredential(held, attestationKey, endorsementKey, credential);
  });
}

function quoteFor(
  tpm: Tpm,
  challenge: Challenge,
  carried: { readonly logs: LogPlaces; readonly intermediates: readonly Uint8Array[] },
) {
  return attest(tpm, {
    ...{ challenge, bank: undefined, pcrs: QUOTED_PCRS, keyHandle: undefined },
    ...{ endorsement: 'shown' as const, ...carried },
  });
}
