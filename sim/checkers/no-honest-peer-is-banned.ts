/** No honest peer is ever banned, forks included (PROTOCOL §6.2). */

import type { CheckerKind } from '../checker.ts';
import { isStranger } from '../stranger.ts';

export const noHonestPeerIsBanned: CheckerKind = {
  sentence: 'no honest peer is banned',
  make: (world, fail) => ({
    asked: {
      ban: ({ peer, refusal }, { machine }) => {
        world.coverage.saw('protocol: a peer was banned');
        if (isStranger(peer) || world.machine(peer)?.isHonest === false) return;
        fail(`${machine.name} bans ${peer} for ${refusal.code}`);
      },
    },
  }),
};
