/**
 * Custody by a chip: secrets under a wrapping key that it hands out after an approved boot alone,
 * and issuing keys that it never hands out (PROTOCOL §7.4).
 *
 * The first use binds the folder of keys to the chip, in an order that a power cut anywhere leaves
 * whole: approvals of the boot in progress, the sealed wrapping key, proof that it opens again, the
 * binding file; then key files move over one by one. From then on nothing here needs a network: the
 * chip itself is the verifier.
 */

import { join } from 'node:path';
import { equalBytes } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import { describeDifference } from '../../firmware/appraisal.ts';
import {
  approvalsInForce,
  approverPolicy,
  type BootApprovals,
  draftApprovals,
  isSameBoot,
} from '../../firmware/boot-approvals.ts';
import type { ReferenceState } from '../../firmware/references.ts';
import type { Tpm } from '../../firmware/tpm.ts';
import type { ObjectBlob } from '../../firmware/tpm-keys.ts';
import { seal, unsealUnderPolicy } from '../../firmware/tpm-seal.ts';
import { openPrivateFolder } from '../host/files.ts';
import type { Random } from '../ports.ts';
import { destroyPrivateFile, hasPrivateFile } from '../store/private-file.ts';
import type { LogPlaces } from '../tpm/measurement-logs.ts';
import { appraiseOwnBoot, type JudgedBoot, judgeOwnBoot, learnOwnBoot } from '../tpm/own-boot.ts';
import { openApprovalCounter, raiseApprovalCounter } from './approval-counter.ts';
import {
  type ApprovedBoots,
  approvedBootsPath,
  approvedBootsText,
  loadApprovedBoots,
  saveApprovedBoots,
} from './approved-boots.ts';
import { APPROVER_KEY, drawApprover, openApprover } from './approver.ts';
import { type Binding, createBinding, hasBinding, loadBinding, replaceBinding } from './binding.ts';
import { approvedBootSteps, findBootApproval, isBootAmong } from './boot-policy.ts';
import type { Chip } from './chip.ts';
import type { IssuingKey, KeyCustody } from './custody.ts';
import { filesIn, migrateKeyFiles } from './migration.ts';
import { openResidentKey } from './resident-key.ts';
import { SEALED_SUFFIX, SealedCustody } from './sealed-custody.ts';
import { deriveStorageKey, openStorageKey } from './storage-key.ts';

/** What the first boot that a chip is used in is called. */
export const FIRST_BOOT = 'first boot';
const WRAPPING_KEY_BYTES = 32;
const APPROVED_BOOTS = /^approved-boots-[0-9a-f]{16}\.json(\.new)?$/;

export interface ChipCustodyOptions {
  readonly folder: string;
  readonly chip: Chip;
  readonly random: Random;
  /** The logs of this boot, for approving it and for saying how it differs. */
  readonly logs: LogPlaces;
}

export class ChipCustody {
  readonly #options: ChipCustodyOptions;
  readonly #wrappingKey: Uint8Array;
  #binding: Binding;
  #approved: ApprovedBoots;
  #turn: Promise<unknown> = Promise.resolve();
  /** Secrets of this process by name. */
  readonly keys: KeyCustody;
  /** Name of the approved state that this boot fits. */
  readonly boot: string;
  /** True if this start bound the keys to the chip, and so approved its own boot. */
  readonly isNew: boolean;
  /** Names of keys that this start moved out of files. */
  readonly migrated: readonly string[];

  private constructor(options: ChipCustodyOptions, opened: Opened) {
    this.#options = options;
    this.#wrappingKey = opened.wrappingKey;
    this.#binding = opened.binding;
    this.#approved = opened.approved;
    this.keys = opened.keys;
    this.boot = opened.boot;
    this.isNew = opened.isNew;
    this.migrated = opened.migrated;
  }

  /**
   * Opens the keys of a folder, binding them to the chip the first time. Refuses `boot-unapproved`
   * with the first difference, `chip-replaced`, `key-malformed`, `state-corrupt` and
   * `tpm-bank-absent`; fails as the chip and the disk do.
   */
  static async open(options: ChipCustodyOptions): Promise<ChipCustody> {
    const { folder, chip, random } = options;
    await openPrivateFolder(folder);
    const isNew = !(await hasBinding(folder));
    if (isNew) await bind(options);
    const binding = await loadBinding(folder);
    const approved = await loadOwnBoots(folder, binding.approver);
    const { boots, states } = approved;
    const unsealed = chip.use('start', async (tpm) => {
      await raiseApprovalCounter(tpm, boots.generation);
      const { state: boot } = await findBootApproval(tpm, boots);
      return { boot, wrappingKey: await unsealWrappingKey(tpm, binding, boots) };
    });
    const { boot, wrappingKey } = await unsealed.catch(async (error: unknown) => {
      throw await explainBoot(options, states, error);
    });
    const keys = new SealedCustody(folder, wrappingKey, random);
    const migrated = await migrateKeyFiles(folder, keys);
    await forgetOtherBoots(folder, binding.approver);
    const opened = { wrappingKey, binding, approved, keys, boot, isNew, migrated };
    return new ChipCustody(options, opened);
  }

  /** What is approved now. */
  get approved(): ApprovedBoots {
    return this.#approved;
  }

  /** Opens an issuing key that lives in the chip. Refuses and fails as `openResidentKey`. */
  issuingKey(name: string): Promise<IssuingKey> {
    const { folder, chip } = this.#options;
    const { storageKey } = this.#binding;
    const boots = (): BootApprovals => this.#approved.boots;
    return openResidentKey({ folder, chip, storageKey, boots }, name);
  }

  /**
   * Takes newer approvals of the domain, and withdraws in the chip what they withdraw. Another
   * approver is taken only if it approves this boot; then the keys obey it from now on. Approvals
   * of the same approver that were not withdrawn stay. Returns whether anything changed. Refuses
   * `boot-unapproved` and `approval-distant`; what held before goes on to hold.
   */
  adopt(approved: ApprovedBoots): Promise<boolean> {
    const turn = this.#turn.then(() => this.#adopt(approved));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Whether the boot in progress is among these, whatever the chip's counter says. */
  fits(boots: BootApprovals): Promise<boolean> {
    return this.#options.chip.use('approvals', (tpm) => isBootAmong(tpm, boots));
  }

  /** The boot in progress, quoted anew and judged by what is approved now. */
  judgeBoot(): Promise<JudgedBoot> {
    const { chip, logs } = this.#options;
    return chip.use('attestation', (tpm) => judgeOwnBoot(tpm, logs, this.#approved.states));
  }

  async #adopt(newer: ApprovedBoots): Promise<boolean> {
    const { folder, chip } = this.#options;
    const { boots } = newer;
    const isSame = equalBytes(boots.approver, this.#binding.approver);
    if (isSame && boots.generation < this.#approved.boots.generation) return false; // older
    const approved = isSame ? withRemaining(newer, this.#approved) : newer;
    if (approvedBootsText(approved) === approvedBootsText(this.#approved)) return false;
    if (isSame) await saveApprovedBoots(folder, approved);
    else await this.#rebind(approved);
    this.#approved = approved;
    // The approvals are on the disk before the chip forgets those before them.
    await chip.use('approvals', (tpm) => raiseApprovalCounter(tpm, boots.generation));
    await forgetOtherBoots(folder, boots.approver);
    if (!isSame) await this.keys.destroy(APPROVER_KEY); // nothing obeys it any more
    return true;
  }

  async #rebind(approved: ApprovedBoots): Promise<void> {
    const { folder, chip } = this.#options;
    const { boots } = approved;
    const { storageKey } = this.#binding;
    const wrappingKey = await chip.use('approvals', async (tpm) => {
      await findBootApproval(tpm, boots);
      return sealWrappingKey(tpm, storageKey, this.#wrappingKey, boots);
    });
    const binding = { storageKey, approver: boots.approver, wrappingKey };
    await saveApprovedBoots(folder, approved);
    await replaceBinding(folder, binding);
    this.#binding = binding;
  }
}

/** `newer`, and what it did not withdraw of `held`: a boot that was approved on this machine. */
function withRemaining(newer: ApprovedBoots, held: ApprovedBoots): ApprovedBoots {
  const { approvals, generation } = newer.boots;
  const remaining = approvalsInForce(held.boots, generation).filter(
    (old) => !approvals.some((each) => isSameBoot(each, old)),
  );
  const names = new Set(newer.states.map(({ name }) => name));
  const states = held.states.filter(
    ({ name }) => !names.has(name) && remaining.some(({ state }) => state === name),
  );
  return {
    boots: { ...newer.boots, approvals: [...approvals, ...remaining] },
    states: [...newer.states, ...states],
  };
}

/**
 * Whether the boot in progress may use the keys of a folder, with nothing opened: the name of its
 * approved state. Refuses `boot-unapproved` as `ChipCustody.open` does.
 */
export async function checkBoot(options: Omit<ChipCustodyOptions, 'random'>): Promise<string> {
  const { folder, chip } = options;
  const { approver } = await loadBinding(folder);
  const { boots, states } = await loadOwnBoots(folder, approver);
  try {
    return (await chip.use('start', (tpm) => findBootApproval(tpm, boots))).state;
  } catch (error) {
    throw await explainBoot(options, states, error);
  }
}

interface Opened {
  readonly wrappingKey: Uint8Array;
  readonly binding: Binding;
  readonly approved: ApprovedBoots;
  readonly keys: KeyCustody;
  readonly boot: string;
  readonly isNew: boolean;
  readonly migrated: readonly string[];
}

/** Makes everything that a binding needs, and the binding file last. */
async function bind({ folder, chip, random, logs }: ChipCustodyOptions): Promise<void> {
  const orphans = (await filesIn(folder)).filter((file) => file.endsWith(SEALED_SUFFIX));
  const left = orphans.find((file) => file !== `${APPROVER_KEY}${SEALED_SUFFIX}`);
  if (left !== undefined) {
    throw new Refusal('state-corrupt', {
      why: 'sealed keys without their wrapping key',
      key: left,
    });
  }
  const wrappingKey = random.bytes(WRAPPING_KEY_BYTES);
  const keys = new SealedCustody(folder, wrappingKey, random);
  const secret = drawApprover();
  await keys.destroy(APPROVER_KEY); // of an attempt that never came to an end
  await keys.create(APPROVER_KEY, secret);
  const approver = openApprover(secret);
  const { approved, binding } = await chip.use('start', async (tpm) => {
    const { value: generation } = await openApprovalCounter(tpm);
    const state = await learnOwnBoot(tpm, logs, FIRST_BOOT);
    const approvals = draftApprovals(state, generation).map((draft) => approver.approve(draft));
    const boots = { approver: approver.point, generation, approvals };
    const { name: storageKey } = await tpm.hold((held) => deriveStorageKey(held));
    const sealed = await sealWrappingKey(tpm, storageKey, wrappingKey, boots);
    return {
      approved: { boots, states: [state] },
      binding: { storageKey, approver: approver.point, wrappingKey: sealed },
    };
  });
  await saveApprovedBoots(folder, approved);
  await createBinding(folder, binding);
}

/** Seals, and proves that the boot in progress opens it again before anybody relies on it. */
async function sealWrappingKey(
  tpm: Tpm,
  storageKey: Uint8Array,
  secret: Uint8Array,
  boots: BootApprovals,
): Promise<ObjectBlob> {
  const guard = { kind: 'policy', policy: approverPolicy(boots.approver) } as const;
  const wrappingKey = await tpm.hold(async (held) => {
    const parent = await openStorageKey(held, storageKey);
    return seal(held, { parent, guard, secret });
  });
  const binding = { storageKey, approver: boots.approver, wrappingKey };
  if (!equalBytes(await unsealWrappingKey(tpm, binding, boots), secret)) {
    throw new Refusal('tpm-malformed', { field: 'sealed' });
  }
  return wrappingKey;
}

function unsealWrappingKey(
  tpm: Tpm,
  { storageKey, wrappingKey: blob }: Binding,
  boots: BootApprovals,
): Promise<Uint8Array> {
  return tpm.hold(async (held) => {
    const parent = await openStorageKey(held, storageKey);
    const steps = await approvedBootSteps(held, boots);
    return unsealUnderPolicy(held, { parent, blob, steps });
  });
}

/** `boot-unapproved` with the first difference from the nearest approved state, where there is. */
async function explainBoot(
  { chip, logs }: Pick<ChipCustodyOptions, 'chip' | 'logs'>,
  states: readonly ReferenceState[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof Refusal) || error.code !== 'boot-unapproved') return error;
  if (error.details.reason !== 'another boot') return error;
  const appraisal = await chip.use('start', (tpm) => appraiseOwnBoot(tpm, logs, states));
  const [first] = appraisal.kind === 'approved' ? [] : appraisal.differences;
  if (appraisal.kind === 'approved' || first === undefined) return error;
  const state = appraisal.nearest ?? 'none';
  return new Refusal('boot-unapproved', { state, difference: describeDifference(first) });
}

async function loadOwnBoots(folder: string, approver: Uint8Array): Promise<ApprovedBoots> {
  const path = approvedBootsPath(folder, approver);
  if (!(await hasPrivateFile(path))) {
    throw new Refusal('boot-unapproved', { reason: 'no approvals', path });
  }
  return loadApprovedBoots(folder, approver);
}

/** Approvals of an approver that nothing obeys any more. */
async function forgetOtherBoots(folder: string, approver: Uint8Array): Promise<void> {
  const own = approvedBootsPath(folder, approver);
  const files = (await filesIn(folder)).filter((file) => APPROVED_BOOTS.test(file));
  for (const path of files.map((file) => join(folder, file))) {
    if (path !== own) await destroyPrivateFile(path);
  }
}
