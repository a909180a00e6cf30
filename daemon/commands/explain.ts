/**
 * `holdfast explain`: what a refusal, a failure or an alarm means, what mends it, and where more is
 * written. The sentences are those of core/refusal, core/alarm and OPERATIONS.
 */

import { ALARMS, isAlarmCode } from '../../core/alarm.ts';
import { fromUtf8 } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { isRefusalCode, REFUSALS } from '../../core/refusal.ts';
import { readBounded } from '../host/files.ts';
import { nearestName } from '../text/nearest-name.ts';
import { type Command, type CommandContext, EXIT_DONE, parseLine, UsageError } from './command.ts';
import { factsText, jsonText, tableText } from './print.ts';

const USAGE = `\
Usage: holdfast explain [CODE] [--json]

Says what a refusal, a failure or an alarm means, what mends it, and where more
is written. Without a code it lists all of them.

  --json                  print facts for machines
`;

export const command: Command = {
  name: 'explain',
  summary: 'say what a code means, and what mends it',
  usage: USAGE,
  run,
};

/** What is known of one code. */
interface Explanation {
  readonly code: string;
  readonly kind: string;
  readonly means: string;
  readonly mend: string;
  readonly where: readonly string[];
}

/** A page of the documentation, as installed beside the program. */
interface Page {
  readonly name: string;
  readonly text: string;
}

const KINDS = {
  ignore: 'refused as honest but late, early or unlucky: it costs a peer nothing',
  reject: 'refused as wrong: it costs a peer its place',
} as const;
/** More than any page of ours has. */
const PAGE_BYTES_MAX = 1024 * 1024;
const ALARM = 'alarm: shown until a person clears it, which mends nothing';
const FAILED = 'failed: something outside did not do its part';

async function run(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, { json: { type: 'boolean' } }, ['[CODE]']);
  const [code] = operands;
  const operations = await readPage('OPERATIONS');
  if (code === undefined) {
    const rows = codesIn([operations]).map((each) => explained(each, [operations]));
    context.write(values.json ? jsonText(rows) : tableText(['CODE', 'MEANS'], rows.map(twoCells)));
    return EXIT_DONE;
  }
  const explanation = explained(code, [operations, await readPage('PROTOCOL')]);
  context.write(values.json ? jsonText(explanation) : explanationText(explanation));
  return EXIT_DONE;
}

function explained(code: string, pages: readonly Page[]): Explanation {
  const where = pages.flatMap((page) => mentionsOf(code, page));
  if (isRefusalCode(code)) {
    const { judgement, means, mend } = REFUSALS[code];
    return { code, kind: KINDS[judgement], means, mend, where };
  }
  const failure = new Map(pages.flatMap((page) => [...failuresIn(page)])).get(code);
  // Of what is an alarm too the other says what a person meets who asks.
  if (failure === undefined && isAlarmCode(code)) {
    return { code, kind: ALARM, ...ALARMS[code], where };
  }
  if (failure === undefined) {
    const nearest = nearestName(code, codesIn(pages));
    throw new UsageError(`no code ${JSON.stringify(code)}; did you mean ${nearest}?`);
  }
  return { code, kind: FAILED, ...failure, where };
}

/** Every code there is, once. */
function codesIn(pages: readonly Page[]): readonly string[] {
  const failures = pages.flatMap((page) => [...failuresIn(page).keys()]);
  return [...new Set([...Object.keys(REFUSALS), ...Object.keys(ALARMS), ...failures])].sort();
}

/** Failures have their sentences in OPERATIONS alone: a table of code, means, mend. */
function failuresIn({ text }: Page): ReadonlyMap<string, { means: string; mend: string }> {
  const section = text.slice(text.indexOf('\n## Failures'));
  const rows = section.matchAll(/^\| (`[^|]+`) \| ([^|]+) \| ([^|]+) \|$/gm);
  return new Map(
    [...rows].flatMap(([, codes = '', means = '', mend = '']) =>
      [...codes.matchAll(/`([^`]+)`/g)].map(
        ([, code = '']) => [code, { means: plain(means), mend: plain(mend) }] as const,
      ),
    ),
  );
}

/** The headings under which a page speaks of a code. */
function mentionsOf(code: string, { name, text }: Page): readonly string[] {
  const headings = new Set<string>();
  let heading = '';
  for (const line of text.split('\n')) {
    heading = /^##+ (.*)/.exec(line)?.[1] ?? heading;
    if (line.includes(`\`${code}\``)) headings.add(heading);
  }
  return [...headings].map((each) => `docs/${name}.md, ${each}`);
}

async function readPage(name: 'OPERATIONS' | 'PROTOCOL'): Promise<Page> {
  const { pathname } = new URL(`../../../docs/${name}.md`, import.meta.url);
  try {
    const bytes = await readBounded(decodeURIComponent(pathname), PAGE_BYTES_MAX);
    return { name, text: fromUtf8(bytes) };
  } catch (error) {
    // A copy without its documentation still knows every refusal.
    if (error instanceof Failure) return { name, text: '' };
    throw error;
  }
}

function explanationText({ code, kind, means, mend, where }: Explanation): string {
  return factsText([
    ['code', code],
    ['means', means],
    ['kind', kind],
    ['mend', mend === '' ? '-' : mend],
    ...where.map((place) => ['see', place] as const),
  ]);
}

function twoCells({ code, means }: Explanation): readonly string[] {
  return [code, means];
}

/** Without the marks of Markdown. */
function plain(cell: string): string {
  return cell.replaceAll('`', '');
}
