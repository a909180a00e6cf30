/** Headless Chromium, where there is one: what a page looks like to a person. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--hide-scrollbars',
];
const TIMEOUT_MS = 120_000;

/** Where it is, or null. */
export function chromium(): string | null {
  return PLACES.find((place) => existsSync(place)) ?? null;
}

/** The page as it stands once it is drawn, as a document and as a PNG of the window. */
export function look(
  program: string,
  page: string,
  folder: string,
  flags: readonly string[] = [],
): { readonly document: string; readonly png: Uint8Array } {
  const shot = `${folder}/page.png`;
  const run = (what: string): string => {
    const profile = `--user-data-dir=${folder}/profile`;
    const words = [...FLAGS, ...flags, profile, '--window-size=1100,3000', what, `file://${page}`];
    const { status, stdout, stderr } = spawnSync(program, words, {
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    });
    if (status !== 0) throw new Error(`chromium ended with ${status}: ${stderr.slice(-400)}`);
    return stdout;
  };
  const document = run('--dump-dom');
  run(`--screenshot=${shot}`);
  return { document, png: new Uint8Array(readFileSync(shot)) };
}
