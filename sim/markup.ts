/**
 * Markup: SVG and HTML as strings, with everything from outside escaped, and the axis of time that
 * all plots share.
 */

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../core/time.ts';

/** Width of a plot, and of the column that names its rows. */
export const WIDTH = 960;
export const LABEL = 150;
const RIGHT = 14;
/** Half of the longest name of a time. */
const EDGE = 30;

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 28].map((days) => days * DAY_MS),
];
const TICKS_MAX = 10;

/** Text that is safe between tags and in attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** One SVG element. */
export function mark(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  inside = '',
): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(String(value))}"`)
    .join('');
  return `<${name}${written}>${inside}</${name}>`;
}

/** A line of text in a plot. */
export function label(x: number, y: number, text: string, kind = 'label'): string {
  return mark('text', { x, y, class: kind }, escaped(text));
}

/** A hint that appears under the pointer. */
export function hint(text: string): string {
  return mark('title', {}, escaped(text));
}

/** The place of a time in a plot that ends at `endMs`. */
export function xOf(at: number, endMs: number): number {
  const x = LABEL + ((WIDTH - LABEL - RIGHT) * Math.min(at, endMs)) / endMs;
  return Math.round(x * 10) / 10;
}

/** A whole plot: title, what it shows, the drawing. */
export function plot(
  id: string,
  title: string,
  says: string,
  height: number,
  body: string,
): string {
  const attributes = { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': title };
  const drawing = mark('svg', attributes, body);
  return `<section id="${escaped(id)}"><h2>${escaped(title)}</h2><p>${escaped(says)}</p>${drawing}</section>`;
}

/** Hours and days along the bottom, with faint lines through the plot. */
export function timeAxis(endMs: number, height: number): string {
  const step = STEPS.find((ms) => endMs / ms <= TICKS_MAX) ?? 56 * DAY_MS;
  let out = '';
  for (let at = 0; at <= endMs; at += step) {
    const x = xOf(at, endMs);
    out += mark('line', { x1: x, x2: x, y1: 0, y2: height - 18, class: 'grid' });
    // The last one ends where the plot does: in its middle it would be cut off.
    const isLast = x > WIDTH - EDGE;
    const place = isLast ? { x: WIDTH, class: 'tick last' } : { x, class: 'tick' };
    out += mark('text', { ...place, y: height - 5 }, spell(at));
  }
  return out;
}

/** `3 d`, `2 h 30 min`, `45 s`: the two largest units. */
export function spell(ms: number): string {
  const units = [
    [DAY_MS, 'd'],
    [HOUR_MS, 'h'],
    [MINUTE_MS, 'min'],
    [1_000, 's'],
  ] as const;
  let rest = Math.round(ms / 1_000) * 1_000;
  const parts: string[] = [];
  for (const [size, unit] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}`);
  }
  return parts.length === 0 ? '0' : parts.join(' ');
}

/** `12 %`, `3.4 %`: what is more than nothing never reads as nothing, nor as all but for all. */
export function spellShare(share: number): string {
  if (share === 0 || share === 1) return `${100 * share} %`;
  if (share < 0.001) return 'under 0.1 %';
  if (share > 0.999) return 'over 99.9 %';
  return `${(100 * share).toFixed(share < 0.1 || share > 0.99 ? 1 : 0)} %`;
}

/** `1.2 MB`, `340 kB`. */
export function spellBytes(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e3 ? `${Math.round(bytes / 1e3)} kB` : `${bytes} B`;
}
