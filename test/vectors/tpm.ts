/**
 * Evidence of TPMs: event logs and IMA lists replayed to PCR values that are known from elsewhere,
 * and quotes of a chip verified.
 *
 * `expected.json` names logs beside it, with values by bank and PCR; `expected-pcrs.json` has the
 * values of the one boot whose logs lie beside it, by the kernel's names of them; a JSON object
 * with `akPub` holds quotes as `quote_BANK`. A log whose values nobody lists is skipped.
 */

import { posix } from 'node:path';
import { equalBytes, fromHex } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import { CHALLENGE_NONCE_BYTES } from '../../firmware/attested.ts';
import { decodeKey } from '../../firmware/boot-state.ts';
import { decodeEventLog } from '../../firmware/event-log.ts';
import { decodeImaLog, replayIma } from '../../firmware/ima.ts';
import { type Bank, type BelievedPcrs, believePcrs } from '../../firmware/pcrs.ts';
import { verifyQuote } from '../../firmware/quote.ts';
import { replayLogs } from '../../firmware/replay.ts';
import { isUnder, type Kind, sumOf, type VectorFile, type Verdict } from './kind.ts';

/** Everything under `tpm/`. */
export const tpmKind: Kind = {
  name: 'TPM event logs and quotes',
  claims: isUnder('tpm'),
  judge: (files) => {
    const verdicts = files.flatMap((file) => judgeListed(file, files));
    const judged = new Set(verdicts.flatMap(({ of }) => of));
    return sumOf([...verdicts, ...files.filter((file) => !judged.has(file)).map(unlisted)]);
  },
};

/** A verdict, and the files that it is about. */
interface Judged extends Verdict {
  readonly of: readonly VectorFile[];
}

type Values = Readonly<Record<string, string>>;
type Banks = Readonly<Record<string, Values>>;

const IMA_PCR = 10;
const FIRMWARE_LOG = 'binary_bios_measurements';
const IMA_LIST = 'ima_binary_runtime_measurements';
const QUOTE = /^quote_(sha256|sha384)$/;

function judgeListed(file: VectorFile, all: readonly VectorFile[]): readonly Judged[] {
  const { json } = file;
  if (json === undefined) return [];
  const beside = (name: string): VectorFile | undefined =>
    all.find(({ path }) => path === posix.join(posix.dirname(file.path), name));
  const name = posix.basename(file.path);
  if ('akPub' in json) return [judgeQuotes(file, json)];
  if (name === 'expected-pcrs.json') {
    const of = [replayLog, replayList];
    return [FIRMWARE_LOG, IMA_LIST].flatMap((log, at) =>
      judgeBanks(file, beside(log), json as Banks, of[at] ?? replayLog),
    );
  }
  if (name !== 'expected.json') return [];
  return Object.entries(json as Record<string, Banks>).flatMap(([log, banks]) =>
    judgeBanks(file, beside(log), banks, replayLog),
  );
}

function judgeBanks(
  listing: VectorFile,
  log: VectorFile | undefined,
  banks: Banks,
  replay: (bytes: Uint8Array, pcrs: BelievedPcrs) => void,
): readonly Judged[] {
  if (log === undefined) return [];
  return Object.entries(banks).map(([bank, values]) => {
    const what = `${log.path}#${bank}`;
    return judge(what, [listing, log], () => replay(log.bytes, believed(bank as Bank, values)));
  });
}

function believed(bank: Bank, values: Values): BelievedPcrs {
  const pcrs = Object.entries(values).map(
    ([pcr, hex]) => [Number.parseInt(pcr, 10), fromHex(hex)] as const,
  );
  const each = pcrs.map(([pcr]) => pcr);
  return believePcrs({ bank, values: new Map(pcrs) }, each);
}

/** Leads to every PCR but that of IMA, which is not the firmware's. Refuses as `replayLogs`. */
function replayLog(bytes: Uint8Array, pcrs: BelievedPcrs): void {
  const firmware = decodeEventLog(bytes);
  const mustExplain = [...pcrs.values.keys()].filter((pcr) => pcr !== IMA_PCR);
  replayLogs({ pcrs, firmware, userspace: [], mustExplain });
}

function replayList(bytes: Uint8Array, pcrs: BelievedPcrs): void {
  const { count } = replayIma(pcrs, decodeImaLog(bytes));
  if (count === 0) throw new Refusal('log-short', { pcr: IMA_PCR });
}

function judgeQuotes(file: VectorFile, json: Readonly<Record<string, unknown>>): Judged {
  const verdicts = Object.entries(json).flatMap(([name, part]) => {
    const [, bank] = QUOTE.exec(name) ?? [];
    if (bank === undefined) return [];
    const { nonce, attest, sig, pcrs } = part as QuoteVector;
    const shown = { attest: fromHex(attest), signature: fromHex(sig) };
    const values = believed(bank as Bank, pcrs).values;
    const asked = fromHex(nonce);
    return judge(`${file.path}#${name}`, [file], () => {
      const verified = verifyQuote(
        { ...shown, pcrs: { bank: bank as Bank, values } },
        {
          key: decodeKey(fromHex(String(json.akPub))),
          challenge: {
            nonce: asked.subarray(0, CHALLENGE_NONCE_BYTES),
            epoch: asked.subarray(CHALLENGE_NONCE_BYTES),
          },
          bank: bank as Bank,
          required: [...values.keys()],
        },
      );
      const named = fromHex(String(json.akName));
      if (!equalBytes(verified.keyName, named)) throw new Refusal('attest-signature');
    });
  });
  return { ...sumOf(verdicts), of: [file] };
}

interface QuoteVector {
  readonly nonce: string;
  readonly attest: string;
  readonly sig: string;
  readonly pcrs: Values;
}

function judge(what: string, of: readonly VectorFile[], act: () => void): Judged {
  const verdict = { taken: 1, skipped: [], of };
  try {
    act();
    return { ...verdict, wrong: [] };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...verdict, wrong: [`${what}: to be taken, was refused by ${error.code}`] };
  }
}

function unlisted({ path }: VectorFile): Verdict {
  const reason = 'no values or verdicts come with it';
  return { taken: 0, wrong: [], skipped: [{ name: path, reason }] };
}
