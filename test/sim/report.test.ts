/**
 * The report of a run: every plot holds the data of the run, and a browser draws it, in light and
 * in dark, with nothing from the network. Timeout: 300 s
 */

import { writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reportOf } from '../../sim/report.ts';
import { runWorld } from '../../sim/run.ts';
import { PLAIN } from '../../sim/scenario.ts';
import { scenarioNamed } from '../../sim/scenarios/table.ts';
import { storyOf } from '../../sim/story.ts';
import { whatIf } from '../../sim/what-if.ts';
import { temporaryFolder } from '../folder.ts';
import { skip } from '../skip.ts';
import { chromium, look } from './chromium.ts';

const report = suite('sim/report');

const { world, result } = runWorld({ scenario: scenarioNamed('ship'), seed: 1, records: true });
const table = whatIf(world.scenario, world.history.samples);
const page = reportOf(world, result, table);

function count(text: string, what: string): number {
  return text.split(what).length - 1;
}

report('holds a band for each tier, a bar for each link, a dot for each that heard', () => {
  assert.is(result.verdict, 'held', result.why);
  assert.is(count(page, 'class="tier '), world.history.tiers.length);
  assert.is(count(page, 'class="up"'), world.history.links.filter(({ up }) => up).length);
  assert.is(count(page, 'class="bar"'), world.network.links.length);
  assert.is(count(page, 'class="dot"'), world.machines.size);
  assert.is(count(page, '<polyline'), world.scenario.domains);
  assert.not.match(page, /<script|https?:\/\/|url\(/);
});

report('says what other limits would have cost', () => {
  const [tight, wide] = [table[0], table.at(-1)];
  assert.ok((tight?.refusedShare ?? 0) > (wide?.refusedShare ?? 1), 'tight limits refuse more');
  assert.ok((wide?.honouredMs ?? 0) >= (tight?.honouredMs ?? 1), 'wide limits honour longer');
  assert.ok((wide?.honouredMs ?? 0) > 0, 'a withdrawal needs time to be heard');
});

report('tells the run in ten lines at most', () => {
  const lines = storyOf(world, result.verdict);
  assert.ok(lines.length <= 10, lines.join('\n'));
  assert.match(lines.join('\n'), /contact-windows, d02.*d01\.example withdrew.*all agreed/s);
});

report('shows nothing of a machine while it has no power', () => {
  const cut = { at: 300_000, fault: 'power-cut', on: ['d01'], forMs: 600_000, amount: 0 };
  const scenario = { ...PLAIN, domains: 2, minutes: 20, heals: false, happenings: [cut] };
  const { history } = runWorld({ scenario, seed: 1, records: true }).world;
  const runs = [
    [0, 300_000],
    [900_000, 1_200_000],
  ];
  assert.equal(history.runsOf('d01', 0, 1_200_000), runs);
  assert.equal(history.runsOf('d01', 400_000, 800_000), []);
});

const program = chromium();
if (program === null) skip('sim/report › is drawn by a browser', 'no Chromium here');
else {
  report('is drawn by a browser, in light and in dark', async () => {
    await using folder = await temporaryFolder();
    const file = `${folder.path}/report.html`;
    writeFileSync(file, page);
    const light = look(program, file, folder.path);
    assert.is(count(light.document, 'class="tier '), world.history.tiers.length);
    const dark = look(program, file, folder.path, ['--blink-settings=preferredColorScheme=0']);
    const [paper, night] = [brightness(light.png), brightness(dark.png)];
    assert.ok(paper.mean > 180, `a light page is light: ${paper.mean}`);
    assert.ok(night.mean < 90, `a dark page is dark: ${night.mean}`);
    // The green of a fresh tier fills a good part of the first plot.
    assert.ok(paper.green > 10_000, `${paper.green} green points`);
    assert.ok(night.green > 10_000, `${night.green} green points`);
  });
}

/** Mean brightness of a screenshot, and how many points have the colour of FRESH. */
function brightness(png: Uint8Array): { readonly mean: number; readonly green: number } {
  const { width, height, channels, rows } = decodePng(png);
  let [sum, green] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * channels;
      const [r = 0, g = 0, b = 0] = rows.subarray(at, at + 3);
      sum += (r + g + b) / 3;
      if (Math.abs(r - 0x4f) < 6 && Math.abs(g - 0x9d) < 6 && Math.abs(b - 0x8a) < 6) green++;
    }
  }
  return { mean: sum / (width * height), green };
}

/** An 8-bit PNG without interlace, as Chromium writes it (PNG §7, §9). */
function decodePng(png: Uint8Array): {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly rows: Uint8Array;
} {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const channels = png[25] === 6 ? 4 : 3;
  const packed: Uint8Array[] = [];
  for (let at = 8; at < png.length; at += 12 + view.getUint32(at)) {
    const kind = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (kind === 'IDAT') packed.push(png.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const lines = inflateSync(Buffer.concat(packed));
  const stride = width * channels;
  const rows = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (stride + 1)] ?? 0;
    for (let i = 0; i < stride; i++) {
      const left = i < channels ? 0 : (rows[y * stride + i - channels] ?? 0);
      const up = y === 0 ? 0 : (rows[(y - 1) * stride + i] ?? 0);
      const corner = i < channels || y === 0 ? 0 : (rows[(y - 1) * stride + i - channels] ?? 0);
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      rows[y * stride + i] = (lines[y * (stride + 1) + 1 + i] ?? 0) + guess;
    }
  }
  return { width, height, channels, rows };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [left, up, corner].map((near) => Math.abs(guess - near));
  if ((a ?? 0) <= (b ?? 0) && (a ?? 0) <= (c ?? 0)) return left;
  return (b ?? 0) <= (c ?? 0) ? up : corner;
}

report.run();
