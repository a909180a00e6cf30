/**
 * The actions of `holdfast references` for a daemon that its chip refuses the keys: without it,
 * beside its state folder.
 */

import { basename, dirname, resolve } from 'node:path';
import { equalBytes } from '../../core/bytes.ts';
import { DOCUMENT_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { draftApprovals } from '../../firmware/boot-approvals.ts';
import { readApprovalCounter } from '../custody/approval-counter.ts';
import {
  loadApprovedBoots,
  parseApprovedBootsText,
  saveApprovedBoots,
} from '../custody/approved-boots.ts';
import { openApprover } from '../custody/approver.ts';
import { loadBinding } from '../custody/binding.ts';
import { openClock } from '../host/clock.ts';
import { readBounded } from '../host/files.ts';
import { loadKeyFile } from '../store/key-file.ts';
import { stateFolderAt } from '../store/state-folder.ts';
import { findLogs } from '../tpm/measurement-logs.ts';
import { learnOwnBoot } from '../tpm/own-boot.ts';
import { withState } from '../tpm/references-file.ts';
import { withTpm } from '../tpm/with-tpm.ts';
import { type CommandContext, EXIT_DONE, EXIT_FAILED, parseLine } from './command.ts';
import { factsText } from './print.ts';
import { isMeant } from './references-approve.ts';
import { parseStateName, tellState } from './references-print.ts';
import { loadSettings } from './settings.ts';

const PLACE_OPTIONS = { config: { type: 'string' }, state: { type: 'string' } } as const;

/** Puts exported approvals beside the keys that obey their approver. */
export async function install(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, PLACE_OPTIONS, ['FILE']);
  const { statePath } = await loadSettings(values, context.environment);
  const { keys } = stateFolderAt(statePath);
  const file = await readBounded(resolve(operands[0] ?? ''), DOCUMENT_BYTES_MAX);
  const approved = parseApprovedBootsText(file);
  checkApprover((await loadBinding(keys)).approver, approved.boots.approver);
  await saveApprovedBoots(keys, approved);
  const approvals = String(approved.boots.approvals.length);
  context.write(factsText([['installed', `${approvals} approvals; start the daemon again`]]));
  return EXIT_DONE;
}

/** Approves the boot in progress with the approver's key out of a safe. */
export async function recover(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...PLACE_OPTIONS,
      name: { type: 'string', default: 'recovered boot' },
      yes: { type: 'boolean', default: false },
    },
    ['KEY-FILE'],
  );
  const name = parseStateName(values.name);
  const config = await loadSettings(values, context.environment);
  const { keys } = stateFolderAt(config.statePath);
  const path = resolve(operands[0] ?? '');
  const secret = await loadKeyFile({ folder: dirname(path), name: basename(path, '.key') });
  const approver = openApprover(secret);
  checkApprover((await loadBinding(keys)).approver, approver.point);
  const named = { event: config.tpmEventLog ?? undefined, userspace: undefined, ima: undefined };
  const logs = findLogs(named, config.tpmAddress);
  const { state, counter } = await withTpm(config.tpmAddress, openClock(), async (tpm) => ({
    state: await learnOwnBoot(tpm, logs, name),
    counter: (await readApprovalCounter(tpm)).value,
  }));
  tellState(context, state);
  if (!values.yes && !(await isMeant(context, 'approve'))) {
    context.complain('nothing was approved');
    return EXIT_FAILED;
  }
  const { boots, states } = await loadApprovedBoots(keys, approver.point);
  const generation = counter > boots.generation ? counter : boots.generation;
  const fresh = draftApprovals(state, generation).map((draft) => approver.approve(draft));
  const others = boots.approvals.filter((approval) => approval.state !== name);
  await saveApprovedBoots(keys, {
    boots: { ...boots, approvals: [...others, ...fresh] },
    states: withState(states, state),
  });
  context.write(factsText([['approved', `${name}; start the daemon again`]]));
  return EXIT_DONE;
}

/** What another approver signs opens none of these keys. */
function checkApprover(expected: Uint8Array, got: Uint8Array): void {
  if (equalBytes(expected, got)) return;
  throw new Refusal('approval-signature', { why: 'the keys here obey another approver' });
}
