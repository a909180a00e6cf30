/**
 * What `--json` prints, command by command: each line typed once at a fake daemon, whose answers
 * hold every member that there is, and what only reads or works on files at a live one too. Of what
 * was printed the shape is kept: each member, and the kinds of value that stood there.
 */

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../daemon/commands/table.ts';
import type { Outcome } from '../daemon/commands/rig.ts';
import { holdfast, holdfastWithDaemon } from '../daemon/commands/rig.ts';
import { bootOf, bootsText } from '../daemon/drafted-boots.ts';
import { fileBeside, withDaemons } from '../daemon/live.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { temporaryFolder } from '../folder.ts';
import { ROOT } from '../root.ts';
import { BARE, FULL } from './json-answers.ts';
import { ASKED_OF_A_FAKE, ASKED_OF_A_LIVE } from './json-lines.ts';

/** By command, by member, the kinds of value: `domains[].ageMs` → `null`, `number`. */
export type Shapes = Map<string, Map<string, Set<string>>>;

/** The page. */
export const JSON_PAGE = join(ROOT, 'docs/JSON.md');

/** Objects whose members are named by what they hold. */
const NAMED_BY_CONTENT: ReadonlySet<string> = new Set(['fields', 'pcrs', 'properties']);

/** Types every line, and returns the shapes of all that was printed. */
export async function printedShapes(): Promise<Shapes> {
  const shapes: Shapes = new Map();
  await using folder = await temporaryFolder();
  const file = folder.file('any');
  writeFileSync(file, 'text of a file\n');
  for (const [at, line] of ASKED_OF_A_FAKE.entries()) {
    const args = wordsOf(line, { FILE: file, OUT: folder.file(`out-${at}`) });
    for (const answers of [FULL, BARE]) {
      note(shapes, line, await holdfastWithDaemon([...args, '--json'], answers));
    }
  }
  await withDaemons(['blue.example', 'red.example'], async (blue, red) => {
    await relate(blue, red);
    const words = await prepared(blue, red);
    for (const line of ASKED_OF_A_LIVE) {
      note(shapes, line, await typeAt(blue, [...wordsOf(line, words), '--json']));
    }
  });
  return shapes;
}

/** The page, from the shapes. */
export function pageOf(shapes: Shapes): string {
  const page = readFileSync(JSON_PAGE, 'utf8');
  const [head = ''] = page.split('\n## ');
  const order = Object.keys(COMMANDS);
  const place = (name: string): number => order.indexOf(name.split(' ')[0] ?? '');
  const sections = [...shapes]
    .sort(([a], [b]) => place(a) - place(b))
    .map(([name, members]) => `## holdfast ${name}\n\n${membersText(members)}`);
  return `${head.trimEnd()}\n\n${sections.join('\n')}`;
}

function membersText(members: ReadonlyMap<string, ReadonlySet<string>>): string {
  const rows = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
  const width = Math.max(...rows.map(([path]) => path.length));
  return rows
    .map(([path, kinds]) => `    ${path.padEnd(width)}  ${[...kinds].sort().join(' or ')}`)
    .map((row) => `${row.trimEnd()}\n`)
    .join('');
}

/** Files and names that live lines need. */
async function prepared(
  blue: DaemonProcess,
  red: DaemonProcess,
): Promise<Readonly<Record<string, string>>> {
  const at = (name: string): string => join(blue.folder, name);
  const done = async (daemon: DaemonProcess, ...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await typeAt(daemon, args);
    assert.is(code, 0, `${args.join(' ')}: ${err}`);
    return out;
  };
  const entry = ['--spiffe-id', 'spiffe://blue.example/web', '--selector'];
  const uid = `unix:uid:${process.getuid?.()}`;
  const { id } = JSON.parse(await done(blue, 'entry', 'create', ...entry, uid, '--json'));
  await done(blue, 'root', 'propose', at('next'), '--fresh-ceiling', '5m');
  await done(blue, 'revoke', 'propose', 'identity', 'spiffe://blue.example/old', at('gone'));
  await done(blue, 'revoke', 'identity', 'spiffe://blue.example/gone', '--yes');
  const offered = JSON.parse(await done(blue, 'ceremony', 'offer', at('next'), '--json'));
  await done(blue, 'bundle', 'export', at('blue.bundle'));
  await done(red, 'courier', 'export', at('red.courier'), '--domain', 'red.example');
  await done(red, 'relation', 'propose', 'blue.example', at('red.relation'), '--scope', '/');
  const boots = fileBeside(blue, 'boots.json', bootsText(bootOf('edge', '12')));
  await done(blue, 'references', 'approve', boots, '--yes');
  const passphrase = fileBeside(blue, 'passphrase', 'a long night on watch\n');
  chmodSync(passphrase, 0o600);
  return {
    AUDIT: blue.auditLog,
    ...{ ENTRY: id, CEREMONY: offered.ceremony.id, BOOTS: boots, PASSPHRASE: passphrase },
    ...{ ROOT: at('next'), REVOCATIONS: at('gone'), BUNDLE: at('blue.bundle') },
    ...{ COURIER: at('red.courier'), RELATION: at('red.relation'), OUT: blue.folder },
  };
}

function typeAt(daemon: DaemonProcess, args: readonly string[]): Promise<Outcome> {
  return holdfast(args, daemon.folder, {
    HOLDFAST_CONTROL_SOCKET: daemon.controlSocket,
    SPIFFE_ENDPOINT_SOCKET: `unix://${daemon.workloadSocket}`,
  });
}

function wordsOf(line: string, filled: Readonly<Record<string, string>>): readonly string[] {
  return line.split(' ').map((word) => {
    const [name = '', ...rest] = word.split('/');
    return filled[name] === undefined ? word : [filled[name], ...rest].join('/');
  });
}

/** The command of a line: its name, and its action where it has any. */
export function commandOf(line: string): string {
  const [name = '', action = '', inner = ''] = line.split(' ');
  if (name === 'root' && action === 'key') return `root key ${inner}`;
  if (name === 'explain') return action === '' ? name : 'explain CODE';
  return /^[a-z-]+$/.test(action) && !ACTIONLESS.has(name) ? `${name} ${action}` : name;
}

const ACTIONLESS: ReadonlySet<string> = new Set(['backup', 'restore']);

function note(shapes: Shapes, line: string, { out, err }: Outcome): void {
  const name = commandOf(line);
  const members = shapes.get(name) ?? new Map<string, Set<string>>();
  shapes.set(name, members);
  let value: unknown;
  try {
    value = JSON.parse(out);
  } catch (cause) {
    throw new Error(`${line} --json printed no JSON: ${out}${err}`, { cause });
  }
  noteValue(members, '', value);
}

function noteValue(members: Map<string, Set<string>>, path: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) noteValue(members, `${path}[]`, item);
    if (value.length === 0) noteKind(members, `${path}[]`, undefined);
    return;
  }
  if (typeof value !== 'object' || value === null) return noteKind(members, path, value);
  const isNamed = NAMED_BY_CONTENT.has(path.replace(/^.*\./, ''));
  for (const [name, inner] of Object.entries(value)) {
    const last = isNamed ? '*' : name;
    noteValue(members, path === '' ? last : `${path}.${last}`, inner);
  }
}

/** An empty list says where items would be, and not what they are. */
function noteKind(members: Map<string, Set<string>>, path: string, value: unknown): void {
  const isKnown = [...members.keys()].some((known) => known.startsWith(`${path}.`));
  if (value === undefined && isKnown) return;
  const kinds = members.get(path) ?? new Set();
  members.set(path, kinds);
  if (value !== undefined) kinds.add(value === null ? 'null' : typeof value);
}
