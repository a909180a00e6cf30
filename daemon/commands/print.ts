/**
 * What commands print for people: aligned columns, named facts, JSON. Every text that came from
 * elsewhere goes through `printable` here, so that no command has to remember.
 */

import { printable, printableJson } from '../../core/printable.ts';

/** Rows under a head, columns aligned; a last column in which nothing stands is left out. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length > 0 && rows.every((row) => row[head.length - 1] === '')) {
    return tableText(head.slice(0, -1), rows);
  }
  const lines = [head, ...rows.map((row) => row.map(printable))];
  const widths = head.map((_, column) => Math.max(...lines.map((row) => widthOf(row[column]))));
  return lines.map((row) => alignedLine(row, widths)).join('');
}

/** `name  value` on a line each, the values aligned. */
export function factsText(facts: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join('');
}

/** Indented JSON. */
export function jsonText(value: unknown): string {
  return `${printableJson(JSON.stringify(value, undefined, 2))}\n`;
}

/** `1 entry`, `2 entries`. */
export function countText(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function alignedLine(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) => {
    return cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell));
  });
  return `${cells.join('  ').trimEnd()}\n`;
}

/** Characters, not UTF-16 units; good enough for names, which are ASCII save for hints. */
function widthOf(cell = ''): number {
  return [...cell].length;
}
