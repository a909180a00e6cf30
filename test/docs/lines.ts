/**
 * What the pages tell a reader to type: command lines that stand indented, whole commands in the
 * text, and the tables that name actions. A remark is what follows two blanks or more.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.ts';

/** One `holdfast …` of a page. */
export interface DocumentedLine {
  readonly page: string;
  /** The heading it stands under, without its marks. */
  readonly heading: string;
  /** At whose prompt it stands (`blue$`), or ''. */
  readonly who: string;
  /** As written, on one line and without its remark. */
  readonly text: string;
}

/** A heading of a page and what stands under it, up to the next heading of any depth. */
export interface Section {
  readonly page: string;
  readonly heading: string;
  readonly text: string;
}

export const PAGES = [
  'README.md',
  ...['ARCHITECTURE', 'OPERATIONS', 'PROTOCOL', 'SIMULATOR', 'STYLE', 'THREATS'].map(
    (name) => `docs/${name}.md`,
  ),
] as const;

export function sectionsOf(page: string): readonly Section[] {
  const parts = readFileSync(join(ROOT, page), 'utf8').split(/^#{1,3} /m);
  return parts.slice(1).map((part) => {
    const end = part.indexOf('\n');
    return { page, heading: part.slice(0, end), text: part.slice(end + 1) };
  });
}

/** How the table of headings names a section. */
export function nameOf({ page, heading }: Section): string {
  return `${page.replace(/^docs\/|\.md$/g, '')}: ${heading}`;
}

/** The indented lines of a section that call `holdfast`, in their order. */
export function typedLines({ page, heading, text }: Section): readonly DocumentedLine[] {
  const whole = text.replaceAll(/ \\\n +/g, ' ');
  const lines = whole.matchAll(/^ {4,}(?:([a-z]+)\$ +)?(?:npx )?(holdfast .*)$/gm);
  return [...lines].map(([, who = '', line = '']) => {
    const [command = ''] = line.split(/ {2,}/);
    return { page, heading, who, text: command.replace(/ &$/, '') };
  });
}

/** Each `holdfast …` between two backticks, which may run over the end of a line. */
export function mentionedLines({ page, heading, text }: Section): readonly DocumentedLine[] {
  const prose = text.replaceAll(/^ {4,}\S.*(?=\n\n|\n {4})/gm, '');
  return [...prose.matchAll(/`(?:npx )?(holdfast [^`]+)`/g)].map(([, line = '']) => ({
    ...{ page, heading, who: '' },
    text: line.replaceAll(/\s+/g, ' '),
  }));
}

/** What the first cells of a table name: `entry create`, `list` is `entry create`, `entry list`. */
export function tabledNames({ text }: Section): readonly (readonly string[])[] {
  const cells = [...text.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => {
    let noun = '';
    return [...cell.matchAll(/`(?:holdfast )?([^`]+)`/g)].map(([, code = '']) => {
      const words = code.split(' ').filter((word) => /^[a-z][a-z-]*$/.test(word));
      if (words.length === 1) return noun === '' ? words : [noun, ...words];
      noun = words[0] ?? '';
      return words;
    });
  });
}

/** The words of a line as a shell would have them: quotes hold blanks together. */
export function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:'[^']*'|"[^"]*"|\$\([^)]*\)|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(/['"]/g, ''),
  );
}
