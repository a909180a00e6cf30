/**
 * The side of the machine: has its chip quote the PCRs over a challenge, and gathers what goes
 * with the quote into one bundle of evidence.
 *
 * The order is meaning. Firmware's log ends before anybody can quote, so it is read first; the
 * logs that go on growing are read after the quote, which so covers a prefix of them. Keys are
 * derived each time and flushed: the chip holds nothing between two attestations.
 */

import { equalBytes } from '../../core/bytes.ts';
import type { HashName } from '../../core/ciphers.ts';
import { TPM_PCR_READS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { checkAttestationKey } from '../../firmware/activation.ts';
import { decodeAttest } from '../../firmware/attest.ts';
import { type Challenge, qualifyingBytes, type SignedAttest } from '../../firmware/attested.ts';
import type { Evidence } from '../../firmware/evidence.ts';
import type { Held } from '../../firmware/held.ts';
import { pcrDigest } from '../../firmware/pcr-policy.ts';
import type { Bank, ClaimedPcrs } from '../../firmware/pcrs.ts';
import type { Tpm } from '../../firmware/tpm.ts';
import { certifyNv, quote } from '../../firmware/tpm-attest.ts';
import {
  createPrimary,
  hierarchyEntity,
  type LoadedKey,
  readPublic,
} from '../../firmware/tpm-keys.ts';
import { readPcrs } from '../../firmware/tpm-pcr.ts';
import { getPcrBanks } from '../../firmware/tpm-state.ts';
import type { PcrSelection } from '../../firmware/tpm-structures.ts';
import { AK_P256 } from '../../firmware/tpm-templates.ts';
import { findCertificates, openEndorsementKey } from './endorsement.ts';
import { type LogPlaces, loadLog } from './measurement-logs.ts';
import { findGenerationCounter } from './nv-counters.ts';

/** What a quote may cover when nobody says: all that a boot and a running system measure into. */
export const QUOTED_PCRS: readonly number[] = Array.from({ length: 16 }, (_, pcr) => pcr);

/** What is to be shown. */
export interface AttestRequest {
  readonly challenge: Challenge;
  /** Undefined: SHA-256 if the chip has it, else the next stronger one. */
  readonly bank: Bank | undefined;
  readonly pcrs: readonly number[];
  /** The handle of a persistent attestation key; undefined derives ours from its template. */
  readonly keyHandle: number | undefined;
  readonly intermediates: readonly Uint8Array[];
  /** `none` where the machine asks for itself: deriving an RSA key may take minutes. */
  readonly endorsement: 'shown' | 'none';
  readonly logs: LogPlaces;
}

/**
 * Makes a bundle. Refuses `tpm-bank-absent`, `tpm-pcrs-busy`, `ak-attributes` for a persistent key
 * that could do more than attest, and what reading logs refuses; fails as the chip does.
 */
export async function attest(tpm: Tpm, request: AttestRequest): Promise<Evidence> {
  const bank = request.bank ?? (await chooseBank(tpm));
  const eventLog = await loadLog(request.logs.event);
  const isShown = request.endorsement === 'shown';
  const [certificate] = isShown ? await findCertificates(tpm) : [];
  const kind = certificate?.kind ?? 'eccP256';
  const qualifying = qualifyingBytes(request.challenge);
  return tpm.hold(async (held) => {
    const endorsement = isShown
      ? await held.within(() => openEndorsementKey(held, kind))
      : undefined;
    const key = await openAttestationKey(held, request.keyHandle);
    const counter = await certifyGeneration(held, key, qualifying);
    const shown = await quoteAtRest(held, key, qualifying, { bank, pcrs: request.pcrs });
    return {
      ...shown,
      counter,
      eventLog,
      attestationKey: key.publicArea.raw,
      endorsementKey: (endorsement ?? key).publicArea.raw,
      endorsementCertificate: certificate?.contents ?? null,
      intermediates: request.intermediates,
      userspaceLog: await loadLog(request.logs.userspace),
      imaLog: await loadLog(request.logs.ima),
    };
  });
}

/** In the order of preference: what kernels log and every verifier computes comes first. */
const BANKS = ['sha256', 'sha384', 'sha512'] as const satisfies readonly HashName[];

async function chooseBank(tpm: Tpm): Promise<Bank> {
  const active = await getPcrBanks(tpm);
  const bank = BANKS.find((name) => active.some((each) => each.bank === name));
  if (bank === undefined) {
    const got = active.map((each) => each.bank).join(' ');
    throw new Refusal('tpm-bank-absent', { expected: BANKS.join(' or '), got });
  }
  return bank;
}

/**
 * The attestation key: in the endorsement hierarchy, where the chip shows its true counts of
 * resets, and the same again from its template until the chip is cleared.
 */
async function openAttestationKey(held: Held, handle: number | undefined): Promise<LoadedKey> {
  if (handle === undefined) return createPrimary(held, hierarchyEntity('endorsement'), AK_P256);
  const object = await readPublic(held, handle);
  const { publicArea } = object;
  if (publicArea.kind === 'sealed') throw new Refusal('ak-attributes', { lacks: 'a key' });
  checkAttestationKey(publicArea);
  return { ...object, publicArea };
}

async function certifyGeneration(
  held: Held,
  key: LoadedKey,
  qualifying: Uint8Array,
): Promise<SignedAttest | null> {
  const index = await findGenerationCounter(held);
  return index === null ? null : certifyNv(held, key, index, qualifying);
}

/** Quotes until the values read are the ones signed: meanwhile the kernel may extend a PCR. */
async function quoteAtRest(
  held: Held,
  key: LoadedKey,
  qualifying: Uint8Array,
  selection: PcrSelection,
): Promise<{ readonly quote: SignedAttest; readonly pcrs: ClaimedPcrs }> {
  const hash = key.publicArea.scheme?.hash ?? 'sha256';
  for (let attempt = 0; attempt < TPM_PCR_READS_MAX; attempt++) {
    const values = await readPcrs(held, selection);
    const signed = await quote(held, key, qualifying, selection);
    const attested = decodeAttest(signed.attest);
    const ascending = [...values].sort(([a], [b]) => a - b).map(([, value]) => value);
    const isSame =
      attested.kind === 'quote' && equalBytes(attested.pcrDigest, pcrDigest(ascending, hash));
    if (isSame) return { quote: signed, pcrs: { bank: selection.bank, values } };
  }
  throw new Refusal('tpm-pcrs-busy', { attempts: TPM_PCR_READS_MAX });
}
