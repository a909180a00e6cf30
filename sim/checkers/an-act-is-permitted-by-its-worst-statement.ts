/**
 * An act is permitted at no better tier than its worst statement, and what it makes outlives none
 * (PROTOCOL §4.6, §4.7). Tiers are computed anew from asOf, the clock and the stored ledger.
 */

import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { AgeLimits } from '../../federation/limits.ts';
import type { Policy } from '../../federation/policy.ts';
import type { Standing } from '../../federation/standing.ts';
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

interface Basis {
  readonly step: Step;
  /** The earliest date that the machine may go by. */
  readonly date: number;
  /** What the age of our own evidence says. */
  readonly ownDue: Tier;
}

/** What a verdict rests on beside the documents. */
interface Judged extends Pick<Standing, 'tier' | 'asOf' | 'limits'> {
  readonly policy: Policy;
}

export const anActIsPermittedByItsWorstStatement: CheckerKind = {
  sentence: 'an act is permitted by its worst statement',
  make: (world, fail) => {
    const { limits } = world.scenario;
    /** By the documents shown, how they stood when they were judged last. */
    const judged = new WeakMap<DomainView['documents'], Judged>();
    /** What a step is judged by, once for all that it views. */
    let basis: Basis | null = null;
    const basisOf = (step: Step): Basis => {
      if (basis?.step === step) return basis;
      const { machine } = step;
      const date = dateOf(world, machine);
      const record = recordOf(machine, machine.domain, 'keeping');
      const asOf = record === null ? null : keepingOf(record).asOf;
      const ownDue = dueOf(step, machine.domain, { asOf, date });
      basis = { step, date, ownDue };
      return basis;
    };
    const dueOf = (
      { machine, now }: Step,
      domain: TrustDomain,
      { asOf, date }: { readonly asOf: number | null; readonly date: number },
    ): Tier => {
      if (asOf === null) return 'EXPIRED';
      const record = recordOf(machine, domain, 'keeping');
      const keeping = record === null ? null : keepingOf(record);
      const sameBoot = keeping?.bootId === machine.clock.bootId;
      const ledger = keeping !== null && sameBoot ? ledgerAt(keeping, now.boot) : 0;
      return tierOfAge(Math.max(0, date - asOf, ledger), limits);
    };
    /** What rests on a partner's bundle rests on our own word that it is a partner too. */
    const judgePartner = (step: Step, partner: DomainView, policy: Policy): void => {
      const { machine, now } = step;
      const { ownDue } = basisOf(step);
      if (ownDue === 'FRESH') return; // which permits everything
      for (const action of ['serve-foreign', 'accept-foreign'] as const) {
        const table = policy.tiers.get(action) ?? 'FRESH';
        const needs = partner.relation?.survivalForeign ? worst(table, 'SURVIVAL') : table;
        if (isPermitted(ownDue, needs)) continue;
        const own = machine.node?.viewOf(machine.domain, now);
        if (!own || own.overrides.length > 0) return;
        world.coverage.saw('checker: a partner was met by a machine too old itself');
        if (!mayRestOnPartner(partner, own, policy, { action, documents: ['policy'] })) continue;
        fail(`${machine.name}: ${action} of ${partner.domain} rests on our own ${ownDue}`);
      }
    };
    return {
      viewed: (view, step) => {
        const { machine } = step;
        if (machine.node === null) return;
        const { policy } = machine.node;
        const { tier, asOf, limits: inForce } = view.standing;
        world.coverage.saw('tier', tier);
        if (!view.isOwn) judgePartner(step, view, policy);
        const due = dueOf(step, view.domain, { asOf, date: basisOf(step).date });
        if (rank(tier) < rank(due)) {
          fail(`${machine.name}: ${view.domain} is ${tier}, its age says ${due}`);
        }
        if (isJudged(judged.get(view.documents), view, policy)) return;
        // An override ends by itself: what takes one is judged each time.
        if (view.overrides.length > 0) judged.delete(view.documents);
        else judged.set(view.documents, { tier, asOf, limits: inForce, policy });
        const excess = excessOf(view, policy, limits);
        if (excess !== null) fail(excess);
      },
    };
  },
};

/** True where the same documents stood the same before: what they permit rests on nothing else. */
function isJudged(last: Judged | undefined, view: DomainView, policy: Policy): boolean {
  if (last === undefined || last.policy !== policy || view.overrides.length > 0) return false;
  const { tier, asOf, limits } = view.standing;
  const sameLimits =
    last.limits.freshForMs === limits.freshForMs &&
    last.limits.degradedForMs === limits.degradedForMs &&
    last.limits.survivalForMs === limits.survivalForMs;
  return sameLimits && last.asOf === asOf && last.tier === tier;
}

/** What the documents shown permit beyond their tiers or for too long, or null. */
function excessOf(view: DomainView, policy: Policy, limits: AgeLimits): string | null {
  const { tier, asOf } = view.standing;
  const tiers = new Set<string>();
  for (const [name, document] of view.documents) {
    // Documents of one tier permit the same.
    if (tiers.has(document.tier)) continue;
    tiers.add(document.tier);
    if (rank(document.tier) < rank(tier)) return `${name} is better than its domain`;
    const documents = [name];
    for (const action of ACTION_CLASSES) {
      const verdict = permitted(view, policy, { action, lifetime: action, documents });
      // What people permit beyond it is judged by a checker of its own.
      if (!verdict.permitted || verdict.override !== null) continue;
      const needs = policy.tiers.get(action) ?? 'FRESH';
      if (!isPermitted(document.tier, needs)) return `${action} rests on ${document.tier}`;
      if (asOf === null || verdict.until > asOf + limits.survivalForMs) {
        return `${action} on ${name} of ${view.domain} would outlive its evidence`;
      }
    }
  }
  return null;
}

function rank(tier: Tier): number {
  return TIERS.indexOf(tier);
}
