/** Our own vectors of the protocol: each case read or admitted, and its outcome compared. */

import { equalBytes, fromBase64, fromHex } from '../../core/bytes.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { bootMs, unixMs } from '../../core/time.ts';
import type { AdmitContext } from '../../federation/admission.ts';
import { admit, UNBOUNDED_STEPS } from '../../federation/admit.ts';
import { newBelief } from '../../federation/belief.ts';
import type { FileItem } from '../../federation/bundle-file.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { decodeEquivocation } from '../../federation/equivocation.ts';
import { verifyLease } from '../../federation/lease.ts';
import { asRead } from '../../federation/moment.ts';
import { decodeTick, TICK_BYTES } from '../../federation/tick.ts';
import { SUITE } from '../fakes/coalition.ts';
import { type Kind, sumOf, type VectorFile, type Verdict } from './kind.ts';
import type { LadderCase } from './ladder-vectors.ts';
import { READINGS, type Reading } from './readings.ts';

/** Documents given to a node that holds nothing. */
export const ladderKind: Kind = {
  name: 'admission (our own)',
  claims: ({ json }) => json?.holdfast === 'ladder',
  judge: (files) => sumOf(files.map(judgeLadder)),
};

/** Bytes as they are read, and written again. */
export const decodingKind: Kind = {
  name: 'reading and writing (our own)',
  claims: ({ json }) => json?.holdfast === 'decoding',
  judge: (files) => sumOf(files.map(judgeDecoding)),
};

interface LadderFile {
  readonly domain: string;
  readonly documents: Readonly<Record<string, string>>;
  readonly cases: readonly LadderCase[];
}

function judgeLadder({ path, json }: VectorFile): Verdict {
  const { domain, documents, cases } = json as unknown as LadderFile;
  const bytesOf = (name: string): Uint8Array => {
    const text = documents[name] ?? '';
    return text.length === 2 * TICK_BYTES ? fromHex(text) : fromBase64(text);
  };
  const pinned = decodeEnvelope(bytesOf('root-1')).digest;
  const wrong = cases.flatMap(({ name, give, outcome, now }) => {
    const at = asRead({ wall: unixMs(Number(now)), boot: bootMs(1) });
    const context: AdmitContext = { suite: SUITE, now: at, bootId: 'boot' };
    let belief = newBelief(parseTrustDomain(domain), pinned);
    const giveOne = (each: string): Refusal | null => {
      const [, leased] = each.split('lease:');
      if (leased !== undefined) {
        verifyLease(SUITE, decodeEnvelope(bytesOf(leased)), belief, at.wall);
        return null;
      }
      const taken = admit(context, belief, itemOf(each, bytesOf(each)), UNBOUNDED_STEPS);
      belief = taken.belief;
      return taken.refusal;
    };
    const outcomes = give.map((each) => refusalOf(() => giveOne(each))?.code ?? 'admitted');
    const expected = give.map((_, i) => (i + 1 < give.length ? 'admitted' : outcome));
    const same = outcomes.every((got, i) => got === expected[i]);
    return same ? [] : [`${path}#${name}: to be ${outcome}, was ${outcomes.join()}`];
  });
  return { taken: cases.length, wrong, skipped: [] };
}

function itemOf(name: string, bytes: Uint8Array): FileItem {
  if (bytes.length === TICK_BYTES) return { kind: 'tick', tick: decodeTick(bytes) };
  if (name === 'proof') return { kind: 'proof', proof: decodeEquivocation(bytes) };
  return { kind: 'envelope', envelope: decodeEnvelope(bytes) };
}

interface DecodingCase {
  readonly name: string;
  readonly as: Reading;
  readonly bytes?: string;
  readonly zeros?: number;
  readonly outcome: string;
}

function judgeDecoding({ path, json }: VectorFile): Verdict {
  const cases = (json as unknown as { readonly cases: readonly DecodingCase[] }).cases;
  const wrong = cases.flatMap(({ name, as, bytes: text = '', zeros = 0, outcome }) => {
    const bytes = zeros > 0 ? new Uint8Array(zeros) : fromBase64(text);
    const again = refusalOf(() => READINGS[as](bytes));
    const got = again instanceof Refusal ? again.code : 'read';
    if (got !== outcome) return [`${path}#${name}: to be ${outcome}, was ${got}`];
    if (again instanceof Refusal || equalBytes(again, bytes)) return [];
    return [`${path}#${name}: is written again as other bytes`];
  });
  return { taken: cases.length, wrong, skipped: [] };
}
