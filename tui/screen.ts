/**
 * The whole screen as lines: tabs, a view, the state of the link, the keys or the prompt.
 *
 * Pure, so that a test reads a screen as text. The terminal has at least `SCREEN_MIN` cells.
 */

import { VERSION } from '../core/version.ts';
import type { ActKind } from './act.ts';
import { matchingCommands } from './commands.ts';
import { FORM_KEYS, formLines, roomOf } from './form-panel.ts';
import { clockText, countText, fit, toAscii, widthOf, wrap } from './format.ts';
import { type Line, line, type Size, span } from './line.ts';
import { foreignVersion, type State, sinceToldMs } from './model.ts';
import { padded, pageOf, type Sheet, sheetLines, shownRows } from './sheet.ts';
import type { View } from './view-names.ts';
import { ALARMS } from './views/alarms.ts';
import { ATTESTATION } from './views/attestation.ts';
import { AUDIT } from './views/audit.ts';
import { CEREMONIES } from './views/ceremonies.ts';
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
  if (state.form !== null) {
    const { lines, page } = roomOf(state.form, body);
    return { keys: Array.from({ length: lines }, (_, i) => String(i)), page };
  }
  switch (state.view) {
    case 'domains':
      return rowsOf(DOMAINS, state, body);
    case 'peers':
      return rowsOf(PEERS, state, body);
    case 'workloads':
      return rowsOf(WORKLOADS, state, body);
    case 'attestation':
      return rowsOf(ATTESTATION, state, body);
    case 'audit':
      return rowsOf(AUDIT, state, body);
    case 'ceremonies':
      return rowsOf(CEREMONIES, state, body);
    case 'alarms':
      return rowsOf(ALARMS, state, body);
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
  if (state.form !== null) return formLines(state.form, body);
  switch (state.view) {
    case 'overview':
      return overviewLines(state, body);
    case 'domains':
      return sheetLines(DOMAINS, state, body);
    case 'peers':
      return sheetLines(PEERS, state, body);
    case 'workloads':
      return sheetLines(WORKLOADS, state, body);
    case 'attestation':
      return sheetLines(ATTESTATION, state, body);
    case 'audit':
      return sheetLines(AUDIT, state, body);
    case 'ceremonies':
      return sheetLines(CEREMONIES, state, body);
    case 'alarms':
      return sheetLines(ALARMS, state, body);
    case 'help':
      return helpLines();
  }
}

const TITLES: Readonly<Record<Exclude<View, 'help'>, string>> = {
  overview: '1 Overview',
  domains: '2 Domains',
  peers: '3 Peers',
  workloads: '4 Workloads',
  attestation: '5 Attestation',
  audit: '6 Audit',
  ceremonies: '7 Ceremonies',
  alarms: '8 Alarms',
};
/** Where all titles take more than the least screen has. */
const SHORT_TITLES = { ...TITLES, attestation: '5 Boot' };
const TITLES_COLUMNS = 90;

/** The view shown stands in brackets: inverse alone would be lost on some eyes and terminals. */
function tabsLine({ view }: State, columns: number): Line {
  const titles = Object.entries(columns < TITLES_COLUMNS ? SHORT_TITLES : TITLES);
  return titles.map(([name, title], i) => {
    const space = i === 0 ? '' : ' ';
    return name === view ? span(`${space}[${title}]`, 'strong') : span(space + title, 'dim');
  });
}

/** Whether this is the present, what wants a person, and whose screen it is. */
function statusLine(state: State, columns: number): Line {
  const name = ` ${state.told?.status.domain ?? ''} `;
  const left = fitted(standing(state), Math.max(0, columns - widthOf(name)));
  const shown = fit(name, Math.min(widthOf(name), columns));
  return [...left, span(shown, 'strong')];
}

function standing(state: State): Line {
  const { link, underWay, outcome } = state;
  if (outcome !== null) {
    return line(
      outcome.isDone ? ` ok: ${outcome.text}` : ` NOT DONE: ${outcome.text}`,
      outcome.isDone ? 'good' : 'bad',
    );
  }
  const doing = underWay === null ? [] : [span(` · ${DOING[underWay.kind]} …`, 'strong')];
  switch (link.kind) {
    case 'opening':
      return line(' ○ connecting', 'dim');
    case 'live':
      return [span(' ● live', 'good'), ...foreign(state), ...doing, ...concerns(state)];
    case 'past':
      return [span(` ○ PAST${pastText(state, link.why)}`, 'bad'), ...concerns(state)];
  }
}

const DOING: Readonly<Record<ActKind, string>> = {
  approve: 'approving',
  refuse: 'refusing',
  sign: 'signing',
  clear: 'clearing',
  withdraw: 'withdrawing',
  narrow: 'narrowing',
  propose: 'proposing',
};

/** A window that must not be trusted with more than showing says so all the time. */
function foreign(state: State): Line {
  const version = foreignVersion(state);
  if (version === null) return [];
  return [span(` · DAEMON ${version}, WINDOW ${VERSION}: only shows`, 'bad')];
}

function concerns({ told, ceremonies, proof }: State): Line {
  const alarms = told?.status.alarms.length ?? 0;
  const waiting = countText(ceremonies.length, 'waits', 'wait');
  return [
    ...(proof.kind === 'broken' ? [span(' · AUDIT LOG BROKEN, see 6', 'bad')] : []),
    ...(alarms === 0 ? [] : [span(` · ALARM: ${alarms}, see 8`, 'bad')]),
    ...(ceremonies.length === 0 ? [] : [span(` · ${waiting} for people`, 'warn')]),
  ];
}

/** The spans in exactly so many columns. */
function fitted(spans: Line, columns: number): Line {
  let left = columns;
  const kept = spans.flatMap(({ text, tone }) => {
    if (left < 1) return [];
    const shown = widthOf(text) > left ? fit(text, left) : text;
    left -= widthOf(shown);
    return [span(shown, tone)];
  });
  return [...kept, span(' '.repeat(left))];
}

/** The time comes first: it is what must not be cut off. */
function pastText(state: State, why: string): string {
  if (state.told === null) return `: ${why}`;
  const at = clockText(state.told.status.wallMs + sinceToldMs(state));
  return ` as of ${at} UTC, trying again: ${why}`;
}

function footLine({ prompt, view, filters, form }: State, columns: number): Line {
  if (form !== null) {
    return form.complaint === ''
      ? line(fit(` ${FORM_KEYS}`, columns), 'dim')
      : line(fit(` ${form.complaint}`, columns), 'warn');
  }
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

const ACT_KEYS: Readonly<Partial<Record<View, string>>> = {
  domains: 'p propose · n narrow · w withdraw',
  ceremonies: 'a agree · x refuse · / filter',
  audit: 'v verify · PgUp PgDn page · / filter',
  alarms: 'c clear · / filter · 1-8 view',
};

function keysText(view: View): string {
  if (view === 'help') return '? or Esc go back · q quit';
  if (view === 'overview') return '1-8 view · : command · ? help · q quit';
  const keys = ACT_KEYS[view] ?? 'PgUp PgDn page · / filter · 1-8 view';
  return `↑↓ choose · ${keys} · : command · ? help · q quit`;
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
