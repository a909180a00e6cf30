/** `holdfast courier`: what many domains stand by, as one file that a person carries. */

import { resolve } from 'node:path';
import { fromBase64Url, fromUtf8, toBase64Url, toUtf8 } from '../../core/bytes.ts';
import { RECIPIENT_CHARS_MAX } from '../../core/limits.ts';
import {
  courierKey,
  courierRandomBytes,
  newCourier,
  openHeader,
  recipientsOf,
  type SealedTo,
} from '../../federation/courier.ts';
import { decodeRecipient } from '../../federation/recipient.ts';
import type { ControlClient } from '../control/client.ts';
import type { ImportOutcome } from '../control/views.ts';
import { appendPart, readHeader, readParts, readSealedParts } from '../courier/courier-file.ts';
import { openClock } from '../host/clock.ts';
import { readBounded, replaceFile } from '../host/files.ts';
import { openFreshFile, openLongFile } from '../host/long-file.ts';
import { hostRandom } from '../host/random.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { isTaken } from './import-print.ts';
import type { BundleFacts } from './inspect-bundle.ts';
import { countText, factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast courier recipient FILE [OPTIONS]
       holdfast courier export FILE [--domain NAME…] [--to RECIPIENT…] [OPTIONS]
       holdfast courier inspect FILE [--json]
       holdfast courier import FILE [--yes] [OPTIONS]

A courier file holds what this node knows of its own domain and of all partners:
Roots, revocations, beacons, ticks or stops, manifests and documents. Import is
the same admission that the network passes through. It says first what it would
change, and asks; broken off and run again, it goes on where it was. A file that
was cut, or put together anew, changes nothing.

  --domain NAME           only this domain; may be repeated
  --to RECIPIENT          seal the file to a node of this domain, by the file
                          that courier recipient wrote there; may be repeated.
                          It then holds what all of them may read: policy,
                          references, and the entries of their group
  --yes                   import without asking
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'courier',
  summary: 'carry what many domains stand by as one file',
  usage: USAGE,
  run: (context) =>
    runAction(context, { recipient, export: exportFile, inspect, import: importFile }),
};

async function recipient(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['FILE']);
  const path = resolve(operands[0] ?? '');
  const made = await withDaemon(context, values, (daemon) => daemon.call('courier.recipient', {}));
  await replaceFile(path, toUtf8(made.text), 0o644);
  const facts = { recipient: made.node, file: path };
  context.write(values.json ? jsonText(facts) : factsText(Object.entries(facts)));
  return EXIT_DONE;
}

async function exportFile(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...CLIENT_OPTIONS,
      domain: { type: 'string', multiple: true, default: [] },
      to: { type: 'string', multiple: true, default: [] },
    },
    ['FILE'],
  );
  const recipients: string[] = [];
  for (const path of values.to) {
    recipients.push(fromUtf8(await readBounded(resolve(path), RECIPIENT_CHARS_MAX)));
  }
  const path = resolve(operands[0] ?? '');
  const domains = await withDaemon(context, values, async (daemon) => {
    const chosen = values.domain.length > 0 ? values.domain : await domainsOf(daemon);
    await writeCourier(context, daemon, { path, domains: chosen, recipients });
    return chosen;
  });
  const facts = { file: path, domains, recipients: recipients.map((text) => sealedTo(text).node) };
  context.write(values.json ? jsonText(facts) : exportedText(facts));
  return EXIT_DONE;
}

interface Courier {
  readonly path: string;
  readonly domains: readonly string[];
  /** The texts of recipients' files. */
  readonly recipients: readonly string[];
}

/** Writes part by part; what is refused on the way leaves no file. */
async function writeCourier(
  context: CommandContext,
  daemon: ControlClient,
  { path, domains, recipients }: Courier,
): Promise<void> {
  const random = hostRandom.bytes(courierRandomBytes(recipients.length));
  const { header, key } = newCourier(recipients.map(sealedTo), random);
  await using file = await openFreshFile(path, 0o600);
  await file.append(header);
  for (const [index, domain] of domains.entries()) {
    const { text } = await daemon.call('courier.part', { domain, recipients });
    await appendPart(file, key, { index, isLast: index === domains.length - 1, text });
    context.complain(`${index + 1} of ${domains.length}: ${domain}`);
  }
  await file.finish();
}

function sealedTo(text: string): SealedTo {
  const { node, key } = decodeRecipient(text);
  return { node, key };
}

/** Our own domain first: a policy that it brings says who else is a partner. */
async function domainsOf(daemon: ControlClient): Promise<readonly string[]> {
  const own = (await daemon.call('status', {})).domain;
  const { relations } = await daemon.call('federation.list', {});
  const held = relations.filter(({ kind, tier }) => kind === 'holdfast' && tier !== 'NONE');
  return [own, ...held.map(({ domain }) => domain)];
}

async function inspect(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, { json: CLIENT_OPTIONS.json }, ['FILE']);
  await using file = await openLongFile(resolve(operands[0] ?? ''));
  const header = await readHeader(file);
  const fileKey = openHeader(header);
  if (fileKey === null) {
    let parts = 0;
    for await (const { index } of readSealedParts(file)) parts = index + 1;
    const facts = { sealedTo: recipientsOf(header), parts };
    context.write(values.json ? jsonText(facts) : sealedText(facts));
    return EXIT_DONE;
  }
  const { inspectBundle } = await import('./inspect-bundle.ts');
  const domains: BundleFacts[] = [];
  for await (const text of readParts(file, courierKey(header, fileKey))) {
    domains.push(inspectBundle(toUtf8(text), openClock().now()));
  }
  context.write(values.json ? jsonText({ domains }) : domainsText(domains));
  return EXIT_DONE;
}

async function importFile(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    { ...CLIENT_OPTIONS, yes: { type: 'boolean', default: false } },
    ['FILE'],
  );
  const path = resolve(operands[0] ?? '');
  return withDaemon(context, values, async (daemon) => {
    // The whole file is read before any of it is taken: what is broken changes nothing.
    const looked: Looked = { marks: [], documents: [] };
    await eachPart(daemon, path, async (text, part) => {
      const { domains, documents } = await daemon.call('courier.preview', { text });
      for (const { domain, marks } of domains) {
        looked.marks.push(...marks.map((mark) => ({ domain, ...mark })));
      }
      looked.documents.push(...documents);
      context.complain(`part ${part} looked at`);
    });
    if (looked.marks.length === 0) return told(context, values, looked);
    if (!values.json) context.write(marksText(looked.marks));
    if (!values.yes && !(await isWanted(context))) return EXIT_FAILED;
    const taken: Looked = { marks: looked.marks, documents: [] };
    await eachPart(daemon, path, async (text, part) => {
      taken.documents.push(...(await daemon.call('bundle.import', { text })).documents);
      context.complain(`part ${part} taken`);
    });
    return told(context, values, taken);
  });
}

interface Looked {
  readonly marks: { domain: string; name: string; from: string; to: string }[];
  readonly documents: ImportOutcome[];
}

async function eachPart(
  daemon: ControlClient,
  path: string,
  act: (text: string, part: number) => Promise<void>,
): Promise<void> {
  await using file = await openLongFile(path);
  const header = await readHeader(file);
  const fileKey = openHeader(header) ?? (await fileKeyFrom(daemon, header));
  let part = 0;
  for await (const text of readParts(file, courierKey(header, fileKey))) await act(text, ++part);
}

async function fileKeyFrom(daemon: ControlClient, header: Uint8Array): Promise<Uint8Array> {
  return fromBase64Url((await daemon.call('courier.open', { header: toBase64Url(header) })).key);
}

async function isWanted(context: CommandContext): Promise<boolean> {
  if (context.ask === undefined) throw new UsageError('nobody can be asked here; add --yes');
  if ((await context.ask('Take it? Type yes: ')).trim() === 'yes') return true;
  context.complain('holdfast: nothing was taken');
  return false;
}

function told(
  context: CommandContext,
  { json }: { readonly json?: boolean | undefined },
  { marks, documents }: Looked,
): number {
  const refused = [...new Set(documents.filter((one) => !isTaken(one)).map((one) => one.outcome))];
  const facts = [
    ['changed', countText(marks.length, 'mark', 'marks')],
    ['documents', `${documents.filter(isTaken).length} here now`],
    ['refused', refused.join(' ') || 'none'],
  ] as const;
  context.write(json ? jsonText({ marks, documents }) : factsText(facts));
  return refused.length === 0 ? EXIT_DONE : EXIT_FAILED;
}

function exportedText({
  file,
  domains,
  recipients,
}: Omit<Courier, 'path'> & { readonly file: string }): string {
  return factsText([
    ['file', file],
    ['domains', domains.join(' ')],
    ['sealed to', recipients.join(' ') || 'nobody: it holds what partners may read'],
  ]);
}

function sealedText({ sealedTo: nodes, parts }: { sealedTo: readonly string[]; parts: number }) {
  return factsText([
    ['sealed to', nodes.join(' ')],
    ['parts', String(parts)],
  ]);
}

function domainsText(domains: readonly BundleFacts[]): string {
  return tableText(
    ['DOMAIN', 'FINGERPRINT', 'ROOT', 'EPOCH', 'AS OF'],
    domains.map((facts) => [
      ...[facts.domain, facts.fingerprint, facts.rootVersion],
      ...[facts.epoch || 'none', facts.asOf || 'never'],
    ]),
  );
}

function marksText(marks: Looked['marks']): string {
  return tableText(
    ['DOMAIN', 'WHAT', 'NOW', 'THEN'],
    marks.map(({ domain, name, from, to }) => [domain, name, from, to]),
  );
}
