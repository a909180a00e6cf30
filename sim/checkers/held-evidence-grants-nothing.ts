/**
 * Held evidence grants nothing, keeps nobody younger and makes nobody older: it moves no bound
 * (PROTOCOL §4.3).
 */

import type { TrustDomain } from '../../core/spiffe-id.ts';
import { TIERS } from '../../federation/tier.ts';
import type { CheckerKind } from '../checker.ts';
import { keepingOf } from '../reading.ts';

const GRANTED = new Set(['beacon', 'tick', 'stop', 'manifest', 'document', 'keeping']);

export const heldEvidenceGrantsNothing: CheckerKind = {
  sentence: 'held evidence grants nothing',
  make: (world, fail) => ({
    wrote: {
      keeping: ({ domain, value, before }, { machine }) => {
        // An answer about our own domain may raise its bound as well.
        if (value === null || before === null || domain === machine.domain) return;
        const [old, next] = [keepingOf(before), keepingOf(value)];
        const passed = next.boundBoot - (old.bootId === next.bootId ? old.boundBoot : 0);
        if (next.bound <= old.bound + passed || next.bound === next.asOf) return;
        fail(`${machine.name}: B of ${domain} rose to ${next.bound}, and no evidence says so`);
      },
    },
    refused: {
      'evidence-held': ({ machine, now, output, writes }) => {
        world.coverage.saw('protocol: evidence was held');
        const domain = output.verdict?.details.domain;
        const granted = writes.find((write) => write.domain === domain && GRANTED.has(write.kind));
        // A checkpoint of the ledger may fall into the same step; it moves no date.
        if (granted !== undefined && granted.kind !== 'keeping') {
          fail(`${machine.name} stored ${granted.kind} of ${domain} for evidence it only holds`);
        }
        // Nearer than what is held and was judged to be ahead: our clock is in no doubt any more.
        if (!writes.some((write) => write.domain === domain && write.kind === 'future')) return;
        const view = machine.node?.viewOf(domain as TrustDomain, now);
        const tier = view?.standing.tier ?? 'EXPIRED';
        if (TIERS.indexOf(tier) < TIERS.indexOf('SURVIVAL')) {
          fail(`${machine.name}: ${domain} is ${tier} while its evidence is held`);
        }
      },
    },
  }),
};
