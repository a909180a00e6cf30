/**
 * The plots of a report, one function each: from the history of a run to SVG.
 */

import { MINUTE_MS } from '../core/time.ts';
import type { LinkChange, Sample, TierChange } from './history.ts';
import type { Lived } from './lived.ts';
import {
  hint,
  LABEL,
  label,
  mark,
  plot,
  spell,
  spellBytes,
  timeAxis,
  WIDTH,
  xOf,
} from './markup.ts';
import { delaysOf } from './story.ts';

const ROW = 14;
const AXIS = 24;
/** So many has a coalition of twelve authorities in which each speaks of all. */
const ROWS_MAX = 144;
/** Of a happening so many are named beside it; the hint names all. */
const NAMES_MAX = 2;
/** Height of a line of text; names of lines in a key, and the room for each. */
const LINE = 11;
const KEY_MAX = 12;
const KEY_WIDTH = 64;
const COLOURS = 6;
/** Room for the words beside a dot. */
const BESIDE = 70;

/** Every node's tier for every domain it speaks of, as bands over time. */
export function tierPlot(world: Lived, endMs: number): string {
  const rows = new Map<string, TierChange[]>();
  for (const change of world.history.tiers) {
    const name = `${change.machine} → ${short(change.domain)}`;
    rows.set(name, [...(rows.get(name) ?? []), change]);
  }
  const [names, left] = firstRows([...rows.keys()]);
  const height = names.length * ROW + AXIS;
  const bands = names.map((name, row) => {
    const changes = rows.get(name) ?? [];
    const runs = changes.flatMap(({ at, machine, tier }, i) => {
      const until = Math.min(endMs, changes[i + 1]?.at ?? endMs);
      return world.history.runsOf(machine, at, until).map(([from, to]) => ({ at, tier, from, to }));
    });
    // What lasted a moment is drawn above what lasted long, or nobody would see it.
    const longestFirst = runs.sort((a, b) => b.to - b.from - (a.to - a.from));
    const drawn = longestFirst.map(({ at, tier, from, to }) =>
      span(from, to, row, endMs, `tier ${tier}`, `${name}: ${tier} from ${spell(at)}`),
    );
    return label(0, row * ROW + 10, name) + drawn.join('');
  });
  const healsAt = world.scenario.minutes * MINUTE_MS;
  const healing =
    healsAt < endMs
      ? ` From ${spell(healsAt)} on the coalition heals; who is not of its core is switched off.`
      : '';
  const what = 'Each row is what one node may rest on one domain: nothing without power.';
  const says = `${what}${healing}${left}`;
  return plot('tiers', 'Tiers over time', says, height, timeAxis(endMs, height) + bands.join(''));
}

/** The first rows by name, and what is to be said where there are more. */
function firstRows(names: readonly string[]): readonly [readonly string[], string] {
  const shown = [...names].sort().slice(0, ROWS_MAX);
  const isAll = shown.length === names.length;
  return [shown, isAll ? '' : ` The first ${ROWS_MAX} of ${names.length} rows.`];
}

/** When each link was up. */
export function linkPlot(world: Lived, endMs: number): string {
  const rows = new Map<string, LinkChange[]>();
  for (const change of world.history.links) {
    const name = `${change.a} – ${change.b}`;
    rows.set(name, [...(rows.get(name) ?? []), change]);
  }
  const [names, left] = firstRows([...rows.keys()]);
  const height = names.length * ROW + AXIS;
  const lines = names.map((name, row) => {
    const changes = rows.get(name) ?? [];
    const ups = changes.flatMap(({ at, up, isRecovery }, i) => {
      if (!up) return [];
      const until = Math.min(endMs, changes[i + 1]?.at ?? endMs);
      const [kind, how] = isRecovery ? ['recovery', ' as guests'] : ['up', ''];
      return [span(at, until, row, endMs, kind, `${name}${how}: ${spell(at)} to ${spell(until)}`)];
    });
    return label(0, row * ROW + 10, name) + ups.join('');
  });
  const says = `A line where the two could talk, a pale one where one was a guest.${left}`;
  const body = timeAxis(endMs, height) + lines.join('');
  return plot('links', 'Who could talk to whom', says, height, body);
}

/** What befell whom. */
export function happeningPlot(world: Lived, endMs: number): string {
  const shown = world.history.happenings.slice(0, ROWS_MAX);
  const height = Math.max(1, shown.length) * ROW + AXIS;
  const lines = shown.map(({ at, happening }, row) => {
    const { fault, on, forMs } = happening;
    const until = Math.min(endMs, at + Math.max(forMs, endMs / 300));
    const text = `${fault} at ${spell(at)}: ${on.join(', ')}`;
    const whom = on.length > NAMES_MAX ? `${on[0]} +${on.length - 1}` : on.join(' ');
    const name = label(0, row * ROW + 10, `${fault} ${whom}`);
    return name + span(at, until, row, endMs, 'fault', text);
  });
  const says = 'Faults, adversaries and people, when and for how long.';
  const body = timeAxis(endMs, height) + lines.join('');
  return plot('happenings', 'What happened', says, height, body);
}

/** When each withdrawal reached each node. */
export function withdrawalPlot(world: Lived, endMs: number): string {
  const { withdrawals } = world.history;
  if (withdrawals.length === 0) return '';
  const [names, left] = firstRows([...world.machines.keys()]);
  const height = names.length * ROW + AXIS;
  const ordered = withdrawals.map(({ acknowledgedAt: at, domain }) => {
    const x = xOf(at, endMs);
    const line = { x1: x, x2: x, y1: 0, y2: height - AXIS, class: 'withdrawn' };
    return mark('line', line, hint(`${short(domain)} withdrew at ${spell(at)}`));
  });
  const dots = withdrawals.flatMap(({ domain, acknowledgedAt }) => {
    const delays = delaysOf(world, domain, acknowledgedAt);
    return names.flatMap((name, row) => {
      const delayMs = delays.get(name);
      if (delayMs === undefined) return [];
      const said = spell(delayMs);
      const x = xOf(acknowledgedAt + delayMs, endMs);
      const dot = { cx: x, cy: row * ROW + 6, r: 4, class: 'dot' };
      const text = `${name} knew of ${short(domain)} after ${said}`;
      const isLate = x - xOf(acknowledgedAt, endMs) > 8;
      const late = isLate ? beside(x, row * ROW + 10, said) : '';
      return [mark('circle', dot, hint(text)) + late];
    });
  });
  const rows = names.map((name, row) => label(0, row * ROW + 10, name));
  const what =
    'A vertical line where people were told that something is withdrawn, a dot where a node knew.';
  const says = `${what}${left}`;
  const body = timeAxis(endMs, height) + rows.join('') + ordered.join('') + dots.join('');
  return plot('withdrawals', 'Withdrawals reaching each node', says, height, body);
}

/** A few words beside a dot: behind it, or before it where the plot ends. */
function beside(x: number, y: number, text: string): string {
  const isNearEnd = x > WIDTH - BESIDE;
  return label(isNearEnd ? x - 8 : x + 8, y, text, isNearEnd ? 'label before' : 'label');
}

/** Bytes over each link, both directions. */
export function bytesPlot({ traffic }: Lived): string {
  const links = [...traffic].sort((a, b) => b.bytes - a.bytes).slice(0, ROWS_MAX);
  const most = Math.max(1, ...links.map(({ bytes }) => bytes));
  const bars = links.map(({ link, bytes }, row) => {
    const width = Math.round(((WIDTH - LABEL - 90) * bytes) / most);
    const box = { x: LABEL, y: row * ROW + 2, width, height: ROW - 4, class: 'bar' };
    const text = spellBytes(bytes);
    return (
      label(0, row * ROW + 10, link) +
      mark('rect', box, hint(text)) +
      label(LABEL + width + 6, row * ROW + 10, text, 'value')
    );
  });
  const says = 'What the protocol cost each link, both directions together.';
  return plot('bytes', 'Bytes per link', says, links.length * ROW + 6, bars.join(''));
}

/** The age of each partner against the limits: for every domain, the node that is worst off. */
export function agePlot(world: Lived, endMs: number): string {
  const { limits } = world.scenario;
  const height = 260;
  const oldest = world.history.samples.reduce((most, { ageMs }) => Math.max(most, ageMs), 0);
  // Up to the limit that nobody passed: a plot of ages that nearly all lie at its foot says little.
  const { freshForMs, degradedForMs, survivalForMs } = limits;
  const next = [freshForMs, degradedForMs, survivalForMs].find((limit) => limit >= oldest);
  const most = 1.15 * (next ?? Math.max(survivalForMs, oldest));
  const yOf = (ms: number): number => (height - AXIS) * (1 - Math.min(1, ms / most));
  const worst = new Map<string, Sample[]>();
  for (const sample of world.history.samples) {
    const samples = worst.get(sample.domain) ?? [];
    worst.set(sample.domain, samples);
    const last = samples.at(-1);
    if (last?.at !== sample.at) samples.push(sample);
    else if (last.ageMs < sample.ageMs) samples[samples.length - 1] = sample;
  }
  const lines = [...worst].map(([domain, samples], i) => {
    const points = samples.map(({ at, ageMs }) => `${xOf(at, endMs)},${yOf(ageMs).toFixed(1)}`);
    const shape = { points: points.join(' '), class: ageLine(i) };
    return mark('polyline', shape, hint(`${short(domain)}, where it was oldest`));
  });
  const named = [
    ['freshForMs', 'FRESH'],
    ['degradedForMs', 'DEGRADED'],
    ['survivalForMs', 'SURVIVAL'],
  ] as const;
  const inSight = named.filter(([limit]) => limits[limit] <= most);
  let lowest = height;
  const rules = inSight.map(([limit, tier]) => {
    const y = yOf(limits[limit]);
    const rule = { x1: LABEL, x2: WIDTH, y1: y, y2: y, class: 'limit' };
    lowest = Math.min(y + 4, lowest - LINE); // limits may lie close: no name over another
    return mark('line', rule) + label(0, lowest, `${tier} ${spell(limits[limit])}`);
  });
  const key = [...worst.keys()].slice(0, KEY_MAX).map((domain, i) => {
    const x = LABEL + 8 + i * KEY_WIDTH;
    const line = { x1: x, x2: x + 14, y1: 6, y2: 6, class: ageLine(i) };
    return mark('line', line) + label(x + 18, 10, short(domain));
  });
  const what = 'For each domain, the age of its evidence at the node where it was oldest.';
  const says = `${what} Of domains that are equally old the last one is seen.`;
  const body = timeAxis(endMs, height) + rules.join('') + lines.join('') + key.join('');
  return plot('ages', 'Ages against limits', says, height, body);
}

/** Six colours, and the same ones dashed for the next six. */
function ageLine(i: number): string {
  return `age line-${i % COLOURS}${i % (2 * COLOURS) < COLOURS ? '' : ' dashed'}`;
}

function span(
  from: number,
  until: number,
  row: number,
  endMs: number,
  kind: string,
  text: string,
): string {
  const x = xOf(from, endMs);
  const width = Math.max(1, Math.round((xOf(until, endMs) - x) * 10) / 10);
  return mark('rect', { x, y: row * ROW + 2, width, height: ROW - 4, class: kind }, hint(text));
}

function short(domain: string): string {
  return domain.replace(/\.example$/, '');
}
