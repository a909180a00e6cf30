/**
 * The whole screen as lines: tabs, a view, the state of the link, the keys or the prompt.
 *
 * Pure, so that a test reads a screen as text. The terminal has at least `SCREEN_MIN` cells.
 */

import { matchingCommands } from './commands.ts';
import { clockText, fit, toAscii, widthOf, wrap } from './format.ts';
import { type Line, line, type Size, span } from './line.ts';
import { type State, sinceToldMs, VIEWS, type View } from './model.ts';
import { padded, pageOf, type Sheet, sheetLines, shownRows } from './sheet.ts';
import { AUDIT } from './views/audit.ts';
import { DOMAINS } from './views/domains.ts';
import { helpLines } from './views/help.ts';
import { overviewLines } from './views/overview.ts';
import { PEERS } from './views/peers.ts';
import { WORKLOADS } from './views/workloads.ts';

/** What every view fits on without loss. */
export const SCREEN_MIN: Size = { columns: 80, rows: 24 };

/** Tabs and a rule above, status and keys below. */
const FRAME_ROWS = 4;

/** True where the screen is large enough. */
export function isLargeEnough({ columns, rows }: Size): boolean {
  return columns >= SCREEN_MIN.columns && rows >= SCREEN_MIN.rows;
}

/** What is asked of a terminal that is too small. */
export function tooSmallText({ columns, rows }: Size): string {
  const { columns: wide, rows: high } = SCREEN_MIN;
  return `needs a terminal of ${wide} x ${high}, this one has ${columns} x ${rows}`;
}

/** The screen, exactly as many lines as it has rows. */
export function screenLines(state: State, size: Size): readonly Line[] {
  if (!isLargeEnough(size)) return tooSmallLines(size);
  const body = bodySize(size);
  return [
    tabsLine(state, size.columns),
    line('─'.repeat(size.columns), 'dim'),
    ...padded(viewLines(state, body), body.rows),
    statusLine(state, size.columns),
    footLine(state, size.columns),
  ];
}

/** The keys of the rows in view, and how many fit on the screen: what a key press moves among. */
export function rowsInView(
  state: State,
  size: Size,
): { readonly keys: readonly string[]; readonly page: number } {
  const body = bodySize(size);
  switch (state.view) {
    case 'domains':
      return rowsOf(DOMAINS, state, body);
    case 'peers':
      return rowsOf(PEERS, state, body);
    case 'workloads':
      return rowsOf(WORKLOADS, state, body);
    case 'audit':
      return rowsOf(AUDIT, state, body);
    case 'overview':
    case 'help':
      return { keys: [], page: 1 };
  }
}

/** The same lines without a character beyond ASCII. */
export function asciiLines(lines: readonly Line[]): readonly Line[] {
  return lines.map((spans) => spans.map(({ text, tone }) => span(toAscii(text), tone)));
}

function rowsOf<T>(sheet: Sheet<T>, state: State, body: Size) {
  return { keys: shownRows(sheet, state).map(sheet.keyOf), page: pageOf(sheet, body) };
}

function bodySize({ columns, rows }: Size): Size {
  return { columns, rows: rows - FRAME_ROWS };
}

function viewLines(state: State, body: Size): readonly Line[] {
  switch (state.view) {
    case 'overview':
      return overviewLines(state, body);
    case 'domains':
      return sheetLines(DOMAINS, state, body);
    case 'peers':
      return sheetLines(PEERS, state, body);
    case 'workloads':
      return sheetLines(WORKLOADS, state, body);
    case 'audit':
      return sheetLines(AUDIT, state, body);
    case 'help':
      return helpLines();
  }
}

const TITLES: Readonly<Record<View, string>> = {
  overview: '1 Overview',
  domains: '2 Domains',
  peers: '3 Peers',
  workloads: '4 Workloads',
  audit: '5 Audit',
  help: '? Help',
};

/** The view shown stands in brackets: inverse alone would be lost on some eyes and terminals. */
function tabsLine(state: State, columns: number): Line {
  const tabs = VIEWS.map((view) =>
    view === state.view ? span(`[${TITLES[view]}]`, 'strong') : span(` ${TITLES[view]} `, 'dim'),
  );
  const used = tabs.reduce((sum, { text }) => sum + widthOf(text), 0);
  const name = state.told?.status.domain ?? '';
  const room = Math.max(0, columns - used - 1);
  const shown = widthOf(name) > room ? fit(name, room) : name;
  return [...tabs, span(' '.repeat(room - widthOf(shown))), span(shown, 'strong')];
}

function statusLine(state: State, columns: number): Line {
  const alarms = state.told?.status.alarms.length ?? 0;
  const alarm = alarms === 0 ? '' : ` · ALARM: ${alarms}, see overview`;
  const { link } = state;
  switch (link.kind) {
    case 'opening':
      return line(fit(' ○ connecting', columns), 'dim');
    case 'live':
      return [span(' ● live', 'good'), span(alarm, 'bad')];
    case 'past':
      return line(fit(` ○ PAST${pastText(state, link.why)}${alarm}`, columns), 'bad');
  }
}

/** The time comes first: it is what must not be cut off. */
function pastText(state: State, why: string): string {
  if (state.told === null) return `: ${why}`;
  const at = clockText(state.told.status.wallMs + sinceToldMs(state));
  return ` as of ${at} UTC, trying again: ${why}`;
}

function footLine({ prompt, view, filters }: State, columns: number): Line {
  if (prompt === null) {
    const filter = filters[view];
    const kept = filter === '' ? '' : `only "${filter}", Esc shows all · `;
    return line(fit(` ${kept}${keysText(view)}`, columns), 'dim');
  }
  const sign = prompt.kind === 'filter' ? '/' : ':';
  const typed = `${sign}${prompt.text}_`;
  const room = Math.max(0, columns - widthOf(typed) - 3);
  return [span(` ${typed}  `, 'strong'), span(fit(promptHint(prompt), room), 'dim')];
}

function keysText(view: View): string {
  if (view === 'help') return '? or Esc go back · q quit';
  const moves = view === 'overview' ? '' : '↑↓ choose · PgUp PgDn page · / filter · ';
  return `${moves}1-5 view · : command · ? help · q quit`;
}

function promptHint({ kind, text, complaint }: NonNullable<State['prompt']>): string {
  if (complaint !== '') return complaint;
  if (kind === 'filter') return 'Enter keeps, Esc shows all';
  return matchingCommands(text).join(' ');
}

function tooSmallLines(size: Size): readonly Line[] {
  const words = `holdfast tui ${tooSmallText(size)}; q quits`;
  const lines = wrap(words, Math.max(1, size.columns)).map((text) => line(text));
  return padded(lines, size.rows);
}
