/** Peers: the nodes that are linked with this one right now. */

import type { PeerStatus } from '../../daemon/control/views.ts';
import { type Fact, factLines } from '../facts.ts';
import { ageText, sizeText } from '../format.ts';
import type { Tone } from '../line.ts';
import { sinceToldMs } from '../model.ts';
import type { Sheet } from '../sheet.ts';

export const PEERS: Sheet<PeerStatus> = {
  view: 'peers',
  columns: [
    { title: 'DOMAIN', columns: 20, grow: 1, from: 0, text: ({ domain }) => domain },
    { title: 'CLASS', columns: 9, grow: 0, from: 0, text: (peer) => peer.class },
    { title: 'LINKED FOR', columns: 11, grow: 0, from: 0, text: ({ sinceMs }) => ageText(sinceMs) },
    { title: 'HEARD', columns: 11, grow: 0, from: 0, text: ({ heardMs }) => ageText(heardMs) },
    { title: 'RATE', columns: 8, grow: 0, from: 0, text: ({ bitsPerS }) => rateText(bitsPerS) },
    { title: 'BUDGET', columns: 6, grow: 0, from: 0, text: budgetText, tone: budgetTone },
    { title: 'PEER', columns: 40, grow: 2, from: 130, text: ({ peer }) => peer },
    { title: 'NODE KEY', columns: 64, grow: 0, from: 190, text: ({ node }) => node },
  ],
  rowsOf: (state) => {
    const since = sinceToldMs(state);
    const peers = state.told?.status.peers ?? [];
    return peers.map((peer) => ({
      ...peer,
      sinceMs: peer.sinceMs + since,
      heardMs: peer.heardMs + since,
    }));
  },
  keyOf: ({ peer }) => peer,
  wordsOf: (peer) => `${peer.peer} ${peer.domain} ${peer.class} ${peer.node}`,
  detailsOf: (peer, columns) => factLines(factsOf(peer), columns),
  detailRows: 6,
  restAt: 'on a taller screen',
  empty: 'no peer is linked; what is held goes on ageing',
};

function factsOf(peer: PeerStatus): readonly Fact[] {
  const { domain, heardMs, heardBytes, bitsPerS, budget } = peer;
  const rate = bitsPerS === null ? 'as fast as it goes' : `${bitsPerS} bit/s: no gossip over it`;
  return [
    ['domain', `${domain}, ${CLASSES[peer.class]}`, 'strong'],
    ['peer', peer.peer],
    ['node key', peer.node],
    ['heard', `${ageText(heardMs)} ago, ${sizeText(heardBytes)} since the link is up`],
    ['link', rate],
    ['budget', `${budget.sync} % of its sync frames left, ${budget.gossip} % of its gossip`],
  ];
}

const CLASSES = {
  authority: 'an authority: holds all of its domain',
  member: 'a member: holds the entries of its group',
} as const;

function rateText(bitsPerS: number | null): string {
  if (bitsPerS === null) return 'full';
  return bitsPerS < 10_000 ? `${bitsPerS / 1_000} kbit` : `${Math.round(bitsPerS / 1_000)} kbit`;
}

/** In tenths, so that a busy minute is no change on the screen. */
function budgetText({ budget }: PeerStatus): string {
  const left = Math.min(budget.sync, budget.gossip);
  return left >= 90 ? 'full' : `${Math.floor(left / 10) * 10} %`;
}

function budgetTone({ budget }: PeerStatus): Tone {
  return Math.min(budget.sync, budget.gossip) < 20 ? 'warn' : 'plain';
}
