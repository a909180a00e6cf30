/** A fingerprint as commands print it: hex for machines, words for two people on the phone. */

import { wordLines } from '../text/fingerprint-words.ts';
import type { CommandContext } from './command.ts';
import type { BundleFacts } from './inspect-bundle.ts';
import { factsText } from './print.ts';

/** The words in four lines, the first one named; nothing where there is no fingerprint yet. */
export function wordFacts(fingerprint: string): readonly (readonly [string, string])[] {
  if (fingerprint === '') return [];
  return wordLines(fingerprint).map((line, at) => [at === 0 ? 'in words' : '', line] as const);
}

/** What stands above the question whether a person says the same. */
export function comparedText(fingerprint: string): string {
  const lines = [fingerprint, ...wordLines(fingerprint)];
  return lines.map((line) => `  ${line}\n`).join('');
}

/** The facts of a bundle file that two people read to each other. */
export function aloudText({ domain, fingerprint, rootVersion, rootIssuedAt }: BundleFacts): string {
  return factsText([
    ['domain', domain],
    ['fingerprint', fingerprint],
    ...wordFacts(fingerprint),
    ['newest root', `version ${rootVersion} of ${rootIssuedAt}`],
  ]);
}

/**
 * Whether the person at the terminal heard the same from the domain. Where nobody sits there the
 * facts are told, and comparing them is left to whoever reads what was printed.
 */
export async function isCompared(context: CommandContext, facts: BundleFacts): Promise<boolean> {
  if (context.ask === undefined) return true;
  const question = 'Does a person of that domain read the same to you? [y/N] ';
  const reply = await context.ask(`${aloudText(facts)}\n${question}`);
  if (/^y(?:es)?$/i.test(reply.trim())) return true;
  context.complain('holdfast: not compared, so nothing was added');
  return false;
}
