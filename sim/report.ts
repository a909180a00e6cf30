/**
 * The report of a run: one HTML file that opens from a stick, with no script and no network.
 *
 * Plots for people who would rather look than read; the moment at which a sentence broke, with what
 * happened around it; and a table of what other limits would have cost.
 */

import type { Ended, Lived } from './lived.ts';
import { escaped, spell, spellShare } from './markup.ts';
import { agePlot, bytesPlot, happeningPlot, linkPlot, tierPlot, withdrawalPlot } from './plots.ts';
import type { WhatIf } from './what-if.ts';

const STYLE = `
:root { --ink: #23302e; --soft: #66736f; --paper: #fbfaf7; --line: #dfe3dd; --card: #ffffff;
  --fresh: #4f9d8a; --degraded: #e0bf62; --survival: #cf8550; --expired: #9b5150;
  --quarantined: #6d5f8d; --blue: #5b86a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8e4; --soft: #98a5a0; --paper: #161b1a;
  --line: #2c3533; --card: #1c2322; --expired: #bd6a66; --quarantined: #9385bb; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 40px 28px 80px; color: var(--ink);
  background: var(--paper); font: 15px/1.55 system-ui, sans-serif; }
h1 { font-weight: 500; font-size: 30px; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-weight: 500; font-size: 18px; margin: 0; }
p { margin: 2px 0 14px; color: var(--soft); }
section { margin-top: 34px; padding: 22px 24px; background: var(--card); border-radius: 10px;
  border: 1px solid var(--line); }
svg { display: block; width: 100%; height: auto; }
.label, .value, .tick { font: 10px system-ui, sans-serif; fill: var(--soft); }
.tick { text-anchor: middle; } .tick.last, .before { text-anchor: end; }
.grid { stroke: var(--line); stroke-width: 1; }
.FRESH { fill: var(--fresh); } .DEGRADED { fill: var(--degraded); }
.SURVIVAL { fill: var(--survival); } .EXPIRED { fill: var(--expired); }
.QUARANTINED { fill: var(--quarantined); }
.up { fill: var(--blue); } .recovery { fill: var(--blue); opacity: 0.4; } .bar { fill: var(--blue); } .fault { fill: var(--survival); }
.withdrawn { stroke: var(--expired); stroke-width: 1.5; }
.dot { fill: var(--card); stroke: var(--expired); stroke-width: 2; }
.age { fill: none; stroke-width: 1.6; stroke: var(--blue); }
.line-1 { stroke: var(--fresh); } .line-2 { stroke: var(--survival); }
.line-3 { stroke: var(--quarantined); } .line-4 { stroke: var(--expired); }
.line-5 { stroke: var(--degraded); } .dashed { stroke-dasharray: 5 3; }
.limit { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 4; }
.key span { display: inline-block; margin-right: 18px; }
.key i { display: inline-block; width: 12px; height: 10px; border-radius: 2px; margin-right: 6px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: 7px 12px; border-bottom: 1px solid var(--line); }
th { font-weight: 500; color: var(--soft); } tr.chosen td { font-weight: 600; }
pre { overflow: auto; font: 12px/1.5 ui-monospace, monospace; color: var(--soft); margin: 0; }
pre b { color: var(--expired); font-weight: 600; }
.verdict { display: inline-block; padding: 2px 10px; border-radius: 99px; color: #fff; }
`;

/** The page. */
export function reportOf(world: Lived, result: Ended, table: readonly WhatIf[]): string {
  const endMs = Math.max(1, world.now);
  const { scenario } = world;
  const body = [
    heading(world, result),
    moment(result),
    tierPlot(world, endMs),
    linkPlot(world, endMs),
    happeningPlot(world, endMs),
    withdrawalPlot(world, endMs),
    agePlot(world, endMs),
    bytesPlot(world),
    whatIfTable(scenario.limits.degradedForMs, table),
  ].join('\n');
  const title = escaped(`${scenario.name} · seed ${result.seed}`);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${title}</title><style>${STYLE}</style></head>`,
    `<body>${body}</body></html>`,
    '',
  ].join('\n');
}

function heading(world: Lived, { seed, verdict, events, traceHash }: Ended): string {
  const { name, shows } = world.scenario;
  const color = { held: 'fresh', interrupted: 'survival' }[verdict as string] ?? 'expired';
  const tiers = ['fresh', 'degraded', 'survival', 'expired', 'quarantined'];
  const key = tiers.map(
    (tier) => `<span><i style="background:var(--${tier})"></i>${tier.toUpperCase()}</span>`,
  );
  const count = events.toLocaleString('en');
  const trace = traceHash.slice(0, 16);
  const facts = `seed ${seed} · ${spell(world.now)} · ${count} events · trace ${trace}`;
  return `<h1>${escaped(name)}</h1><p>${escaped(shows)}</p>
<p><span class="verdict" style="background:var(--${color})">${verdict}</span> ${escaped(facts)}</p>
<p class="key">${key.join('')}</p>`;
}

/** Where a sentence broke, and what came before. */
function moment({ verdict, sentence, why, at, tail }: Ended): string {
  if (verdict === 'held' || verdict === 'interrupted') return '';
  const lines = tail.slice(-40).map(escaped);
  const last = lines.pop() ?? '';
  return `<section id="moment"><h2>${escaped(sentence)}</h2>
<p>${escaped(why)} — after ${spell(at)}</p><pre>${lines.join('\n')}\n<b>${last}</b></pre></section>`;
}

function whatIfTable(chosenMs: number, table: readonly WhatIf[]): string {
  const rows = table.map(({ limits, honouredMs, refusedShare }) => {
    const chosen = limits.degradedForMs === chosenMs ? ' class="chosen"' : '';
    const cells = [
      spell(limits.freshForMs),
      spell(limits.degradedForMs),
      spell(limits.survivalForMs),
      spell(honouredMs),
      spellShare(refusedShare),
    ];
    return `<tr${chosen}>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const heads = ['fresh for', 'degraded for', 'survival for', 'honoured too long', 'work refused'];
  return `<section id="what-if"><h2>What if the limits were others</h2>
<p>The same run under other limits: how long something withdrawn was still honoured, and how often honest
work with a partner was refused.</p>
<table><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>${rows.join('')}</table></section>`;
}
