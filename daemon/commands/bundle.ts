/** `holdfast bundle`: what a domain tells its partners, carried as a file. */

import { resolve } from 'node:path';
import { fromUtf8, toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import type { BundleFormat, BundleView } from '../control/views.ts';
import { openClock } from '../host/clock.ts';
import { readBounded, replaceFile } from '../host/files.ts';
import { formatAge } from '../text/duration.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { aloudText, wordFacts } from './fingerprint-print.ts';
import { isTaken, outcomesText } from './import-print.ts';
import type { BundleFacts } from './inspect-bundle.ts';
import { factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast bundle export [FILE] [--domain NAME] [--format FORMAT] [OPTIONS]
       holdfast bundle inspect FILE [--json]
       holdfast bundle import FILE [OPTIONS]
       holdfast bundle show [--domain NAME] [OPTIONS]

A bundle file holds the Root, the newest beacon and tick, and the SPIFFE bundle
of a domain, all signed. inspect verifies a file in itself and shows the
fingerprint to compare with a person of that domain; it needs no daemon, and
believes nothing. Import is the same admission that the network passes
through; it exits 1 if any document of the file was refused.

  --domain NAME           a partner's, instead of this domain's own
  --format FORMAT         holdfast (the default, signed) or spiffe (bare JWKS)
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'bundle',
  summary: 'export, inspect, import and show trust bundles',
  usage: USAGE,
  run: (context) =>
    runAction(context, { export: exportBundle, inspect, import: importBundle, show }),
};

async function exportBundle(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...CLIENT_OPTIONS,
      domain: { type: 'string' },
      format: { type: 'string', default: 'holdfast' },
    },
    ['[FILE]'],
  );
  const format = parseFormat(values.format);
  const [file] = operands;
  if (file === undefined && values.json) {
    throw new UsageError('--json goes with FILE: without one the bundle itself is printed');
  }
  const { text } = await withDaemon(context, values, (daemon) =>
    daemon.call('bundle.export', { ...domainOf(values), format }),
  );
  if (file === undefined) {
    context.write(text);
    return EXIT_DONE;
  }
  const path = resolve(file);
  await replaceFile(path, toUtf8(text), 0o644);
  const facts = format === 'holdfast' ? await factsOf(toUtf8(text)) : null;
  if (values.json) context.write(jsonText({ path, ...facts }));
  else if (facts !== null) context.write(aloudText(facts));
  return EXIT_DONE;
}

async function inspect(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, { json: CLIENT_OPTIONS.json }, ['FILE']);
  const file = await readBounded(resolve(operands[0] ?? ''), BUNDLE_FILE_BYTES_MAX);
  const facts = await factsOf(file);
  context.write(values.json ? jsonText(facts) : inspectedText(facts));
  return EXIT_DONE;
}

/** Loaded where it is needed: it brings the whole ladder along. */
async function factsOf(file: Uint8Array): Promise<BundleFacts> {
  const { inspectBundle } = await import('./inspect-bundle.ts');
  return inspectBundle(file, openClock().now());
}

async function importBundle(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['FILE']);
  const text = fromUtf8(await readBounded(resolve(operands[0] ?? ''), BUNDLE_FILE_BYTES_MAX));
  const { documents } = await withDaemon(context, values, (daemon) =>
    daemon.call('bundle.import', { text }),
  );
  context.write(values.json ? jsonText({ documents }) : outcomesText(documents));
  return documents.every(isTaken) ? EXIT_DONE : EXIT_FAILED;
}

async function show(context: CommandContext): Promise<number> {
  const options = { ...CLIENT_OPTIONS, domain: { type: 'string' } } as const;
  const { values } = parseLine(context.args, options);
  const bundle = await withDaemon(context, values, (daemon) =>
    daemon.call('bundle.show', domainOf(values)),
  );
  context.write(values.json ? jsonText(bundle) : bundleText(bundle));
  return EXIT_DONE;
}

function parseFormat(text: string): BundleFormat {
  if (text === 'holdfast' || text === 'spiffe') return text;
  throw new UsageError('--format takes holdfast or spiffe');
}

function domainOf({ domain }: { readonly domain?: string | undefined }): { domain?: string } {
  return domain === undefined ? {} : { domain };
}

function inspectedText(facts: BundleFacts): string {
  return factsText([
    ['domain', facts.domain],
    ['fingerprint', facts.fingerprint],
    ...wordFacts(facts.fingerprint),
    ['root', `version ${facts.rootVersion} of ${facts.rootIssuedAt}, keys ${facts.rootThreshold}`],
    ['epoch', facts.epoch === '' ? 'none' : `${facts.epoch}, current as of ${facts.asOf}`],
    ['holds', facts.documents.join(', ') || 'no documents'],
  ]);
}

function bundleText(bundle: BundleView): string {
  const facts = factsText([
    ['domain', bundle.domain],
    ['tier', `${bundle.tier}, ${formatAge(bundle.ageMs)}`],
    ['epoch', bundle.epoch],
    ['fingerprint', bundle.fingerprint],
  ]);
  const authorities = tableText(
    ['AUTHORITY', 'UNTIL', 'SHA-256'],
    bundle.authorities.map(({ subject, notAfter, fingerprint }) => [
      subject,
      notAfter,
      fingerprint,
    ]),
  );
  return `${facts}\n${authorities}`;
}
