/** `holdfast attest verify` and `explain`: evidence is judged, with no chip at hand. */

import { resolve } from 'node:path';
import { appraise, checkApproved } from '../../firmware/appraisal.ts';
import { openClock } from '../host/clock.ts';
import { loadAllowances, loadRoots } from '../tpm/chip-trust.ts';
import { eventLines, unprovenEventLines } from '../tpm/event-words.ts';
import { decodeEvidenceFile, isEvidenceFile, loadEvidenceBytes } from '../tpm/evidence-file.ts';
import {
  type Demands,
  FIRMWARE_PCRS,
  type Judgement,
  judgeEvidence,
  unverifiedChallengeOf,
} from '../tpm/judgement.ts';
import { loadReferences } from '../tpm/references-file.ts';
import {
  CHALLENGE_OPTIONS,
  challengeOf,
  parseBank,
  parseNonce,
  parsePcrs,
} from './attest-options.ts';
import {
  bootFacts,
  bootView,
  chipText,
  differencesText,
  eventsText,
  type Fact,
  verdictText,
} from './attest-print.ts';
import { type CommandContext, EXIT_DONE, parseLine, UsageError } from './command.ts';
import { factsText, jsonText } from './print.ts';

/** Judges evidence. Prints what holds, then is refused by the first thing that does not. */
export async function verify(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...CHALLENGE_OPTIONS,
      references: { type: 'string' },
      'ek-roots': { type: 'string' },
      'ek-allow': { type: 'string' },
      'insecure-any-chip': { type: 'boolean' },
      bank: { type: 'string' },
      pcrs: { type: 'string' },
      json: { type: 'boolean' },
    },
    ['FILE'],
  );
  const nonce = parseNonce(values.nonce);
  if (nonce === undefined) throw new UsageError('--nonce is missing: what did you ask with?');
  const references = await loadWhereGiven(values.references, loadReferences);
  const usualPcrs = references === undefined ? FIRMWARE_PCRS : [];
  const demands: Demands = {
    challenge: challengeOf(nonce, values.epoch),
    pcrs: values.pcrs === undefined ? usualPcrs : parsePcrs(values.pcrs),
    bank: parseBank(values.bank),
    references: references ?? null,
    trust: await trustOf(values['ek-roots'], values['ek-allow'], values['insecure-any-chip']),
    now: openClock().now().wall,
  };
  const evidence = decodeEvidenceFile(await loadEvidenceBytes(resolve(operands[0] ?? '')));
  const judgement = judgeEvidence(evidence, demands);
  context.write(values.json ? jsonText(judgementView(judgement)) : judgementText(judgement));
  if (judgement.appraisal !== null) checkApproved(judgement.appraisal);
  return EXIT_DONE;
}

/** Lists the events of evidence or of a log, and what is proven of each. */
export async function explain(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    { references: { type: 'string' }, json: { type: 'boolean' } },
    ['FILE'],
  );
  const references = await loadWhereGiven(values.references, loadReferences);
  const file = await loadEvidenceBytes(resolve(operands[0] ?? ''));
  if (!isEvidenceFile(file)) {
    if (references !== undefined) throw new UsageError('--references judges evidence, no bare log');
    const events = unprovenEventLines(file);
    context.write(values.json ? jsonText({ events }) : eventsText(events));
    return EXIT_DONE;
  }
  const evidence = decodeEvidenceFile(file);
  const { boot } = judgeEvidence(evidence, {
    challenge: unverifiedChallengeOf(evidence),
    pcrs: [],
    bank: evidence.pcrs.bank,
    references: null,
    trust: 'insecure-any',
    now: openClock().now().wall,
  });
  const events = eventLines(evidence, boot);
  const appraisal = references === undefined ? null : appraise(boot, references);
  if (values.json) context.write(jsonText({ ...bootView(boot), appraisal, events }));
  else {
    const verdict: Fact = ['boot', verdictText(appraisal)];
    const facts = factsText([verdict, ...bootFacts(boot)]);
    context.write(`${facts}${differencesText(appraisal)}\n${eventsText(events)}`);
  }
  return EXIT_DONE;
}

async function loadWhereGiven<T>(
  path: string | undefined,
  load: (path: string) => Promise<T>,
): Promise<T | undefined> {
  return path === undefined ? undefined : load(resolve(path));
}

/** Whom to believe has to be said: nothing said is not everybody. */
async function trustOf(
  roots: string | undefined,
  allowed: string | undefined,
  any = false,
): Promise<Demands['trust']> {
  const isListed = roots !== undefined || allowed !== undefined;
  if (any === isListed) {
    throw new UsageError('say --ek-roots, --ek-allow or both; or else --insecure-any-chip');
  }
  if (any) return 'insecure-any';
  return {
    roots: (await loadWhereGiven(roots, loadRoots)) ?? [],
    allowed: (await loadWhereGiven(allowed, loadAllowances)) ?? [],
  };
}

function judgementText(judgement: Judgement): string {
  const { boot, chip, appraisal, assurance } = judgement;
  const facts: readonly Fact[] = [
    ['boot', verdictText(appraisal)],
    ['chip', chip === null ? 'any: nobody asked whether it is one' : chipText(chip)],
    ...(chip === null ? [] : [['endorsement', chip.endorsement] as const]),
    ['would earn', assurance === null ? 'nothing' : `${assurance}, once a credential is activated`],
    ...bootFacts(boot),
  ];
  return `${factsText(facts)}${differencesText(appraisal)}`;
}

function judgementView({ boot, chip, appraisal, assurance }: Judgement): object {
  return { appraisal, chip, wouldEarn: assurance, ...bootView(boot) };
}
