/** `holdfast references`: approved boot states, drafted from a machine that is known to be good. */

import { resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { NAME_CHARS_MAX } from '../../core/limits.ts';
import type { BootState } from '../../firmware/boot-state.ts';
import { draftState, encodeState, type ReferenceState } from '../../firmware/references.ts';
import { openClock } from '../host/clock.ts';
import { replaceFile, systemCode } from '../host/files.ts';
import { decodeEvidenceFile, loadEvidenceBytes } from '../tpm/evidence-file.ts';
import { judgeEvidence, unverifiedChallengeOf } from '../tpm/judgement.ts';
import { encodeReferencesFile, loadReferences, withState } from '../tpm/references-file.ts';
import { CHALLENGE_OPTIONS, challengeOf, parseNonce, parsePcrs } from './attest-options.ts';
import { hexText, pcrsText } from './attest-print.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { countText, factsText, jsonText } from './print.ts';

const USAGE = `\
Usage: holdfast references learn EVIDENCE FILE --name NAME [--pcrs LIST]
                [--nonce HEX] [--epoch HEX] [--json]
       holdfast references show FILE [--json]

learn drafts an approved state from the evidence of a golden machine and puts it
into a file, beside the states that stand there; a state of the same name is
replaced. The draft approves exactly this boot: look at it before anybody signs it.
show prints what a file approves.

  --name NAME             what to call the state, such as "edge 12, firmware 1.4"
  --pcrs LIST             PCRs to hold to (0,2,4,7,11 as far as they are quoted)
  --nonce HEX             the nonce that was asked with; without it, the evidence
                          may show an old boot
  --epoch HEX             the epoch that was asked with
  --json                  print facts for machines
`;

export const command: Command = {
  name: 'references',
  summary: 'draft and show approved boot states',
  usage: USAGE,
  run: (context) => runAction(context, { learn, show }),
};

/** Code of the firmware, of what it ran, and of the image that it booted; no settings. */
const USUAL_PCRS = [0, 2, 4, 7, 11];

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
  const name = parseName(values.name);
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
  const quoted = USUAL_PCRS.filter((pcr) => boot.replay.pcrs.values.has(pcr));
  const pcrs = values.pcrs === undefined ? quoted : parsePcrs(values.pcrs);
  const learned = draftState(boot, name, pcrs);
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

async function show(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, { json: { type: 'boolean' } }, ['FILE']);
  const states = await loadReferences(resolve(operands[0] ?? ''));
  if (values.json) context.write(jsonText({ states: states.map(encodeState) }));
  else context.write(states.map(stateText).join('\n') || 'nothing is approved\n');
  return EXIT_DONE;
}

function parseName(text: string | undefined): string {
  if (text === undefined || text === '') throw new UsageError('--name is missing');
  if (text.length > NAME_CHARS_MAX) {
    throw new UsageError(`--name takes at most ${NAME_CHARS_MAX} characters`);
  }
  return text;
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

function stateText(state: ReferenceState): string {
  const { name, bank, pcrs, events, secureBoot, firmwareVersionMin } = state;
  return factsText([
    ['state', name],
    ['bank', bank],
    ['Secure Boot', secureBoot === 'required' ? 'has to be on' : 'on or off'],
    ['chip firmware', `at least ${hexText(firmwareVersionMin)}`],
    ...[...pcrs].map(([pcr, values]) => [`PCR ${pcr}`, [...values].join(' or ')] as const),
    ...events.map(
      ({ pcr, allow, require }) =>
        [
          `events of ${pcr}`,
          `${countText(allow.size, 'digest', 'digests')} allowed, ${require.size} required`,
        ] as const,
    ),
  ]);
}
