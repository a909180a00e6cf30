/**
 * Which custody a daemon gets: the chip's where one works or is demanded, files elsewhere. Keys
 * that a chip has sealed are never silently done without.
 */

import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Config } from '../config/keys.ts';
import type { KeysStatus } from '../control/views.ts';
import type { Clock, Log, Random } from '../ports.ts';
import { findLogs } from '../tpm/measurement-logs.ts';
import { formatTpmAddress } from '../tpm/tpm-address.ts';
import { hasBinding } from './binding.ts';
import { Chip } from './chip.ts';
import { ChipCustody } from './chip-custody.ts';
import type { IssuingKey, KeyCustody } from './custody.ts';
import { fileCustody } from './file-custody.ts';
import { openSoftwareIssuingKey } from './software-issuing-key.ts';
import { type GenerationOptions, StateGeneration } from './state-generation.ts';

/** The keys of a node, and the chip behind them where there is one. */
export interface NodeCustody extends AsyncDisposable {
  readonly keys: KeyCustody;
  readonly chip: { readonly device: Chip; readonly custody: ChipCustody } | null;
  /** Compares the state with the chip's counter; null where no chip counts. */
  openGeneration(options: Omit<GenerationOptions, 'chip'>): Promise<StateGeneration | null>;
  /** Opens an issuing key by its name, wherever it may live; made the first time. */
  issuingKey(name: string): Promise<IssuingKey>;
}

export interface CustodyOptions {
  readonly config: Pick<Config, 'tpmUse' | 'tpmAddress' | 'tpmEventLog'>;
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Opens the custody. Refuses `tpm-required` where a chip is demanded and none can be used,
 * `chip-needed` where the keys are sealed and no chip may be used, and as `ChipCustody.open`; fails
 * `tpm-lockout`, saying until when, and as the chip does where keys are sealed by it.
 */
export async function openCustody(options: CustodyOptions): Promise<NodeCustody> {
  const { config, folder, clock, random, log } = options;
  const isBound = await hasBinding(folder);
  if (config.tpmUse === 'never') {
    if (isBound) throw new Refusal('chip-needed', { folder });
    return inFiles(folder);
  }
  const chip = new Chip(config.tpmAddress, clock);
  const logs = findLogs(
    { event: config.tpmEventLog ?? undefined, userspace: undefined, ima: undefined },
    config.tpmAddress,
  );
  const tpm = formatTpmAddress(config.tpmAddress);
  try {
    const custody = await ChipCustody.open({ folder, chip, random, logs });
    tell(log, tpm, custody);
    return inChip(chip, custody);
  } catch (error) {
    await chip[Symbol.asyncDispose]();
    if (config.tpmUse === 'required') throw demanded(error, tpm);
    const isTrouble = error instanceof Failure || error instanceof Refusal;
    if (!isTrouble || isBound || (await hasBinding(folder))) throw error;
    log.info('no TPM is used', { tpm, code: error.code, why: error.message });
    return inFiles(folder);
  }
}

/** Where the keys lie, for whoever asks about the daemon. */
export function keysStatus({ chip }: NodeCustody): KeysStatus {
  if (chip === null) return { custody: 'files', tpm: '', boot: '' };
  const tpm = formatTpmAddress(chip.device.address);
  return { custody: 'chip', tpm, boot: chip.custody.boot };
}

function inFiles(folder: string): NodeCustody {
  const keys = fileCustody(folder);
  return {
    keys,
    chip: null,
    openGeneration: async () => null,
    issuingKey: (name) => openSoftwareIssuingKey(keys, name),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function inChip(device: Chip, custody: ChipCustody): NodeCustody {
  return {
    keys: custody.keys,
    chip: { device, custody },
    openGeneration: (options) => StateGeneration.open({ ...options, chip: device }),
    issuingKey: (name) => custody.issuingKey(name),
    [Symbol.asyncDispose]: () => device[Symbol.asyncDispose](),
  };
}

/** No chip at all is a setting that cannot be kept; a chip's own trouble says more by itself. */
function demanded(error: unknown, tpm: string): unknown {
  const isAbsent = error instanceof Failure && error.code === 'tpm-unreachable';
  return isAbsent ? new Refusal('tpm-required', { tpm, why: error.message }) : error;
}

function tell(log: Log, tpm: string, { isNew, boot, migrated }: ChipCustody): void {
  if (isNew) log.warn('keys bound to the TPM: its boot of now is approved', { tpm, boot });
  else log.info('keys are sealed by the TPM', { tpm, boot });
  if (migrated.length > 0) log.info('key files were sealed', { keys: migrated.join(' ') });
}
