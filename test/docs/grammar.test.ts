/**
 * Every `holdfast …` that README and docs/ hold is one the program understands: the command, the
 * action, each option and how many operands. Each is run where no daemon answers and no file lies,
 * so it comes as far as asking for one; only exit code 2 says that the line was wrong. What is
 * better not done here is given one more option, which nobody knows: that is then all that is
 * complained of. What the lines do is for sections.test.ts and boxes.test.ts.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../daemon/commands/table.ts';
import { holdfast } from '../daemon/commands/rig.ts';
import { temporaryFolder } from '../folder.ts';
import {
  type DocumentedLine,
  mentionedLines,
  PAGES,
  sectionsOf,
  tabledNames,
  typedLines,
  wordsOf,
} from './lines.ts';

const grammar = suite('docs/grammar');

/** What a reader puts in the place of a word in capitals. */
const STAND_INS: Readonly<Record<string, string>> = {
  HEX: '00'.repeat(32),
  ID: '00'.repeat(32),
  'KEY-ID': '00'.repeat(32),
  SERIAL: '0123456789abcdef',
  'SPIFFE-ID': 'spiffe://blue.example/web',
  WORDS: '00'.repeat(32),
  NONCE: '00'.repeat(16),
  KIND: 'slices',
  DOMAIN: 'red.example',
  CODE: 'too-large',
  COMMAND: 'status',
};

/** What stays until somebody ends it, takes the place of this process, or asks the chip. */
const NOT_DONE = /^(?:start|run|demo|tui|svid watch|tpm status|attest (?:show|quote))\b/;

/** The start of a path that leads out of the folder of the test; addresses begin alike. */
const OUTSIDE = /^(?:~\/|\/(?!(?:ip4|ip6|dns4)\/))/;

const UNKNOWN_OPTION = '--nobody-knows';

/** A sentence that says a word of the line is wrong, and not that the line says too little. */
const WRONG_WORD = /no command|nothing is called|[Uu]nknown option|what is .* for|ambiguous/;

const sections = PAGES.flatMap(sectionsOf);

/** Runs a line in an empty folder, and returns what it complained of as wrongly asked, or ''. */
async function usageComplaint(words: readonly string[]): Promise<string> {
  await using folder = await temporaryFolder();
  process.chdir(folder.path);
  const filled = words.map((word) => {
    const standing = STAND_INS[word] ?? word;
    const plain = standing.replaceAll('$(id -u)', '1000');
    return plain.replace(OUTSIDE, `${folder.path}/`);
  });
  const isLeft = NOT_DONE.test(filled.join(' '));
  const args = isLeft ? [...filled, UNKNOWN_OPTION] : filled;
  const { code, err } = await holdfast(args, folder.path, {}, 'no');
  process.chdir('/');
  if (code !== 2 || (isLeft && err.includes(UNKNOWN_OPTION))) return '';
  return err;
}

async function complaints(
  lines: readonly DocumentedLine[],
  isWrong: (complaint: string) => boolean,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { page, heading, text } of lines) {
    const complaint = await usageComplaint(wordsOf(text).slice(1));
    if (isWrong(complaint)) wrong.push(`${page}, ${heading}: ${text}: ${complaint.trim()}`);
  }
  return wrong;
}

grammar('knows every command line that stands by itself', async () => {
  const lines = sections.flatMap(typedLines);
  assert.ok(lines.length > 100, `${lines.length} lines`);
  assert.equal(await complaints(lines, (complaint) => complaint !== ''), []);
});

grammar('knows every word of the commands that the text mentions', async () => {
  const lines = sections.flatMap(mentionedLines);
  assert.ok(lines.length > 60, `${lines.length} mentions`);
  assert.equal(await complaints(lines, (complaint) => WRONG_WORD.test(complaint)), []);
});

grammar(
  'knows every action that the tables of commands name, and they name every one',
  async () => {
    const named = sections
      .filter(({ heading }) => heading === 'Commands' || heading === 'Install and run')
      .map(tabledNames);
    assert.is(named.length, 2);
    for (const names of named) {
      for (const words of names) {
        assert.not.match(await usageComplaint(words), WRONG_WORD, words.join(' '));
      }
      const nouns = new Set(names.map(([noun]) => noun));
      assert.equal(
        Object.keys(COMMANDS).filter((name) => !nouns.has(name)),
        [],
      );
    }
  },
);

grammar('would notice a wrong word', async () => {
  for (const line of [
    'stauts',
    'entry craete',
    'entry list --groop default',
    'entry show e-1 e-2',
    'run --trust-domian blue.example',
    'svid watch --wirte folder',
  ]) {
    assert.match(await usageComplaint(line.split(' ')), WRONG_WORD, line);
  }
});

grammar.run();
