/** `holdfast federation`: this domain's one-way decisions to trust others. */

import { resolve } from 'node:path';
import { fromUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { RelationView } from '../control/views.ts';
import { openClock } from '../host/clock.ts';
import { readBounded } from '../host/files.ts';
import { isDialAddress } from '../text/address.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { addSpiffe, refresh } from './federation-spiffe.ts';
import { isCompared, wordFacts } from './fingerprint-print.ts';
import type { BundleFacts } from './inspect-bundle.ts';
import { factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast federation add FILE [--peer ADDRESS…] [--survival] [OPTIONS]
       holdfast federation add-spiffe --trust-domain NAME --url URL --profile
                PROFILE [--endpoint-id ID] [--bundle FILE] [OPTIONS]
       holdfast federation refresh DOMAIN [OPTIONS]
       holdfast federation list [OPTIONS]
       holdfast federation remove DOMAIN [OPTIONS]

A relation is this domain's own decision to trust a partner: signed, one way,
and never passed on. FILE is the partner's bundle file. Compare aloud with a
person of that domain, before you add it: its 24 words, and version and date of
its newest Root. At a terminal this is asked.

  --peer ADDRESS          a node of the partner, such as
                          /dns4/node.blue.example/tcp/7717; may be repeated
  --survival              serve the partner's bundle down to SURVIVAL, not only
                          to DEGRADED

add-spiffe is for partners that speak SPIFFE federation alone, such as SPIRE.
Their bundles are not signed: what is known is that the endpoint showed one when
it was asked, and its age counts from then. refresh asks such an endpoint now.

  --trust-domain NAME     the partner
  --url URL               its bundle endpoint, https://…
  --profile PROFILE       https_spiffe or https_web
  --endpoint-id ID        the SPIFFE ID that has to answer, with https_spiffe
  --bundle FILE           its SPIFFE bundle (JSON), carried here by a person;
                          the first contact of https_spiffe needs it
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'federation',
  summary: 'add, refresh, list and remove partner domains',
  usage: USAGE,
  run: (context) => runAction(context, { add, 'add-spiffe': addSpiffe, refresh, list, remove }),
};

async function add(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...CLIENT_OPTIONS,
      peer: { type: 'string', multiple: true, default: [] },
      survival: { type: 'boolean', default: false },
    },
    ['FILE'],
  );
  const { peer: peers, survival: survivalForeign } = values;
  const wrong = peers.find((address) => !isDialAddress(address));
  if (wrong !== undefined) throw new UsageError(`--peer takes an address, not ${wrong}`);
  const file = await readBounded(resolve(operands[0] ?? ''), BUNDLE_FILE_BYTES_MAX);
  const { inspectBundle } = await import('./inspect-bundle.ts');
  const facts = refusalOf(() => inspectBundle(file, openClock().now()));
  // What cannot be read is for the daemon to refuse: it records who brought what.
  const isBad = facts instanceof Refusal;
  if (!isBad && !(await isCompared(context, facts))) return EXIT_FAILED;
  const text = fromUtf8(file);
  const relation = await withDaemon(context, values, (daemon) =>
    daemon.call('federation.add', { text, peers, survivalForeign }),
  );
  context.write(
    values.json ? jsonText(relation) : addedText(relation, isBad ? [] : rootFacts(facts)),
  );
  return EXIT_DONE;
}

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const { relations } = await withDaemon(context, values, (daemon) =>
    daemon.call('federation.list', {}),
  );
  context.write(values.json ? jsonText({ relations }) : listText(relations));
  return EXIT_DONE;
}

async function remove(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['DOMAIN']);
  const [domain = ''] = operands;
  const removed = await withDaemon(context, values, (daemon) =>
    daemon.call('federation.remove', { domain }),
  );
  const facts = [
    ['removed', removed.domain],
    ['epoch', removed.epoch],
  ] as const;
  context.write(values.json ? jsonText(removed) : factsText(facts));
  return EXIT_DONE;
}

/** Rows of what is printed. */
type Facts = Parameters<typeof factsText>[0];

function rootFacts({ rootVersion, rootIssuedAt }: BundleFacts): Facts {
  return [['newest root', `version ${rootVersion} of ${rootIssuedAt}`]];
}

function addedText(relation: RelationView, more: Facts): string {
  return factsText([
    ['added', relation.domain],
    ['fingerprint', relation.fingerprint],
    ...wordFacts(relation.fingerprint),
    ...more,
    ['tier', relation.tier],
    ['served down to', servedTo(relation)],
    ['peers', relation.peers.join(' ') || 'none: carry its bundle files here'],
  ]);
}

function listText(relations: readonly RelationView[]): string {
  if (relations.length === 0) return 'no partners; holdfast federation add makes one\n';
  return tableText(
    ['DOMAIN', 'KIND', 'TIER', 'SERVED TO', 'BUDGET', 'FINGERPRINT', 'REACHED BY'],
    relations.map((relation) => [
      relation.domain,
      relation.kind,
      relation.tier,
      servedTo(relation),
      relation.kind === 'spiffe' ? '-' : `${relation.terms.budgetMib} MiB`,
      relation.fingerprint || '-',
      relation.endpoint?.url ?? relation.peers.join(' '),
    ]),
  );
}

function servedTo({ terms }: RelationView): string {
  return terms.survivalForeign ? 'SURVIVAL' : 'DEGRADED';
}
