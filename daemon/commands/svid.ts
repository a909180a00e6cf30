/** `holdfast svid`: fetches identities as any workload does, over the SPIFFE Workload API. */

import { constants } from 'node:os';
import { resolve } from 'node:path';
import { Refusal } from '../../core/refusal.ts';
import { decodeCertificate } from '../identity/certificate.ts';
import { encodePem } from '../identity/pem.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import {
  type FetchedIdentities,
  type FetchedSvid,
  openWorkloadClient,
} from '../workload-api/client.ts';
import { parseEndpoint, type WorkloadEndpoint } from '../workload-api/endpoint.ts';
import { saveSvidFiles } from '../workload-api/svid-files.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { factsText, jsonText } from './print.ts';
import { loadSettings } from './settings.ts';
import { watchFiles } from './svid-watch.ts';

const USAGE = `\
Usage: holdfast svid fetch [--spiffe-id ID] [--write FOLDER] [OPTIONS]
       holdfast svid watch --write FOLDER [--spiffe-id ID] [--exec COMMAND]
                [--signal NAME --pid-file FILE] [OPTIONS]

Fetches the X509-SVIDs of whoever runs this, as any workload does. Private keys
are never printed; --write puts one SVID with its key into a folder: svid.pem,
key.pem (0600), bundle.pem and federated/DOMAIN.pem.

watch keeps these files as the daemon would have them, until it is ended: each
is replaced in one step, the key before the certificate. It waits for a daemon
that is away, and takes the files away if the identity is withdrawn.

  --spiffe-id ID          this identity alone, instead of the default one
  --write FOLDER          write files
  --exec COMMAND          watch: run by /bin/sh after each change, one at a time
  --signal NAME           watch: sent after each change, such as SIGHUP
  --pid-file FILE         whom to signal; read at each change
  --workload-socket PATH  the Workload API to ask; otherwise
                          SPIFFE_ENDPOINT_SOCKET counts, then the configuration
  --json                  fetch: print facts for machines, certificates as PEM
`;

export const command: Command = {
  name: 'svid',
  summary: 'fetch identities over the Workload API, or keep them in files',
  usage: USAGE,
  run: (context) => runAction(context, { fetch: fetchSvid, watch: watchSvid }),
};

async function fetchSvid(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, {
    'spiffe-id': { type: 'string' },
    write: { type: 'string' },
    'workload-socket': { type: 'string' },
    json: { type: 'boolean' },
  });
  const identities = await fetchFrom(await endpointOf(context, values['workload-socket']));
  const svids = chosenSvids(identities, values['spiffe-id']);
  const [first] = svids;
  if (values.write !== undefined && first !== undefined) {
    await saveSvidFiles(resolve(values.write), first, identities.federatedBundles);
  }
  const chosen = { ...identities, svids };
  context.write(values.json ? jsonText(viewOf(chosen)) : identitiesText(chosen));
  if (values.write !== undefined) context.complain(`wrote ${resolve(values.write)}`);
  return EXIT_DONE;
}

async function watchSvid(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, {
    ...{ 'spiffe-id': { type: 'string' }, write: { type: 'string' } },
    ...{ exec: { type: 'string' }, signal: { type: 'string' }, 'pid-file': { type: 'string' } },
    'workload-socket': { type: 'string' },
  });
  const { write, signal, 'pid-file': pidFile } = values;
  if (write === undefined) throw new UsageError('--write is missing');
  if ((signal === undefined) !== (pidFile === undefined)) {
    throw new UsageError('--signal and --pid-file go together');
  }
  const signalled =
    signal === undefined || pidFile === undefined
      ? undefined
      : { name: parseSignal(signal), pidFile: resolve(pidFile) };
  await watchFiles(context, {
    endpoint: await endpointOf(context, values['workload-socket']),
    folder: resolve(write),
    spiffeId: values['spiffe-id'],
    hook: { exec: values.exec, signal: signalled },
  });
  return EXIT_DONE;
}

function parseSignal(text: string): NodeJS.Signals {
  if (Object.hasOwn(constants.signals, text)) return text as NodeJS.Signals;
  throw new UsageError('--signal takes the name of a signal such as SIGHUP');
}

async function endpointOf(
  { environment }: CommandContext,
  path: string | undefined,
): Promise<WorkloadEndpoint> {
  if (path !== undefined) return { kind: 'unix', path: resolve(path) };
  if (environment.endpointSocket !== undefined) return parseEndpoint(environment.endpointSocket);
  return { kind: 'unix', path: (await loadSettings({}, environment)).workloadSocket };
}

async function fetchFrom(endpoint: WorkloadEndpoint): Promise<FetchedIdentities> {
  const client = openWorkloadClient(endpoint);
  try {
    return await client.fetchX509Svids();
  } finally {
    client.close();
  }
}

/** All, or the one that was asked for by name. */
function chosenSvids(
  { svids }: FetchedIdentities,
  spiffeId: string | undefined,
): readonly FetchedSvid[] {
  if (spiffeId === undefined) return svids;
  const found = svids.filter((svid) => svid.spiffeId === spiffeId);
  if (found.length === 0) throw new Refusal('workload-no-identity', { expected: spiffeId });
  return found;
}

function identitiesText({ svids, federatedBundles }: FetchedIdentities): string {
  const partners = [...federatedBundles.keys()].join(' ') || 'none';
  const texts = svids.map((svid) =>
    factsText([
      ['SPIFFE ID', svid.spiffeId],
      ['valid until', notAfterOf(svid)],
      ...(svid.hint === '' ? [] : [['hint', svid.hint] as const]),
    ]),
  );
  return [...texts, factsText([['partners', partners]])].join('\n');
}

/** What a machine gets: everything but the private keys. */
function viewOf({ svids, federatedBundles }: FetchedIdentities): unknown {
  return {
    svids: svids.map((svid) => ({
      spiffeId: svid.spiffeId,
      hint: svid.hint,
      notAfter: notAfterOf(svid),
      certificates: svid.certificatesDer.map(certificatePem),
      bundle: svid.bundleDer.map(certificatePem),
    })),
    federatedBundles: Object.fromEntries(
      Array.from(federatedBundles, ([domain, ders]) => [domain, ders.map(certificatePem)]),
    ),
  };
}

function notAfterOf({ certificatesDer: [leaf] }: FetchedSvid): string {
  if (leaf === undefined) throw new Refusal('svid-invalid', { why: 'no certificate' });
  return formatRfc3339(decodeCertificate(leaf).notAfter);
}

function certificatePem(der: Uint8Array): string {
  return encodePem('CERTIFICATE', der);
}
