/** `holdfast enroll list`, `approve`, `refuse`: what a person does at the desk of an authority. */

import type { ApplicationView, EnrolledView } from '../control/views.ts';
import { kindText } from '../text/kind-words.ts';
import { type CommandContext, EXIT_DONE, parseLine } from './command.ts';
import { factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, withDaemon } from './settings.ts';

const ID_CHARS = 16;

export async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const all = await withDaemon(context, values, (daemon) => daemon.call('enroll.list', {}));
  const texts = [applicationsText(all.applications), nodesText(all.nodes)];
  context.write(values.json ? jsonText(all) : texts.join('\n'));
  return EXIT_DONE;
}

export async function approve(context: CommandContext): Promise<number> {
  const options = {
    ...CLIENT_OPTIONS,
    'forget-marks': { type: 'boolean', default: false },
  } as const;
  const { values, operands } = parseLine(context.args, options, ['ID']);
  const [node = ''] = operands;
  const forgetMarks = values['forget-marks'];
  const approved = await withDaemon(context, values, (daemon) =>
    daemon.call('enroll.approve', { node, forgetMarks }),
  );
  const facts = [
    ['approved', approved.node],
    ['group', approved.group],
    ['if stolen', kindText(approved.kind)],
    ['earned so far', approved.assurance || 'nothing: it has not answered yet'],
    ['until', approved.notAfter],
  ] as const;
  context.write(values.json ? jsonText(approved) : factsText(facts));
  return EXIT_DONE;
}

export async function refuse(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['ID']);
  const [node = ''] = operands;
  const refused = await withDaemon(context, values, (daemon) =>
    daemon.call('enroll.refuse', { node }),
  );
  context.write(values.json ? jsonText(refused) : factsText([['refused', refused.node]]));
  return EXIT_DONE;
}

function applicationsText(applications: readonly ApplicationView[]): string {
  if (applications.length === 0) return 'no machine asks to be enrolled\n';
  return tableText(
    ['ASKS', 'GROUP', 'KIND', 'BY', 'EARNED', 'APPROVED', 'CHIP', 'UNTIL'],
    applications.map((each) => [
      each.node.slice(0, ID_CHARS),
      each.group,
      each.kind,
      each.way,
      each.assurance || '-',
      each.approved ? 'yes' : 'no',
      each.endorsement.slice(0, ID_CHARS) || 'none',
      each.notAfter,
    ]),
  );
}

function nodesText(nodes: readonly EnrolledView[]): string {
  if (nodes.length === 0) return 'no machine was enrolled\n';
  return tableText(
    ['NODE', 'GROUP', 'KIND', 'ASSURANCE', 'LEASE UNTIL', 'REMARKS'],
    nodes.map(({ node, group, kind, assurance, notAfter, revoked }) => [
      node.slice(0, ID_CHARS),
      group,
      kind,
      assurance,
      notAfter,
      revoked ? 'revoked' : '',
    ]),
  );
}
