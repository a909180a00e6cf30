/** `holdfast revoke`: takes back for good what this domain issued. */

import { REVOCATION_KINDS, type RevocationKind, type RevocationView } from '../control/views.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { jsonText, tableText } from './print.ts';
import { proposalActions, saveProposal } from './proposal.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast revoke svid SERIAL [--reason TEXT] [--yes] [OPTIONS]
       holdfast revoke identity SPIFFE-ID [--reason TEXT] [--yes] [OPTIONS]
       holdfast revoke node KEY-ID [--reason TEXT] [--yes] [OPTIONS]
       holdfast revoke authority ID [--reason TEXT] [--yes] [OPTIONS]
       holdfast revoke list [--trust-domain NAME] [OPTIONS]
       holdfast revoke propose KIND TARGET FILE [OPTIONS]
       holdfast revoke show FILE [--json]
       holdfast revoke sign FILE --key KEY-FILE [--passphrase-file FILE] [--yes]
       holdfast revoke merge FILE OTHER
       holdfast revoke publish FILE [OPTIONS]

A revocation cannot be taken back. It reaches every node that can be reached at
once, and all others before anything else when they come back. Deleting an entry
revokes nothing: revoke identity does.

Where the keys that revoke lie with several people, propose writes the same to a
file instead; each signs it on a machine of his own, as a Root (holdfast root
--help), and publish gives it to a daemon. KIND is svid, identity, node or
authority.

  svid SERIAL             one certificate, by its serial in hex
  identity SPIFFE-ID      all that was issued for it until now; where its entry
                          stays, its workload gets new credentials at once
  node KEY-ID             the leases of a node, as status prints its key
  authority ID            an authority that signs, as authority show prints it:
                          all it signed is issued anew; or a beacon or documents
                          key of Root, by its key id: without another rank or a
                          new Root the domain says nothing more
  --reason TEXT           for the audit log
  --yes                   do not ask
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'revoke',
  summary: 'take back SVIDs, identities, nodes and authorities for good',
  usage: USAGE,
  run: (context) =>
    runAction(context, {
      svid: (inner) => revoke(inner, 'svid', 'SERIAL'),
      identity: (inner) => revoke(inner, 'identity', 'SPIFFE-ID'),
      node: (inner) => revoke(inner, 'node', 'KEY-ID'),
      authority: (inner) => revoke(inner, 'authority', 'ID'),
      list,
      propose,
      ...proposalActions('revocations'),
    }),
};

/** What a person is told before he says it once more. */
const CONSEQUENCES: Readonly<Record<RevocationKind, string>> = {
  svid: 'its holder is refused by every verifier that hears of it',
  identity:
    'all credentials issued for it until now are refused by every verifier that hears of it',
  node: 'the node is linked with by nobody until its leases have ended',
  authority: 'nothing it signed counts any more',
};

async function revoke(
  context: CommandContext,
  kind: RevocationKind,
  operand: string,
): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...CLIENT_OPTIONS,
      reason: { type: 'string', default: '' },
      yes: { type: 'boolean', default: false },
    },
    [operand],
  );
  const [target = ''] = operands;
  if (!values.yes && !(await isMeant(context, kind, target))) {
    context.complain('nothing was revoked');
    return EXIT_FAILED;
  }
  const { reason } = values;
  const { revoked } = await withDaemon(context, values, (daemon) =>
    daemon.call('revoke', { kind, target, reason }),
  );
  context.write(values.json ? jsonText({ revoked }) : revocationsText(revoked));
  return EXIT_DONE;
}

/** Says what will happen, and has it typed. Throws `UsageError` where nobody can be asked. */
async function isMeant(
  { ask, complain }: CommandContext,
  kind: RevocationKind,
  target: string,
): Promise<boolean> {
  if (ask === undefined) throw new UsageError('this cannot be taken back: say --yes');
  complain(`${kind} ${JSON.stringify(target)}: ${CONSEQUENCES[kind]}. This cannot be taken back.`);
  return (await ask('Type revoke to go on: ')).trim() === 'revoke';
}

/** Writes what would be revoked to a file, for people to sign. */
async function propose(context: CommandContext): Promise<number> {
  const operandNames = ['KIND', 'TARGET', 'FILE'];
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, operandNames);
  const kind = REVOCATION_KINDS.find((known) => known === operands[0]);
  if (kind === undefined) throw new UsageError(`KIND is one of ${REVOCATION_KINDS.join(', ')}`);
  const [, target = '', file = ''] = operands;
  const { text } = await withDaemon(context, values, (daemon) =>
    daemon.call('revoke.propose', { kind, target, reason: '' }),
  );
  return await saveProposal(context, { file, text }, values);
}

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, {
    ...CLIENT_OPTIONS,
    'trust-domain': { type: 'string' },
  });
  const domain = values['trust-domain'];
  const { revocations } = await withDaemon(context, values, (daemon) =>
    daemon.call('revoke.list', domain === undefined ? {} : { domain }),
  );
  context.write(values.json ? jsonText({ revocations }) : revocationsText(revocations));
  return EXIT_DONE;
}

function revocationsText(revocations: readonly RevocationView[]): string {
  if (revocations.length === 0) return 'nothing is revoked\n';
  return tableText(
    ['domain', 'kind', 'target', 'revoked', 'ends by itself'],
    revocations.map((one) => [one.domain, one.kind, one.target, one.at, one.notAfter || 'never']),
  );
}
