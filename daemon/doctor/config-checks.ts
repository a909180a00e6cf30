/** The configuration: whether it can be read, and who else may write it. */

import { stat } from 'node:fs/promises';
import type { Failure } from '../../core/failure.ts';
import { describeDetails, Refusal, type RefusalDetails } from '../../core/refusal.ts';
import { systemCode } from '../host/files.ts';
import { type Finding, fault, ok, shellWord } from './finding.ts';

/** Whoever writes the configuration says where keys lie and whom the daemon obeys. */
const OTHERS_WRITE = 0o022;

/** What refused the settings in `file`, and the line to comment out: its default takes over. */
export function refusedConfigFinding(file: string, error: Refusal | Failure): Finding {
  const isRefusal = error instanceof Refusal;
  const details = isRefusal ? ` (${describeDetails(error.details)})` : '';
  const says = `${file}: ${error.code}: ${error.message}${details}`;
  const lines = isRefusal ? linesAt(error.details) : undefined;
  if (lines === undefined) return fault('config', says, `edit ${shellWord(file)}`);
  return fault('config', says, `sed -i ${shellWord(`${lines}s/^/# /`)} ${shellWord(file)}`);
}

/** A configuration that others may change is theirs; one that is not there is the defaults. */
export async function configFinding(file: string, trustDomain: string): Promise<Finding> {
  if (((await modeOf(file)) & OTHERS_WRITE) === 0) {
    return ok('config', `${trustDomain}, settings are valid`);
  }
  return fault('config', `others may write ${file}`, `chmod go-w ${shellWord(file)}`);
}

/** Which lines a refusal is about, as sed addresses them; undefined if it does not tell. */
function linesAt({ line, key }: RefusalDetails): string | undefined {
  if (typeof line === 'number') return String(line);
  const leaf = typeof key === 'string' ? key.split('.').at(-1) : undefined;
  return leaf !== undefined && /^[\w-]+$/.test(leaf) ? `/^ *${leaf} *=/` : undefined;
}

async function modeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).mode;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
