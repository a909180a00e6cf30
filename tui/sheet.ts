/**
 * A sheet: rows of one kind under a head, one of them chosen, with its details beneath.
 *
 * Only rows that the screen shows are ever turned into text, so that ten thousand cost as much as
 * twenty. A sheet scrolls by whole pages: a step within a page then rewrites two lines, which is
 * what a slow serial line can carry.
 */

import { countText, fit } from './format.ts';
import { BLANK, type Line, line, type Size, span, type Tone } from './line.ts';
import { foreignVersion, type State } from './model.ts';
import type { View } from './view-names.ts';

/** One column: how wide it is, and what it says of a row. */
export interface Column<T> {
  readonly title: string;
  readonly columns: number;
  /** Takes its share of what is left, by this weight; 0 stays as it is. */
  readonly grow: number;
  /** The width of screen from which on it is shown. */
  readonly from: number;
  readonly text: (row: T, columns: number) => string;
  readonly tone?: (row: T) => Tone;
}

export interface Sheet<T> {
  readonly view: View;
  readonly columns: readonly Column<T>[];
  readonly rowsOf: (state: State) => readonly T[];
  /** Tells rows apart, whatever else of them changes. */
  readonly keyOf: (row: T) => string;
  /** What a filter looks through. */
  readonly wordsOf: (row: T) => string;
  /** What is said of the chosen row, each line at most `columns` wide. */
  readonly detailsOf: (row: T, columns: number, state: State) => readonly Line[];
  /** Rows that the details take on the least screen. */
  readonly detailRows: number;
  /** Where the rest stands of details that have no room. */
  readonly restAt: string;
  /** What is said where there is no row. */
  readonly empty: string | ((state: State) => string);
}

/** Views of what the status alone tells. */
const STATUS_VIEWS: ReadonlySet<View> = new Set(['domains', 'peers', 'alarms']);

const HEAD_ROWS = 1;
const RULE_ROWS = 1;
const TALL_ROWS = 40;

/**
 * What the last filter let through, by the rows it was asked of: looking through ten thousand again
 * at each key would be felt.
 */
const FILTERED = new WeakMap<
  object,
  { readonly wanted: string; readonly rows: readonly unknown[] }
>();

/** The rows that the filter of this view lets through. */
export function shownRows<T>(sheet: Sheet<T>, state: State): readonly T[] {
  const all = sheet.rowsOf(state);
  const wanted = state.filters[sheet.view].trim().toLowerCase();
  if (wanted === '') return all;
  const known = FILTERED.get(all);
  if (known?.wanted === wanted) return known.rows as readonly T[];
  const rows = all.filter((row) => sheet.wordsOf(row).toLowerCase().includes(wanted));
  FILTERED.set(all, { wanted, rows });
  return rows;
}

/** How many rows fit on a screen of this size. */
export function pageOf<T>(sheet: Sheet<T>, size: Size): number {
  return Math.max(1, size.rows - HEAD_ROWS - RULE_ROWS - detailRowsOf(sheet, size));
}

/** A tall screen has room for both, more rows and more about one. */
function detailRowsOf<T>({ detailRows }: Sheet<T>, { rows }: Size): number {
  return rows < TALL_ROWS ? detailRows : 2 * detailRows;
}

/** The sheet as lines, exactly as many as the size has rows. */
export function sheetLines<T>(sheet: Sheet<T>, state: State, size: Size): readonly Line[] {
  const rows = shownRows(sheet, state);
  const page = pageOf(sheet, size);
  const at = chosenAt(sheet, state, rows);
  const top = Math.floor(at / page) * page;
  const columns = layOut(sheet, size.columns);
  const body = rows
    .slice(top, top + page)
    .map((row, i) => rowLine(columns, row, top + i === at, size.columns));
  const chosen = rows[at];
  const detailRows = detailRowsOf(sheet, size);
  const details = chosen === undefined ? [] : sheet.detailsOf(chosen, size.columns - 2, state);
  return [
    headLine(columns),
    ...padded(body.length === 0 ? [emptyLine(sheet, state)] : body, page),
    ruleLine({ at, top, page, all: rows.length }, size.columns),
    ...padded(cut(details, detailRows, sheet.restAt), detailRows),
  ];
}

function chosenAt<T>(sheet: Sheet<T>, state: State, rows: readonly T[]): number {
  const key = state.chosen[sheet.view];
  return key === null
    ? 0
    : Math.max(
        0,
        rows.findIndex((row) => sheet.keyOf(row) === key),
      );
}

/** A column with the width it has on this screen. */
type LaidOut<T> = Column<T> & { readonly width: number };

function layOut<T>(sheet: Sheet<T>, screen: number): readonly LaidOut<T>[] {
  const shown = sheet.columns.filter(({ from }) => screen >= from);
  const used = shown.reduce((sum, { columns }) => sum + columns + 1, 1);
  const weights = shown.reduce((sum, { grow }) => sum + grow, 0);
  let left = Math.max(0, screen - used);
  let weightsLeft = weights;
  return shown.map((column) => {
    const more = weightsLeft === 0 ? 0 : Math.floor((left * column.grow) / weightsLeft);
    left -= more;
    weightsLeft -= column.grow;
    return { ...column, width: column.columns + more };
  });
}

function headLine<T>(columns: readonly LaidOut<T>[]): Line {
  return [span(' '), ...columns.map(({ title, width }) => span(`${fit(title, width)} `, 'dim'))];
}

/** The chosen row is inverse, and marked, for whoever sees no inverse. */
function rowLine<T>(
  columns: readonly LaidOut<T>[],
  row: T,
  isChosen: boolean,
  screen: number,
): Line {
  const cells = columns.map(({ text, tone, width }) =>
    span(fit(text(row, width), width), tone?.(row) ?? 'plain'),
  );
  if (isChosen) {
    const text = `›${cells.map((cell) => cell.text).join(' ')}`;
    return line(fit(text, screen), 'chosen');
  }
  return [span(' '), ...cells.flatMap((cell) => [cell, span(' ')])];
}

function emptyLine<T>(sheet: Sheet<T>, state: State): Line {
  const filter = state.filters[sheet.view];
  if (filter !== '') return line(` nothing holds "${filter}"; Esc shows all`, 'dim');
  const version = foreignVersion(state);
  if (version !== null && !STATUS_VIEWS.has(sheet.view)) {
    return line(
      ` of a daemon of version ${version} the status alone is asked: use its own window`,
      'warn',
    );
  }
  const { empty } = sheet;
  return line(` ${typeof empty === 'string' ? empty : empty(state)}`, 'dim');
}

interface Place {
  readonly at: number;
  readonly top: number;
  readonly page: number;
  readonly all: number;
}

/** A rule that says where in the sheet the page lies, unless all of it is on the screen. */
function ruleLine({ top, page, all }: Place, columns: number): Line {
  if (all <= page) return line('─'.repeat(columns), 'dim');
  const where = ` ${top + 1} to ${Math.min(all, top + page)} of ${all} `;
  return line(`${'─'.repeat(Math.max(0, columns - where.length - 2))}${where}──`, 'dim');
}

/** At most `room` lines; the last one says how many are left out. */
function cut(lines: readonly Line[], room: number, restAt: string): readonly Line[] {
  if (lines.length <= room) return lines;
  const left = countText(lines.length - room + 1, 'line');
  return [...lines.slice(0, room - 1), line(` … ${left} more: ${restAt}`, 'warn')];
}

/** Exactly `count` lines. */
export function padded(lines: readonly Line[], count: number): readonly Line[] {
  const blanks = Math.max(0, count - lines.length);
  return [...lines.slice(0, count), ...Array.from({ length: blanks }, () => BLANK)];
}
