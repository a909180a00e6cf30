/** No honest peer is ever banned, forks included (PROTOCOL §6.2). */

import type { CheckerKind } from '../checker.ts';
import { isStranger } from '../stranger.ts';

export const noHonestPeerIsBanned: CheckerKind = {
  sentence: 'no honest peer is banned',
  make: (world, fail) => ({
    step: ({ machine, output }) => {
      for (const effect of output.effects) {
        if (effect.kind !== 'ban') continue;
        world.coverage.saw('protocol: a peer was banned');
        const isSo = isStranger(effect.peer) || world.machine(effect.peer)?.isHonest === false;
        if (isSo) continue;
        fail(`${machine.name} bans ${effect.peer} for ${effect.refusal.code}`);
      }
    },
  }),
};
