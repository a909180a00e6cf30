/**
 * What a command is, and how its line is read: strictly, by one reader.
 *
 * A command gets everything ambient through its context, so that a test runs it in this process.
 * It returns an exit code: 0 done, 1 refused or failed, 2 wrongly asked. Refusals and failures are
 * thrown; main.ts prints them.
 */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Environment } from '../host/environment.ts';
import { systemCode } from '../host/files.ts';
import { nearestName } from '../text/nearest-name.ts';

export interface Command {
  readonly name: string;
  /** One line, no full stop. */
  readonly summary: string;
  /** The whole help text. */
  readonly usage: string;
  run(context: CommandContext): Promise<number>;
}

export interface CommandContext {
  /** What follows the command's name. */
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Writes to standard output as it is; for text of ours, or made printable. */
  write(text: string): void;
  /** Writes one line to standard error. */
  complain(line: string): void;
  /** Puts a question to the person at the terminal; absent where nobody sits there. */
  readonly ask?: (question: string) => Promise<string>;
  /** The same for a passphrase, which is not shown as it is typed. */
  readonly askSecret?: (question: string) => Promise<string>;
}

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** The line was not understood. Nothing was done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; strict: true; allowPositionals: true }>
>;

export interface Line<O extends Options> {
  readonly values: Parsed<O>['values'];
  readonly operands: readonly string[];
}

/**
 * Reads options and operands. `operands` names those that have to be there, such as `FILE`; a
 * bracketed one, `[FILE]`, may be absent. Throws `UsageError`.
 */
export function parseLine<const O extends Options>(
  args: readonly string[],
  options: O,
  operands: readonly string[] = [],
): Line<O> {
  const parsed = parseStrictly(args, options);
  const given = parsed.positionals.length;
  const missing = operands.filter((name) => !name.startsWith('['))[given];
  if (missing !== undefined) throw new UsageError(`${missing} is missing`);
  const surplus = parsed.positionals[operands.length];
  if (surplus !== undefined) throw new UsageError(`what is ${JSON.stringify(surplus)} for?`);
  return { values: parsed.values, operands: parsed.positionals };
}

/** Runs the action that the first argument names. Throws `UsageError` if there is none such. */
export async function runAction(
  context: CommandContext,
  actions: Readonly<Record<string, (context: CommandContext) => Promise<number>>>,
): Promise<number> {
  const [name, ...args] = context.args;
  if (name === undefined) throw new UsageError(`say one of: ${Object.keys(actions).join(', ')}`);
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    const nearest = nearestName(name, Object.keys(actions));
    throw new UsageError(`nothing is called ${JSON.stringify(name)}; did you mean ${nearest}?`);
  }
  return action({ ...context, args });
}

/** A whole number from 1 to `most`. Throws `UsageError`. */
export function parseCount(text: string, option: string, most: number, least = 1): number {
  const count = /^[1-9][0-9]{0,8}$/.test(text) ? Number.parseInt(text, 10) : 0;
  if (count >= least && count <= most) return count;
  throw new UsageError(`${option} takes a number from ${least} to ${most}`);
}

function parseStrictly<const O extends Options>(args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    if (!systemCode(error)?.startsWith('ERR_PARSE_ARGS')) throw error;
    const [sentence = ''] = error instanceof Error ? error.message.split('. ') : [];
    throw new UsageError(sentence);
  }
}
