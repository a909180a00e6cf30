/**
 * Everything that waits for people at an authority, of whatever kind: how it is shown, and what
 * becomes of a yes and of a no.
 *
 * A yes to a machine needs the role of an operator. A yes that honours a partner or approves a boot
 * is the act of another method, and takes what that takes.
 */

import { Refusal } from '../../core/refusal.ts';
import { WHOLE_TERMS } from '../../federation/relation.ts';
import type { ReferenceBook } from '../authority/reference-book.ts';
import { type Caller, checkRole, personOf } from '../control/caller.ts';
import type { RoleBook } from '../control/role-book.ts';
import type { CeremonyView } from '../control/views.ts';
import type { deskMethods } from '../enrolment/desk-methods.ts';
import { checkAct, type GateOptions } from '../methods/acts.ts';
import { viewNamed } from '../methods/reading.ts';
import type { ProposedRelation, ProposedRelations } from '../relation/proposed-relations.ts';
import type { relationMethods } from '../relation/relation-methods.ts';
import { termsView } from '../relation/terms-view.ts';
import type { BootBook, BootDraft, WaitingBoots } from './boot-book.ts';
import { applicationView, askedView, bootsView, proposalView } from './ceremony-views.ts';
import type { ProposalBook, WaitingProposal } from './proposal-book.ts';

export interface WaitingOptions extends GateOptions {
  readonly proposals: ProposalBook;
  readonly proposed: ProposedRelations;
  readonly boots: BootBook;
  readonly references: ReferenceBook;
  readonly roles: RoleBook;
}

/** What becomes of a yes and of a no where other methods do it. */
export type Others = Pick<
  ReturnType<typeof deskMethods>,
  'enroll.list' | 'enroll.approve' | 'enroll.refuse'
> &
  Pick<ReturnType<typeof relationMethods>, 'relation.answer'> & {
    /** Signs them, and they wait no more; `caller` is who said yes. */
    readonly approveBoots: (draft: BootDraft, caller: Caller) => Promise<unknown>;
  };

/** One that waits. */
export interface Waiting {
  readonly view: CeremonyView;
  readonly yes: (caller: Caller) => Promise<unknown>;
  readonly no: (caller: Caller) => Promise<unknown>;
}

/** All that wait, proposals first. */
export async function allWaiting(
  options: WaitingOptions,
  others: Others,
): Promise<readonly Waiting[]> {
  const { applications } = await others['enroll.list']();
  const machines = applications.filter(({ approved }) => !approved);
  return [
    ...options.proposals.waiting.map((each) => waitingProposal(options, each)),
    ...machines.map((machine): Waiting => {
      const { node } = machine;
      return {
        view: applicationView(machine),
        yes: (caller) => others['enroll.approve']({ node }, caller),
        no: (caller) => others['enroll.refuse']({ node }, caller),
      };
    }),
    ...options.boots.waiting.map((each) => waitingBoots(options, others, each)),
    ...options.proposed.waiting.map((each) => waitingRelation(options, others, each)),
  ];
}

function waitingProposal({ proposals }: WaitingOptions, waiting: WaitingProposal): Waiting {
  const { digest } = waiting.proposal.envelope;
  return {
    view: proposalView(waiting),
    yes: async () => {
      throw new Refusal('ceremony-key', { id: digest });
    },
    no: () => proposals.drop(digest),
  };
}

function waitingBoots(options: WaitingOptions, others: Others, waiting: WaitingBoots): Waiting {
  const { boots, references, roles } = options;
  const { digest, by } = waiting;
  return {
    view: bootsView(waiting, references.approved?.states ?? []),
    yes: async (caller) => {
      checkRole(caller, 'references.approve');
      checkAct(options, 'change-policy');
      if (roles.needsSecondPerson && by === personOf(caller)) {
        throw new Refusal('second-person', { boots: digest, broughtBy: by });
      }
      await others.approveBoots(waiting, caller);
    },
    no: () => boots.drop(waiting),
  };
}

function waitingRelation(
  options: WaitingOptions,
  others: Others,
  asked: ProposedRelation,
): Waiting {
  const { domain, asks, addresses } = asked;
  const { relation } = viewNamed(options, domain);
  return {
    view: askedView(asked, termsView(relation ?? WHOLE_TERMS)),
    yes: async (caller) => {
      checkRole(caller, 'relation.answer');
      checkAct(options, 'change-policy');
      const terms = termsView(asks);
      await others['relation.answer']({ domain, terms, peers: addresses }, caller);
    },
    no: () => options.proposed.forget(domain),
  };
}
