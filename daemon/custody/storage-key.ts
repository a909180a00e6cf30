/**
 * The storage root key that everything of ours hangs from: ECC P-256, exempt from lockout.
 *
 * It is derived again and again from its template, or found where provisioning tools keep it. By
 * its name we know that it is the same key of the same chip as when something was sealed, which is
 * what the salt of each session rests on.
 */

import { equalBytes, toHex } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Held } from '../../firmware/held.ts';
import {
  createPrimary,
  hierarchyEntity,
  type LoadedKey,
  readPublic,
} from '../../firmware/tpm-keys.ts';
import { isTpmError } from '../../firmware/tpm-rc.ts';
import type { TpmRunner } from '../../firmware/tpm-runner.ts';
import { SRK_P256 } from '../../firmware/tpm-templates.ts';

/** Where the TCG wants the storage root key (Provisioning Guidance §7.8). */
const STORAGE_KEY_PERSISTENT = 0x8100_0001;

/** Derives the key for a first use; the scope flushes it. */
export function deriveStorageKey(held: Held): Promise<LoadedKey> {
  return createPrimary(held, hierarchyEntity('owner'), SRK_P256);
}

/** The key of this name. Refuses `chip-replaced` where the chip has another. */
export async function openStorageKey(held: Held, name: Uint8Array): Promise<LoadedKey> {
  const kept = await readPersistent(held);
  if (kept !== undefined && equalBytes(kept.name, name)) return kept;
  const derived = await deriveStorageKey(held);
  if (equalBytes(derived.name, name)) return derived;
  throw new Refusal('chip-replaced', { expected: toHex(name), got: toHex(derived.name) });
}

/** Undefined where nothing lies there, or something that is not of our kind. */
async function readPersistent(tpm: TpmRunner): Promise<LoadedKey | undefined> {
  try {
    const object = await readPublic(tpm, STORAGE_KEY_PERSISTENT);
    const { publicArea } = object;
    return publicArea.kind === 'ecc' ? { ...object, publicArea } : undefined;
  } catch (error) {
    if (isTpmError(error, 'HANDLE') || error instanceof Refusal) return undefined;
    throw error;
  }
}
