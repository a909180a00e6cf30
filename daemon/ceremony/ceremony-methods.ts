/**
 * The control methods of what waits for a person's word at an authority: proposals, which take the
 * signatures of keys that people carry, and machines that ask to be enrolled, which take a yes.
 *
 * One list for all kinds, so that nobody has to know where to look. What a kind adds is a view of
 * itself, and what becomes of a yes and of a no. A proposal takes force with the signature that
 * completes it; nobody's consent is missing then.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import type { DocumentType } from '../../federation/envelope.ts';
import { lackingOf } from '../../federation/proposal.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { type Caller, personOf, whose } from '../control/caller.ts';
import type { ApplicationView, CeremonyView, ImportOutcome } from '../control/protocol.ts';
import type { RoleBook } from '../control/role-book.ts';
import type { ControlMethods } from '../control/server.ts';
import type { Driver } from '../driver.ts';
import type { deskMethods } from '../enrolment/desk-methods.ts';
import { wordsOf } from '../fingerprint-words.ts';
import { outcomeViews } from '../import-outcome.ts';
import { kindText } from '../kind-words.ts';
import { formatRfc3339 } from '../rfc3339.ts';
import type { ProposalBook, WaitingProposal } from './proposal-book.ts';
import { proposalChanges, proposalTitle } from './proposal-words.ts';

export interface CeremonyMethodOptions {
  readonly proposals: ProposalBook;
  readonly roles: RoleBook;
  readonly driver: Driver;
  readonly audit: AuditLog;
  readonly now: () => UnixMs;
}

type Desk = Pick<
  ReturnType<typeof deskMethods>,
  'enroll.list' | 'enroll.approve' | 'enroll.refuse'
>;

/** Fewer digits might mean two. */
const ID_CHARS_MIN = 8;

/** The methods over the book of proposals and the desk. */
export function ceremonyMethods(options: CeremonyMethodOptions, desk: Desk) {
  const { proposals, audit } = options;
  const list = async (): Promise<readonly CeremonyView[]> => {
    const { applications } = await desk['enroll.list']();
    return [
      ...proposals.waiting.map(proposalView),
      ...applications.filter(({ approved }) => !approved).map(applicationView),
    ];
  };
  const named = async (id: string): Promise<CeremonyView> => one(await list(), id);
  const proposal = (id: string): WaitingProposal => {
    const { id: digest } = one(proposals.waiting.map(proposalView), id);
    const found = proposals.waiting.find((each) => each.proposal.envelope.digest === digest);
    if (found === undefined) throw new Refusal('ceremony-unknown', { id });
    return found;
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
      await desk['enroll.approve']({ node: found.id }, caller);
      return { id: found.id };
    },
    'ceremony.refuse': async ({ id, reason }, caller) => {
      const found = await named(id);
      const { kind } = found;
      if (kind === 'enrolment') await desk['enroll.refuse']({ node: found.id }, caller);
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

function proposalView({ proposal, by, since }: WaitingProposal): CeremonyView {
  const { envelope, quorums, belief } = proposal;
  return {
    kind: kindOf(envelope.type),
    id: envelope.digest,
    title: `${proposalTitle(proposal)} of ${belief.domain}`,
    words: wordsOf(envelope.digest).join(' '),
    by: 'key',
    changes: proposalChanges(proposal),
    signatures: quorums.map(({ name, role, signed }) => ({
      ...{ name, needed: role.threshold, signed },
      keys: [...role.keys.keys()],
    })),
    broughtBy: by,
    since: formatRfc3339(since),
    until: '',
  };
}

/** What is proposed: nothing else is read as a proposal. */
function kindOf(type: DocumentType): CeremonyView['kind'] {
  return type === 'root' || type === 'override' ? type : 'revocations';
}

function applicationView(application: ApplicationView): CeremonyView {
  const { node, group, kind, way, endorsement, assurance, notAfter } = application;
  return {
    kind: 'enrolment',
    id: node,
    title: `a node of group ${group}`,
    words: '',
    by: 'word',
    changes: [
      `the machine ${node} becomes a node of group ${group}, and holds a lease of ours`,
      `whoever steals it could be ${kindText(kind)}`,
      endorsement === '' ? 'it shows no chip' : `its chip has the endorsement key ${endorsement}`,
      assurance === ''
        ? 'it has not answered its challenge yet'
        : `its newest answer earned ${assurance}`,
    ],
    signatures: [],
    broughtBy: way === 'network' ? 'the network' : 'courier',
    since: '',
    until: notAfter,
  };
}
