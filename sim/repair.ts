/**
 * Repair: what people do about a machine whose store is damaged. A backup of an authority is put
 * back; any other machine begins with the first Root alone, and is granted a lease anew.
 */

import { recordKey } from '../federation/record-key.ts';
import type { Machine } from './machine.ts';

/** Makes a machine run again that had no power. */
export function setUpAgain(machine: Machine): void {
  const { disk, domain } = machine;
  machine.restored = true;
  const isBackedUp = machine.isAuthority && disk.restoreBackup();
  if (!isBackedUp) disk.setUpAnew((key) => key !== recordKey(domain, 'lease'));
  machine.boot();
}
