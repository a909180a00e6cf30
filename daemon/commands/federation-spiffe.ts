/**
 * `holdfast federation add-spiffe` and `refresh`: partners that speak SPIFFE federation alone, such
 * as a SPIRE server.
 */

import { resolve } from 'node:path';
import { fromUtf8 } from '../../core/bytes.ts';
import { DOCUMENT_BYTES_MAX } from '../../core/limits.ts';
import type { RelationView, SpiffeRelationAdd } from '../control/views.ts';
import { readBounded } from '../host/files.ts';
import { type CommandContext, EXIT_DONE, parseLine, UsageError } from './command.ts';
import { factsText, jsonText } from './print.ts';
import { CLIENT_OPTIONS, withDaemon } from './settings.ts';

/** Adds a partner by its endpoint: trust domain, URL and profile are all said, none inferred. */
export async function addSpiffe(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, {
    ...CLIENT_OPTIONS,
    'trust-domain': { type: 'string' },
    url: { type: 'string' },
    profile: { type: 'string' },
    'endpoint-id': { type: 'string' },
    bundle: { type: 'string' },
  });
  const { 'trust-domain': domain, url, profile, 'endpoint-id': endpointId, bundle: path } = values;
  if (domain === undefined) throw new UsageError('--trust-domain is missing');
  if (url === undefined) throw new UsageError('--url is missing');
  if (profile !== 'https_web' && profile !== 'https_spiffe') {
    throw new UsageError('--profile takes https_web or https_spiffe');
  }
  if (profile === 'https_spiffe' && endpointId === undefined) {
    throw new UsageError('--endpoint-id is missing');
  }
  if (profile === 'https_web' && endpointId !== undefined) {
    throw new UsageError('--endpoint-id goes with https_spiffe alone');
  }
  const relation: SpiffeRelationAdd = {
    domain,
    url,
    profile,
    ...(endpointId === undefined ? {} : { endpointId }),
    ...(path === undefined ? {} : { bundle: await readBundle(path) }),
  };
  const added = await withDaemon(context, values, (daemon) =>
    daemon.call('federation.add-spiffe', relation),
  );
  context.write(values.json ? jsonText(added) : endpointText(added));
  return EXIT_DONE;
}

/** Polls an endpoint now, and says what came of it. */
export async function refresh(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['DOMAIN']);
  const [domain = ''] = operands;
  const relation = await withDaemon(context, values, (daemon) =>
    daemon.call('federation.refresh', { domain }),
  );
  context.write(values.json ? jsonText(relation) : endpointText(relation));
  return EXIT_DONE;
}

async function readBundle(path: string): Promise<string> {
  return fromUtf8(await readBounded(resolve(path), DOCUMENT_BYTES_MAX));
}

function endpointText({ domain, tier, endpoint }: RelationView): string {
  return factsText([
    ['partner', domain],
    ['tier', tier],
    ['endpoint', endpoint?.url ?? ''],
    ['profile', endpoint?.profile ?? ''],
    ['answered by', endpoint?.endpointId || 'whoever the Web PKI certifies'],
    ['vouched for by', 'its channel alone: nobody signed the bundle or its date'],
  ]);
}
