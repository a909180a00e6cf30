/** How large a file, a function and a line may become before a reader loses the thread. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { expectNone, lineAt, readSources, type Source, sourceOf } from './source.ts';

const size = suite('house/size');

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const COLUMNS_MAX = 100;

function fileOffences({ path, text }: Source): readonly string[] {
  const lines = text.trimEnd().split('\n').length;
  const header = text.slice(0, text.indexOf('*/'));
  if (lines <= FILE_LINES_MAX || header.includes('Reason:')) return [];
  return [`${path}: ${lines} lines: split it, or say "Reason:" in its header`];
}

/**
 * Function-like openings: `function f(…) {`, `f(…) {` in a class or object, `(…) => {`. What they
 * return may be a function or an object, and its type then holds `=>` or braces of its own.
 */
const OPENING = /=>\s*\{|\)\s*(?::\s*(?:[^={};]|=>|\{[^{}]*\})+?)?\{/g;
const CONTROL = /\b(?:if|for|while|switch|catch|with)\s*(?:await\s*)?$/;

function functionOffences(source: Source): readonly string[] {
  if (source.path.endsWith('.test.ts')) return [];
  return [...source.code.matchAll(OPENING)].flatMap((match) => {
    const open = match.index + match[0].length - 1;
    if (match[0].startsWith(')') && CONTROL.test(beforeParenthesis(source.code, match.index))) {
      return [];
    }
    const first = lineAt(source.code, match.index);
    const lines = lineAt(source.code, closingBrace(source.code, open)) - first + 1;
    if (lines <= FUNCTION_LINES_MAX) return [];
    return [`${source.path}:${first}: a function of ${lines} lines: give its parts names`];
  });
}

/** The code before the parenthesis that closes at `close`, long enough to hold a keyword. */
function beforeParenthesis(code: string, close: number): string {
  let depth = 0;
  for (let at = close; at >= 0; at--) {
    if (code[at] === ')') depth += 1;
    if (code[at] === '(') depth -= 1;
    if (depth === 0) return code.slice(Math.max(0, at - 20), at);
  }
  return '';
}

function closingBrace(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth += 1;
    if (code[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return code.length;
}

/** Too long, unless what is long is one literal, which has no place to break. */
function columnOffences({ path, text, code }: Source): readonly string[] {
  const blanked = code.split('\n');
  return text.split('\n').flatMap((line, i) => {
    const visible = (blanked[i] ?? '').replace(/ {2,}|\w{60,}/g, ' ').length;
    const isComment = /^\s*(?:\/\/|\/?\*)/.test(line);
    if (line.length <= COLUMNS_MAX || (!isComment && visible <= COLUMNS_MAX)) return [];
    return [`${path}:${i + 1}: ${line.length} columns: break the line`];
  });
}

size('of every file is at most 400 lines, or has its reason', () => {
  expectNone(readSources().flatMap(fileOffences));
});

size('of every function is at most 70 lines', () => {
  expectNone(readSources().flatMap(functionOffences));
});

size('of every line is at most 100 columns', () => {
  expectNone(readSources().flatMap(columnOffences));
});

size('of a planted file, function and line is noticed', () => {
  const body = '  f();\n';
  const long = sourceOf('core/x.ts', `/** Header. */\n${body.repeat(400)}`);
  assert.is(fileOffences(long).length, 1);
  const reasoned = sourceOf('core/x.ts', `/** Reason: a table. */\n${body.repeat(400)}`);
  assert.is(fileOffences(reasoned).length, 0);
  const openings = [
    ...['function f(): void {', 'const f = () => {', 'f(a: A): Map<A, B> {'],
    ...['function f(): () => void {', 'f(): (a: A) => Map<A, B> {', 'f(): { readonly a: A } {'],
  ];
  for (const opening of openings) {
    const text = (lines: number): string => `${opening}\n${body.repeat(lines)}}\n`;
    assert.is(functionOffences(sourceOf('core/x.ts', text(69))).length, 1, opening);
    assert.is(functionOffences(sourceOf('core/x.ts', text(68))).length, 0, opening);
  }
  assert.is(columnOffences(sourceOf('core/x.ts', `// ${'a'.repeat(98)}`)).length, 1);
  assert.is(columnOffences(sourceOf('core/x.ts', `const a = '${'a'.repeat(98)}';`)).length, 0);
});

size.run();
