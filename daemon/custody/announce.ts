/** What a start found about its keys and its state, told in the audit log and as alarms. */

import { fromUtf8 } from '../../core/bytes.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { AlarmBook } from '../alarm-book.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { formatTpmAddress } from '../tpm/tpm-address.ts';
import type { NodeCustody } from './open-custody.ts';
import type { StateGeneration } from './state-generation.ts';

/** What is told. */
export interface CustodyNews {
  readonly domain: TrustDomain;
  readonly custody: NodeCustody;
  readonly generation: StateGeneration | null;
  /** Digest of the backup that the state came from. */
  readonly restoredFrom: Uint8Array | undefined;
}

/** Audits keys that were bound or moved, and raises `state-rolled-back`. */
export async function announceCustody(
  { domain, custody, generation, restoredFrom }: CustodyNews,
  audit: AuditLog,
  alarms: AlarmBook,
): Promise<void> {
  if (custody.chip !== null) {
    const tpm = formatTpmAddress(custody.chip.device.address);
    const { isNew, boot, migrated } = custody.chip.custody;
    if (isNew) await audit.append('keys.bound', { tpm, boot, why: 'first start with this TPM' });
    if (migrated.length > 0) await audit.append('keys.sealed', { keys: migrated.join(' ') });
  }
  if (restoredFrom !== undefined) {
    const details = { backup: fromUtf8(restoredFrom) };
    await alarms.raise({ code: 'state-rolled-back', domain, details });
    return;
  }
  if (generation?.continuity !== 'rolled-back') return;
  const { stored, counter } = generation.found;
  const details = { stored: stored ?? 'none', counter: counter ?? 'none' };
  await alarms.raise({ code: 'state-rolled-back', domain, details });
}

/** Whether a record takes back something of our own domain. */
export function isWithdrawalOf(domain: TrustDomain, key: string): boolean {
  return NEGATIVE.some((kind) => {
    const of = recordKey(domain, kind);
    return key.endsWith(of) || key.includes(`${of}/`);
  });
}

const NEGATIVE = ['revocations', 'stop', 'disowned'] as const;
