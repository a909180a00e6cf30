/** Peers: the nodes that are linked with this one right now. */

import type { PeerStatus } from '../../daemon/control/protocol.ts';
import { factLines } from '../facts.ts';
import { ageText } from '../format.ts';
import { sinceToldMs } from '../model.ts';
import type { Sheet } from '../sheet.ts';

export const PEERS: Sheet<PeerStatus> = {
  view: 'peers',
  columns: [
    { title: 'DOMAIN', columns: 24, grow: 1, from: 0, text: ({ domain }) => domain },
    { title: 'LINKED FOR', columns: 12, grow: 0, from: 0, text: ({ sinceMs }) => ageText(sinceMs) },
    { title: 'PEER', columns: 40, grow: 2, from: 0, text: ({ peer }) => peer },
    { title: 'NODE KEY', columns: 64, grow: 0, from: 150, text: ({ node }) => node },
  ],
  rowsOf: (state) => {
    const since = sinceToldMs(state);
    const peers = state.told?.status.peers ?? [];
    return peers.map((peer) => ({ ...peer, sinceMs: peer.sinceMs + since }));
  },
  keyOf: ({ peer }) => peer,
  wordsOf: ({ peer, domain, node }) => `${peer} ${domain} ${node}`,
  detailsOf: ({ peer, domain, node }, columns) =>
    factLines(
      [
        ['domain', domain, 'strong'],
        ['peer', peer],
        ['node key', node],
      ],
      columns,
    ),
  detailRows: 3,
  empty: 'no peer is linked; what is held goes on ageing',
};
