/**
 * The control methods of what waits for a person's word at an authority: proposals, which take the
 * signatures of keys that people carry, and what takes a yes: machines that ask to be enrolled, and
 * partners that ask to be honoured.
 *
 * One list for all kinds, so that nobody has to know where to look. What a kind adds is a view of
 * itself (ceremony-views.ts), and what becomes of a yes and of a no. A proposal takes force with
 * the signature that completes it; nobody's consent is missing then.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { lackingOf } from '../../federation/proposal.ts';
import { WHOLE_TERMS } from '../../federation/relation.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { type Caller, checkRole, personOf, whose } from '../control/caller.ts';
import type { RoleBook } from '../control/role-book.ts';
import type { ControlMethods } from '../control/server.ts';
import type { CeremonyView, ImportOutcome } from '../control/views.ts';
import type { Driver } from '../driver.ts';
import type { deskMethods } from '../enrolment/desk-methods.ts';
import { checkAct, type GateOptions } from '../methods/acts.ts';
import { outcomeViews } from '../methods/import-outcome.ts';
import { viewNamed } from '../methods/reading.ts';
import type { ProposedRelation, ProposedRelations } from '../relation/proposed-relations.ts';
import type { relationMethods } from '../relation/relation-methods.ts';
import { termsView } from '../relation/terms-view.ts';
import { applicationView, askedView, proposalView } from './ceremony-views.ts';
import type { ProposalBook, WaitingProposal } from './proposal-book.ts';

export interface CeremonyMethodOptions extends GateOptions {
  readonly proposals: ProposalBook;
  readonly roles: RoleBook;
  readonly driver: Driver;
  readonly audit: AuditLog;
  readonly now: () => UnixMs;
  readonly proposed: ProposedRelations;
}

/** What becomes of a yes and of a no where it is no proposal. */
type Others = Pick<
  ReturnType<typeof deskMethods>,
  'enroll.list' | 'enroll.approve' | 'enroll.refuse'
> &
  Pick<ReturnType<typeof relationMethods>, 'relation.answer'>;

/** Fewer digits might mean two. */
const ID_CHARS_MIN = 8;

/** The methods over the book of proposals, the desk, and what partners ask. */
export function ceremonyMethods(options: CeremonyMethodOptions, others: Others) {
  const { proposals, audit, proposed } = options;
  const askedOf = (asked: ProposedRelation): CeremonyView => {
    const { relation } = viewNamed(options, asked.domain);
    return askedView(asked, termsView(relation ?? WHOLE_TERMS));
  };
  const list = async (): Promise<readonly CeremonyView[]> => {
    const { applications } = await others['enroll.list']();
    return [
      ...proposals.waiting.map(proposalView),
      ...applications.filter(({ approved }) => !approved).map(applicationView),
      ...proposed.waiting.map(askedOf),
    ];
  };
  const named = async (id: string): Promise<CeremonyView> => one(await list(), id);
  const proposal = (id: string): WaitingProposal => {
    const { id: digest } = one(proposals.waiting.map(proposalView), id);
    const found = proposals.waiting.find((each) => each.proposal.envelope.digest === digest);
    if (found === undefined) throw new Refusal('ceremony-unknown', { id });
    return found;
  };
  // A yes to a machine needs less: this is the act of another method, and takes what that takes.
  const honour = async ({ domain, asks, addresses }: ProposedRelation, caller: Caller) => {
    checkRole(caller, 'relation.answer');
    checkAct(options, 'change-policy');
    const terms = termsView(asks);
    await others['relation.answer']({ domain, terms, peers: addresses }, caller);
  };
  return {
    'ceremony.list': async () => ({ ceremonies: await list() }),
    'ceremony.file': async ({ id }) => ({ text: proposals.fileOf(proposal(id).proposal) }),
    'ceremony.offer': async ({ text }, caller) => {
      const by = personOf(caller);
      const needsOther = options.roles.needsSecondPerson;
      const waiting = await proposals.offer(toUtf8(text), { by, now: options.now(), needsOther });
      const view = proposalView(waiting);
      const { kind, id } = view;
      const signatures = waiting.proposal.envelope.slots.length;
      await audit.append('ceremony.offered', { kind, id, signatures, ...whose(caller) });
      return { ceremony: view, documents: await publish(options, waiting, caller) };
    },
    'ceremony.approve': async ({ id }, caller) => {
      const found = await named(id);
      if (found.by === 'key') throw new Refusal('ceremony-key', { id: found.id });
      const asked = proposed.waiting.find(({ digest }) => digest === found.id);
      if (asked === undefined) await others['enroll.approve']({ node: found.id }, caller);
      else await honour(asked, caller);
      return { id: found.id };
    },
    'ceremony.refuse': async ({ id, reason }, caller) => {
      const found = await named(id);
      const { kind } = found;
      const asked = proposed.waiting.find(({ digest }) => digest === found.id);
      if (asked !== undefined) await proposed.forget(asked.domain);
      else if (kind === 'enrolment') await others['enroll.refuse']({ node: found.id }, caller);
      else await proposals.drop(proposal(found.id).proposal.envelope.digest);
      // Whoever hears of it asks what waits now: by then it is gone.
      const fields = { kind, id: found.id, reason };
      await audit.append('ceremony.refused', { ...fields, ...whose(caller) });
      return { id: found.id };
    },
  } satisfies Partial<ControlMethods>;
}

/** Publishes what is whole; what is refused goes on waiting. */
async function publish(
  { driver, audit, proposals }: CeremonyMethodOptions,
  { proposal }: WaitingProposal,
  caller: Caller,
): Promise<readonly ImportOutcome[]> {
  if (lackingOf(proposal).length > 0) return [];
  const { type, bytes, digest } = proposal.envelope;
  const file = toUtf8(encodeBlock(type, bytes));
  const { imported } = await driver.request({ kind: 'import', file });
  const documents = outcomeViews(imported);
  const isTaken = documents.every(
    ({ outcome }) => outcome === 'admitted' || outcome === 'held already',
  );
  if (isTaken) {
    await proposals.drop(digest);
    await audit.append('ceremony.published', { kind: type, id: digest, ...whose(caller) });
  }
  return documents;
}

/** The only one whose id begins so. Refuses `ceremony-unknown`. */
function one(all: readonly CeremonyView[], id: string): CeremonyView {
  const found = all.filter((each) => each.id.startsWith(id));
  const [only] = found;
  if (only === undefined || found.length > 1 || id.length < ID_CHARS_MIN) {
    throw new Refusal('ceremony-unknown', { id: id.slice(0, 64), found: found.length });
  }
  return only;
}
