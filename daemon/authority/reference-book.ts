/**
 * The approved boots of our own domain, as its authority signs them: states that evidence is judged
 * by, and approvals that keys in chips obey (PROTOCOL §7.4).
 *
 * Every approval follows from a state, so states are what people change. All are signed anew with
 * each change; a withdrawal signs those that stay for the next generation, which no chip that heard
 * of it lets the others pass.
 */

import { BOOT_APPROVALS_MAX, REFERENCE_STATES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Draft } from '../../federation/input.ts';
import type { DomainView } from '../../federation/view.ts';
import { draftApprovals, hasBootApprovals } from '../../firmware/boot-approvals.ts';
import type { ReferenceState } from '../../firmware/references.ts';
import {
  type ApprovedBoots,
  encodeApprovedBoots,
  parseApprovedBoots,
} from '../custody/approved-boots.ts';
import { APPROVER_KEY, type Approver, drawApprover, openApprover } from '../custody/approver.ts';
import type { ChipCustody } from '../custody/chip-custody.ts';
import type { KeyCustody } from '../custody/custody.ts';
import type { Driver } from '../driver.ts';
import { withState } from '../tpm/references-file.ts';

export interface ReferenceBookOptions {
  readonly driver: Driver;
  readonly custody: KeyCustody;
  /** Null where this machine has no chip; it approves for others all the same. */
  readonly chip: ChipCustody | null;
  readonly ownView: () => DomainView;
}

export class ReferenceBook {
  readonly #options: ReferenceBookOptions;

  constructor(options: ReferenceBookOptions) {
    this.#options = options;
  }

  /** What is approved now; null before anything is. */
  get approved(): ApprovedBoots | null {
    const { chip, ownView } = this.#options;
    return publishedBoots(ownView()) ?? chip?.approved ?? null;
  }

  /**
   * Approves these states beside those that stand; one of the same name is replaced. `generation`
   * has to be one that no chip of the domain has passed. Refuses `references-malformed`,
   * `too-large`, and `approval-own` where this machine could not use its keys any more.
   */
  async approve(states: readonly ReferenceState[], generation = 1n): Promise<ApprovedBoots> {
    const held = this.approved;
    const all = states.reduce(withState, held?.states ?? []);
    const floor = held?.boots.generation ?? 1n;
    const highest = generationOf(held);
    return this.#publish(
      all,
      { floor, signed: generation > highest ? generation : highest },
      false,
    );
  }

  /** Withdraws a state. Refuses `reference-unknown`, and `approval-own` as `approve` does. */
  async withdraw(name: string): Promise<ApprovedBoots> {
    const held = this.approved;
    const left = held?.states.filter((state) => state.name !== name) ?? [];
    if (left.length === (held?.states.length ?? 0))
      throw new Refusal('reference-unknown', { name });
    const next = generationOf(held) + 1n;
    return this.#publish(left, { floor: next, signed: next }, true);
  }

  async #publish(
    states: readonly ReferenceState[],
    { floor, signed }: { readonly floor: bigint; readonly signed: bigint },
    withdrawal: boolean,
  ): Promise<ApprovedBoots> {
    const { chip, driver } = this.#options;
    if (states.length > REFERENCE_STATES_MAX) {
      throw new Refusal('too-large', { limit: REFERENCE_STATES_MAX });
    }
    const approver = await this.#openApprover();
    const approvals = states
      .filter(({ pcrs }) => pcrs.size > 0) // others judge evidence, and open no keys
      .flatMap((state) => draftApprovals(state, signed))
      .map((draft) => approver.approve(draft));
    if (approvals.length > BOOT_APPROVALS_MAX) {
      throw new Refusal('too-large', { limit: BOOT_APPROVALS_MAX });
    }
    const boots = { approver: approver.point, generation: floor, approvals };
    if (chip !== null && !(await chip.fits(boots))) {
      throw new Refusal('approval-own', { boot: chip.boot });
    }
    const approved = { boots, states };
    const drafts = [referencesDraft(approved)];
    await driver.request({ kind: 'publish', drafts, withdrawal });
    return approved;
  }

  async #openApprover(): Promise<Approver> {
    const { custody } = this.#options;
    if (!(await custody.has(APPROVER_KEY))) await custody.create(APPROVER_KEY, drawApprover());
    return openApprover(await custody.load(APPROVER_KEY));
  }
}

/** The document that holds what is approved. */
export function referencesDraft(approved: ApprovedBoots): Draft {
  return { type: 'references', name: 'references', body: encodeApprovedBoots(approved) };
}

/** What the references of a domain approve; null where they approve no boots, or are not held. */
export function publishedBoots(own: DomainView): ApprovedBoots | null {
  const document = own.documents.get('references')?.members.json();
  return document === undefined || !hasBootApprovals(document)
    ? null
    : parseApprovedBoots(document);
}

/** The highest generation that anything was signed for. */
function generationOf(approved: ApprovedBoots | null): bigint {
  const { generation = 1n, approvals = [] } = approved?.boots ?? {};
  return approvals.reduce(
    (most, each) => (each.generation > most ? each.generation : most),
    generation,
  );
}
