/** Whether the chip of this machine would hand out the keys of a state after this boot. */

import { Failure } from '../../core/failure.ts';
import { describeDetails, Refusal } from '../../core/refusal.ts';
import type { Config } from '../config/keys.ts';
import { hasBinding } from '../custody/binding.ts';
import { Chip } from '../custody/chip.ts';
import { checkBoot } from '../custody/chip-custody.ts';
import { openClock } from '../host/clock.ts';
import { stateFolderAt } from '../store/state-folder.ts';
import { findLogs } from '../tpm/measurement-logs.ts';
import { type Finding, fault, ok } from './finding.ts';

/**
 * Asks the chip; nothing is opened and nothing changed. Nothing is found where no chip guards the
 * keys, and nothing is asked while a daemon runs: it has been handed them.
 */
export async function bootFindings(config: Config, isServed: boolean): Promise<readonly Finding[]> {
  const { keys: folder } = stateFolderAt(config.statePath);
  if (isServed || !(await hasBinding(folder))) return [];
  const address = config.tpmAddress;
  const named = { event: config.tpmEventLog ?? undefined, userspace: undefined, ima: undefined };
  await using chip = new Chip(address, openClock());
  try {
    const state = await checkBoot({ folder, chip, logs: findLogs(named, address) });
    return [ok('boot', `approved as ${JSON.stringify(state)}`)];
  } catch (error) {
    if (error instanceof Failure) {
      return [fault('boot', `${error.code}: ${error.message}`, 'holdfast tpm status')];
    }
    if (!(error instanceof Refusal)) throw error;
    const says = `${error.code}: ${error.message} (${describeDetails(error.details)})`;
    return [fault('boot', says, error.mend)];
  }
}
