/**
 * An act is permitted at no better tier than its worst statement, and what it makes outlives none
 * (PROTOCOL §4.6, §4.7). Tiers are computed anew from asOf, the clock and the stored ledger.
 */

import type { Policy } from '../../federation/policy.ts';
import {
  ACTION_CLASSES,
  isPermitted,
  TIERS,
  type Tier,
  tierOfAge,
  worst,
} from '../../federation/tier.ts';
import { type DomainView, mayRestOnPartner, permitted } from '../../federation/view.ts';
import type { CheckerKind } from '../checker.ts';
import { dateOf } from '../date.ts';
import { keepingOf, ledgerAt, recordOf } from '../reading.ts';
import type { Step } from '../step.ts';

export const anActIsPermittedByItsWorstStatement: CheckerKind = {
  sentence: 'an act is permitted by its worst statement',
  make: (world, fail) => {
    const { limits } = world.scenario;
    const ageOf = ({ machine, now, t }: Step, asOf: number, record: Uint8Array | null): number => {
      const keeping = record === null ? null : keepingOf(record);
      const sameBoot = keeping?.bootId === machine.clock.bootId;
      const ledger = keeping !== null && sameBoot ? ledgerAt(keeping, now.boot) : 0;
      return Math.max(0, dateOf(machine, t) - asOf, ledger);
    };
    /** What rests on a partner's bundle rests on our own word that it is a partner too. */
    const judgePartner = (step: Step, partner: DomainView, policy: Policy): void => {
      const { machine, now } = step;
      const record = recordOf(machine, machine.domain, 'keeping');
      const asOf = record === null ? null : keepingOf(record).asOf;
      const due = asOf === null ? 'EXPIRED' : tierOfAge(ageOf(step, asOf, record), limits);
      for (const action of ['serve-foreign', 'accept-foreign'] as const) {
        const table = policy.tiers.get(action) ?? 'FRESH';
        const needs = partner.relation?.survivalForeign ? worst(table, 'SURVIVAL') : table;
        if (isPermitted(due, needs)) continue;
        const own = machine.node?.viewOf(machine.domain, now);
        if (!own || own.overrides.length > 0) return;
        world.coverage.saw('checker: a partner was met by a machine too old itself');
        if (!mayRestOnPartner(partner, own, policy, { action, documents: ['policy'] })) continue;
        fail(`${machine.name}: ${action} of ${partner.domain} rests on our own ${due}`);
      }
    };
    const judgeDocuments = (view: DomainView, policy: Policy): void => {
      const { tier, asOf } = view.standing;
      const tiers = new Set<string>();
      for (const [name, document] of view.documents) {
        // Documents of one tier permit the same.
        if (tiers.has(document.tier)) continue;
        tiers.add(document.tier);
        if (rank(document.tier) < rank(tier)) fail(`${name} is better than its domain`);
        const documents = [name];
        for (const action of ACTION_CLASSES) {
          const verdict = permitted(view, policy, { action, lifetime: action, documents });
          // What people permit beyond it is judged by a checker of its own.
          if (!verdict.permitted || verdict.override !== null) continue;
          const needs = policy.tiers.get(action) ?? 'FRESH';
          if (!isPermitted(document.tier, needs)) fail(`${action} rests on ${document.tier}`);
          if (asOf === null || verdict.until > asOf + limits.survivalForMs) {
            fail(`${action} on ${name} of ${view.domain} would outlive its evidence`);
          }
        }
      }
    };
    return {
      viewed: (view, step) => {
        const { machine } = step;
        if (machine.node === null) return;
        const { policy } = machine.node;
        const { tier, asOf } = view.standing;
        world.coverage.saw('tier', tier);
        if (!view.isOwn) judgePartner(step, view, policy);
        const record = recordOf(machine, view.domain, 'keeping');
        const due = tierOfAge(ageOf(step, asOf ?? 0, record), limits);
        if (rank(tier) < rank(asOf === null ? 'EXPIRED' : due)) {
          fail(`${machine.name}: ${view.domain} is ${tier}, its age says ${due}`);
        }
        judgeDocuments(view, policy);
      },
    };
  },
};

function rank(tier: Tier): number {
  return TIERS.indexOf(tier);
}
