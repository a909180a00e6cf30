/** `holdfast attest show` and `quote`: the chip of this machine speaks. */

import { resolve } from 'node:path';
import { toHex, toUtf8 } from '../../core/bytes.ts';
import { CHALLENGE_NONCE_BYTES, type Challenge } from '../../firmware/attested.ts';
import { decodeKey } from '../../firmware/boot-state.ts';
import { endorsementDigest } from '../../firmware/ek-certificate.ts';
import type { Evidence } from '../../firmware/evidence.ts';
import { openClock } from '../host/clock.ts';
import { replaceFile } from '../host/files.ts';
import { hostRandom } from '../host/random.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import { attest, QUOTED_PCRS } from '../tpm/attester.ts';
import { loadIntermediates } from '../tpm/chip-trust.ts';
import { readCertificateClaims } from '../tpm/endorsement.ts';
import { encodeEvidenceFile } from '../tpm/evidence-file.ts';
import { judgeEvidence } from '../tpm/judgement.ts';
import { findLogs } from '../tpm/measurement-logs.ts';
import { withTpm } from '../tpm/with-tpm.ts';
import {
  CHALLENGE_OPTIONS,
  challengeOf,
  parseBank,
  parseKeyHandle,
  parseNonce,
  parsePcrs,
  parseTpm,
  TPM_OPTIONS,
} from './attest-options.ts';
import { bootFacts, bootView, type Fact, pcrsText } from './attest-print.ts';
import { type CommandContext, EXIT_DONE, parseLine } from './command.ts';
import { factsText, jsonText } from './print.ts';

const QUOTING_OPTIONS = {
  ...TPM_OPTIONS,
  bank: { type: 'string' },
  pcrs: { type: 'string' },
  key: { type: 'string' },
  'event-log': { type: 'string' },
  'userspace-log': { type: 'string' },
  'ima-log': { type: 'string' },
  intermediates: { type: 'string' },
  json: { type: 'boolean' },
} as const;

type QuotingValues = {
  readonly [name in Exclude<keyof typeof QUOTING_OPTIONS, 'json'>]?: string | undefined;
};

/** Shows what a verifier of this machine would believe: quotes, and judges the quote here. */
export async function show(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, QUOTING_OPTIONS);
  const challenge = challengeOf(drawNonce(), undefined);
  const evidence = await attestHere(challenge, values);
  const { boot } = judgeEvidence(evidence, {
    challenge,
    pcrs: [],
    bank: evidence.pcrs.bank,
    references: null,
    trust: 'insecure-any',
    now: openClock().now().wall,
  });
  if (values.json) context.write(jsonText({ ...chipView(evidence), ...bootView(boot) }));
  else context.write(factsText([...chipFacts(evidence), ...bootFacts(boot)]));
  return EXIT_DONE;
}

/** Writes evidence over a nonce to a file, or to standard output. */
export async function quote(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    { ...QUOTING_OPTIONS, ...CHALLENGE_OPTIONS },
    ['[FILE]'],
  );
  const given = parseNonce(values.nonce);
  const challenge = challengeOf(given ?? drawNonce(), values.epoch);
  const evidence = await attestHere(challenge, values);
  const text = encodeEvidenceFile(evidence);
  const [file] = operands;
  const nonce = toHex(challenge.nonce);
  if (file === undefined) {
    context.write(text);
    if (given === undefined) context.complain(`nonce ${nonce}, drawn here`);
    return EXIT_DONE;
  }
  const path = resolve(file);
  await replaceFile(path, toUtf8(text), 0o644);
  const { bank, values: quoted } = evidence.pcrs;
  const pcrs = [...quoted.keys()];
  if (values.json) {
    context.write(jsonText({ path, nonce, bank, pcrs, drawn: given === undefined }));
  } else {
    const drawn = given === undefined ? ', drawn here: it proves no freshness to others' : '';
    context.write(
      factsText([
        ['evidence', path],
        ['nonce', `${nonce}${drawn}`],
        ['quoted', `${bank} ${pcrsText(pcrs)}`],
      ]),
    );
  }
  return EXIT_DONE;
}

function drawNonce(): Uint8Array {
  return hostRandom.bytes(CHALLENGE_NONCE_BYTES);
}

async function attestHere(challenge: Challenge, values: QuotingValues): Promise<Evidence> {
  const address = parseTpm(values.tpm);
  const path = (text: string | undefined) => (text === undefined ? undefined : resolve(text));
  const named = {
    event: path(values['event-log']),
    userspace: path(values['userspace-log']),
    ima: path(values['ima-log']),
  };
  const request = {
    challenge,
    bank: parseBank(values.bank),
    pcrs: values.pcrs === undefined ? QUOTED_PCRS : parsePcrs(values.pcrs),
    keyHandle: parseKeyHandle(values.key),
    endorsement: 'shown' as const,
    logs: findLogs(named, address),
  };
  const carried = path(values.intermediates);
  const intermediates = carried === undefined ? [] : await loadIntermediates(carried);
  return withTpm(address, openClock(), (tpm) => attest(tpm, { ...request, intermediates }));
}

function chipFacts(evidence: Evidence): readonly Fact[] {
  const { endorsementCertificate: contents } = evidence;
  const endorsement = endorsementDigest(decodeKey(evidence.endorsementKey));
  if (contents === null) {
    return [
      ['endorsement', endorsement],
      ['certificate', 'none: a verifier has to allow the endorsement key by its hash'],
    ];
  }
  const { maker, model, version, grade, notAfter } = readCertificateClaims(contents);
  return [
    ['endorsement', endorsement],
    ['certificate', `${maker} ${model} ${version}, until ${formatRfc3339(notAfter)}`],
    ['at most', grade === 'tpm' ? 'tpm, or measured-boot if approved' : 'vtpm'],
  ];
}

function chipView(evidence: Evidence): object {
  const { endorsementCertificate: contents } = evidence;
  const endorsement = endorsementDigest(decodeKey(evidence.endorsementKey));
  if (contents === null) return { endorsement, certificate: null };
  const { notBefore, notAfter, ...claims } = readCertificateClaims(contents);
  const dates = { notBefore: formatRfc3339(notBefore), notAfter: formatRfc3339(notAfter) };
  return { endorsement, certificate: { ...claims, ...dates } };
}
