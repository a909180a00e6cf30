/** What waits for people, as each kind is shown: what it would change, and on whose word. */

import type { DocumentType } from '../../federation/envelope.ts';
import type { ReferenceState } from '../../firmware/references.ts';
import { termsRows } from '../control/terms.ts';
import type { ApplicationView, CeremonyView, RelationTermsView } from '../control/views.ts';
import type { ProposedRelation } from '../relation/proposed-relations.ts';
import { termsView } from '../relation/terms-view.ts';
import { wordsOf } from '../text/fingerprint-words.ts';
import { kindText } from '../text/kind-words.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import { approvalChanges } from '../tpm/state-words.ts';
import type { WaitingBoots } from './boot-book.ts';
import type { WaitingProposal } from './proposal-book.ts';
import { proposalChanges, proposalEnd, proposalTitle } from './proposal-words.ts';

/** A proposal that takes signatures. */
export function proposalView({ proposal, by, since }: WaitingProposal): CeremonyView {
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
    until: proposalEnd(proposal),
  };
}

/** What is proposed: nothing else is read as a proposal. */
function kindOf(type: DocumentType): CeremonyView['kind'] {
  return type === 'root' || type === 'override' ? type : 'revocations';
}

/** A machine that asks to be a node. */
export function applicationView(application: ApplicationView): CeremonyView {
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

/** Boots that somebody brought to be approved, beside those that are. */
export function bootsView(
  { states, generation, digest, by, since }: WaitingBoots,
  held: readonly ReferenceState[],
): CeremonyView {
  const names = states.map(({ name }) => JSON.stringify(name)).join(', ');
  return {
    kind: 'boots',
    id: digest,
    title: `${states.length === 1 ? 'the boot' : 'the boots'} ${names}`,
    words: wordsOf(digest).join(' '),
    by: 'word',
    changes: [
      ...approvalChanges(held, states),
      ...(generation === 0n ? [] : [`signed for generation ${generation}`]),
    ],
    signatures: [],
    broughtBy: by,
    since: formatRfc3339(since),
    until: '',
  };
}

/** What a partner asks to be honoured of it, beside what is honoured now. */
export function askedView(asked: ProposedRelation, held: RelationTermsView): CeremonyView {
  const { domain, digest, asks, addresses, issuedAt, notAfter } = asked;
  const differing = termsRows(held, termsView(asks)).filter(([, now, then]) => now !== then);
  return {
    kind: 'relation',
    id: digest,
    title: `what ${domain} asks us to honour of it`,
    words: '',
    by: 'word',
    changes: [
      ...differing.map(([grant, now, then]) => `${grant}: ${then} instead of ${now}`),
      ...addresses.map((address) => `its nodes are dialled at ${address}`),
    ],
    signatures: [],
    broughtBy: `${domain}, over a link`,
    since: formatRfc3339(issuedAt),
    until: formatRfc3339(notAfter),
  };
}
