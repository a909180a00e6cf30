/** `holdfast references`: approved boot states, drafted from a machine that is known to be good. */

import { resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { BootState } from '../../firmware/boot-state.ts';
import { encodeState, type ReferenceState } from '../../firmware/references.ts';
import { openClock } from '../host/clock.ts';
import { replaceFile, systemCode } from '../host/files.ts';
import { decodeEvidenceFile, loadEvidenceBytes } from '../tpm/evidence-file.ts';
import { judgeEvidence, unverifiedChallengeOf } from '../tpm/judgement.ts';
import { CODE_PCRS, draftBoot } from '../tpm/own-boot.ts';
import { encodeReferencesFile, loadReferences, withState } from '../tpm/references-file.ts';
import { CHALLENGE_OPTIONS, challengeOf, parseNonce, parsePcrs } from './attest-options.ts';
import { pcrsText } from './attest-print.ts';
import { type Command, type CommandContext, EXIT_DONE, parseLine, runAction } from './command.ts';
import { factsText, jsonText } from './print.ts';
import { approve, exportApproved, offer, show, withdraw } from './references-approve.ts';
import { parseStateName, stateText } from './references-print.ts';
import { install, recover } from './references-refused.ts';
import { CLIENT_USAGE } from './settings.ts';

const USAGE = `\
Usage: holdfast references learn EVIDENCE FILE --name NAME [--pcrs LIST]
                [--nonce HEX] [--epoch HEX] [--json]
       holdfast references approve FILE [--generation N] [--yes] [OPTIONS]
       holdfast references approve --uki IMAGE --name NAME --like STATE [--yes]
                [OPTIONS]
       holdfast references offer FILE [--generation N] [--yes] [OPTIONS]
       holdfast references withdraw NAME [--yes] [OPTIONS]
       holdfast references show [FILE] [OPTIONS]
       holdfast references export FILE [OPTIONS]
       holdfast references install FILE [--config FILE] [--state FOLDER]
       holdfast references recover KEY-FILE [--name NAME] [--yes]
                [--config FILE] [--state FOLDER]

learn drafts an approved state from the evidence of a golden machine and puts it
into a file, beside the states that stand there; a state of the same name is
replaced. The draft approves exactly this boot: look at it before you sign it.
approve has the authority sign what a file drafts; offer, which takes --uki too,
has it wait until a person approves it, another one where the configuration says
so (roles.second_person): holdfast ceremony list. withdraw takes a state back,
and every chip that hears of it hands out no key after such a boot. show prints
what a file drafts, or what the domain has approved.

Where a daemon is refused its keys (boot-unapproved) and no network helps:
export writes what the domain approves, on any of its nodes, and install gives
it to the refused one. On an authority that nobody else can approve, recover
approves the boot in progress with a copy of the approver key, which holdfast
key copy made.

  --name NAME             what to call the state, such as "edge 12, firmware
                          1.4"
  --pcrs LIST             PCRs to hold to (0,2,4,7,11 as far as they are quoted)
  --nonce HEX             the nonce that was asked with; without it, the
                          evidence may show an old boot
  --epoch HEX             the epoch that was asked with
  --uki IMAGE             a unified kernel image that is not installed yet: as
                          --like, with its own PCR 11, and without PCR 4, which
                          holds loaders
  --like STATE            the approved state that it is a successor of
  --generation N          sign for this generation: chips that counted further
                          than usual before they were ours say boot-unapproved,
                          withdrawn
  --yes                   do not ask
  --config FILE           configuration of the daemon that is refused
  --state FOLDER          folder of its state
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'references',
  summary: 'draft, offer, approve, withdraw and show approved boot states',
  usage: USAGE,
  run: (context) =>
    runAction(context, {
      ...{ learn, offer, approve, withdraw, show },
      ...{ export: exportApproved, install, recover },
    }),
};

async function learn(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...CHALLENGE_OPTIONS,
      name: { type: 'string' },
      pcrs: { type: 'string' },
      json: { type: 'boolean' },
    },
    ['EVIDENCE', 'FILE'],
  );
  const name = parseStateName(values.name);
  const nonce = parseNonce(values.nonce);
  const evidence = decodeEvidenceFile(await loadEvidenceBytes(resolve(operands[0] ?? '')));
  const { boot } = judgeEvidence(evidence, {
    challenge:
      nonce === undefined ? unverifiedChallengeOf(evidence) : challengeOf(nonce, values.epoch),
    pcrs: [],
    bank: evidence.pcrs.bank,
    references: null,
    trust: 'insecure-any', // a person vouches for the golden machine
    now: openClock().now().wall,
  });
  const quoted = CODE_PCRS.filter((pcr) => boot.replay.pcrs.values.has(pcr));
  const pcrs = values.pcrs === undefined ? quoted : parsePcrs(values.pcrs);
  const learned = draftBoot(evidence, boot, name, pcrs);
  const path = resolve(operands[1] ?? '');
  const states = withState(await loadPresent(path), learned);
  await replaceFile(path, encodeReferencesFile(states), 0o644);
  warn(context, boot, pcrs, nonce !== undefined);
  const view = { path, states: states.length, learned: encodeState(learned) };
  context.write(
    values.json ? jsonText(view) : `${factsText([['drafted', path]])}${stateText(learned)}`,
  );
  return EXIT_DONE;
}

/** Says what whoever reviews the draft has to know, and cannot see in it. */
function warn(
  context: CommandContext,
  { replay }: BootState,
  pcrs: readonly number[],
  isFresh: boolean,
): void {
  if (!isFresh) context.complain('no --nonce was given: this may be an old boot');
  const bare = pcrs.filter((pcr) => {
    return replay.explained.includes(pcr) && !replay.events.some((event) => event.pcr === pcr);
  });
  if (bare.length === 0) return;
  context.complain(`nothing was measured into PCR ${pcrsText(bare)}: there it approves no code`);
}

/** The states of a file that is there already. */
async function loadPresent(path: string): Promise<readonly ReferenceState[]> {
  try {
    return await loadReferences(path);
  } catch (error) {
    if (error instanceof Failure && systemCode(error.cause) === 'ENOENT') return [];
    throw error;
  }
}
