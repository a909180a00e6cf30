/**
 * Types what stands under a heading of a page, line by line in its order, at running daemons.
 * Every command has to end with 0. What a reader fills in (HEX, ID, an example's address) is said
 * by whoever walks, mostly from what was printed before.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { holdfast } from '../daemon/commands/rig.ts';
import { controlling } from '../daemon/live.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { TOLD } from './headings.ts';
import { type DocumentedLine, nameOf, PAGES, sectionsOf, typedLines, wordsOf } from './lines.ts';

export interface Walk {
  /** Where the files of the section lie. */
  readonly folder: string;
  /** What stands in the place of a word. */
  readonly filled: Map<string, string>;
  /** The daemon that a line is typed at. */
  at(text: string, who: string): DaemonProcess;
  /** What is typed where a line asks. */
  answer(text: string): string;
  /** What others do before this line, which the page leaves to the reader. */
  before?(text: string): Promise<void>;
  /** Looks at what a line printed. */
  after?(text: string, out: string): void;
}

/** What a reader is to put something in the place of. */
const PLACEHOLDER = /^(?:HEX|ID|KEY-ID|SERIAL|SPIFFE-ID|TEXT|WORDS)$/;

/** What a test has no business in. */
const OF_THE_SYSTEM = /^\/(?:boot|dev|etc|home|run|usr|var)\//;

/** The lines of a heading that are run: all that the table does not leave out. */
export function linesOf(heading: string): readonly DocumentedLine[] {
  const section = PAGES.flatMap(sectionsOf).find((each) => nameOf(each) === heading);
  assert.ok(section, heading);
  const left = Object.keys(TOLD[heading]?.left ?? {});
  return typedLines(section).filter(({ text }) => !left.some((start) => text.startsWith(start)));
}

/** Types all lines of a heading. */
export async function walk(heading: string, how: Walk): Promise<void> {
  const lines = linesOf(heading);
  assert.ok(lines.length > 0, heading);
  for (const { text, who } of lines) {
    await how.before?.(text);
    const out = await typeAt(how.at(text, who), how, text);
    how.after?.(text, out);
  }
}

/** Types one line, filled in, and returns what it printed. */
export async function typeAt(
  daemon: DaemonProcess,
  { folder, filled, answer }: Pick<Walk, 'folder' | 'filled' | 'answer'>,
  text: string,
): Promise<string> {
  process.chdir(folder);
  const args = wordsOf(text).slice(1);
  const words = args.map((arg) => fill(arg, filled));
  const variables = {
    HOLDFAST_CONTROL_SOCKET: daemon.controlSocket,
    SPIFFE_ENDPOINT_SOCKET: `unix://${daemon.workloadSocket}`,
  };
  const { code, out, err } = await holdfast(words, daemon.folder, variables, answer(text));
  assert.is(code, 0, `${text}\nas ${words.join(' ')}\n${out}${err}`);
  return out;
}

function fill(word: string, filled: ReadonlyMap<string, string>): string {
  const whole = filled.get(word);
  if (whole !== undefined) return whole;
  assert.not.match(word, PLACEHOLDER, `nothing is filled in for ${word}`);
  assert.not.match(word, OF_THE_SYSTEM, `nothing is filled in for ${word}`);
  return word;
}

/** What `holdfast status` is made of. */
export const statusOf = (daemon: DaemonProcess) =>
  controlling(daemon, (control) => control.call('status', {}));

/** What a walk at one daemon needs, with its files beside the state. */
export function walkAt(daemon: DaemonProcess, typed: string, more: Partial<Walk> = {}): Walk {
  return {
    folder: daemon.folder,
    filled: new Map(),
    at: () => daemon,
    answer: () => typed,
    ...more,
  };
}

/** An address that nobody listens at, for one of an example. */
export async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `/ip4/127.0.0.1/tcp/${typeof at === 'object' ? at?.port : ''}`;
}

/** The first match of a pattern in what was printed. */
export function found(out: string, pattern: RegExp): string {
  const [, match = ''] = pattern.exec(out) ?? [];
  assert.ok(match, `${pattern} is not in: ${out}`);
  return match;
}

/** Tells commands that ask no daemon of this one, as the configuration of its machine would. */
export function settle(daemon: DaemonProcess): void {
  const folder = join(daemon.folder, '.config/holdfast');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const paths = [
    ['state', join(daemon.folder, 'state')],
    ['control_socket', daemon.controlSocket],
    ['workload_socket', daemon.workloadSocket],
  ].map(([key, path]) => `${key} = "${path}"\n`);
  const text = `trust_domain = "${daemon.domain}"\n[paths]\n${paths.join('')}[tpm]\nuse = "never"\n`;
  writeFileSync(join(folder, 'config.toml'), text, { mode: 0o600 });
}
