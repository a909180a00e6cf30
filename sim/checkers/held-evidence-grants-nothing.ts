/** Held evidence grants nothing and keeps nobody younger (PROTOCOL §4.3). */

import type { TrustDomain } from '../../core/spiffe-id.ts';
import { TIERS } from '../../federation/tier.ts';
import type { CheckerKind } from '../checker.ts';

const GRANTED = new Set(['beacon', 'tick', 'stop', 'manifest', 'document', 'keeping']);

export const heldEvidenceGrantsNothing: CheckerKind = {
  sentence: 'held evidence grants nothing',
  make: (world, fail) => ({
    step: ({ machine, now, output, writes }) => {
      if (output.verdict?.code !== 'evidence-held') return;
      world.coverage.saw('protocol: evidence was held');
      const domain = output.verdict.details.domain;
      const granted = writes.find((write) => write.domain === domain && GRANTED.has(write.kind));
      // A checkpoint of the ledger may fall into the same step; it moves no date.
      if (granted !== undefined && granted.kind !== 'keeping') {
        fail(`${machine.name} stored ${granted.kind} of ${domain} for evidence it only holds`);
      }
      const view = machine.node?.viewOf(domain as TrustDomain, now);
      const tier = view?.standing.tier ?? 'EXPIRED';
      if (TIERS.indexOf(tier) < TIERS.indexOf('SURVIVAL')) {
        fail(`${machine.name}: ${domain} is ${tier} while its evidence is held`);
      }
    },
  }),
};
