/**
 * A proposal that people are shown is by whoever it says, to whoever reads it, and has not ended
 * (PROTOCOL §2.9).
 */

import type { CheckerKind } from '../checker.ts';
import { dateOf } from '../date.ts';

export const aProposalIsOfWhoeverAsks: CheckerKind = {
  sentence: 'a proposal is of whoever asks',
  make: (world, fail) => ({
    proposed: (machine, { domain, to, notAfter }, isForged) => {
      if (isForged) fail(`${machine.name} shows a proposal that ${domain} did not sign`);
      if (to !== machine.domain) fail(`${machine.name} shows a proposal to ${to}`);
      if (notAfter <= dateOf(world, machine)) fail(`${machine.name} shows one that has ended`);
    },
  }),
};
