/**
 * Nothing withdrawn at Z is honoured at or after Z + W + δ + L + σ (PROTOCOL §8).
 *
 * W is how long a writer goes on that does not know yet that its standby took over; with one writer
 * there is none. By wall clock: the last evidence before the withdrawal bears its date, so
 * δ is in that; σ is how slow the evaluator's clock is. By powered time: whatever the clock says,
 * a partner held since contact for L of powered time beyond what its evidence gained has aged out.
 */

import { recordKey } from '../../federation/record-key.ts';
import { type DomainView, permitted } from '../../federation/view.ts';
import type { CheckerKind } from '../checker.ts';
import { dateOf, isVouched, VOUCHED_SLOW_MS } from '../date.ts';
import type { Machine } from '../machine.ts';
import { keepingOf } from '../reading.ts';
import type { Withdrawal } from '../world.ts';

interface Contact {
  readonly poweredMs: number;
  readonly asOf: number;
}

/** Crystals may differ from true time by so many millionths, and readings are whole numbers. */
const ROUNDING_MS = 2;

export const nothingWithdrawnIsHonouredLate: CheckerKind = {
  sentence: 'nothing withdrawn is honoured late',
  make: (world, fail) => {
    /** The latest date of evidence that says nothing of a withdrawal: other writers may go on. */
    const lastOf = ({ domain, by, lastEvidence }: Withdrawal): number => {
      const others = world.authoritiesOf(domain).filter(({ name }) => name !== by);
      const last = others.map(({ name }) => world.lastEvidence.get(name) ?? 0);
      return Math.max(lastEvidence, world.robbed.get(domain) ?? 0, ...last);
    };
    const gone = new Map<string, Withdrawal>();
    const contacts = new Map<Machine, Map<string, Contact>>();
    const contactOf = (machine: Machine, domain: string, asOf: number): Contact => {
      const mine = contacts.get(machine);
      const known = mine?.get(domain);
      if (known !== undefined) return known;
      const contact = { poweredMs: machine.clock.poweredMs(world.now), asOf };
      contacts.set(machine, (mine ?? new Map<string, Contact>()).set(domain, contact));
      return contact;
    };
    const judge = (machine: Machine, view: DomainView, last: number): void => {
      const { asOf } = view.standing;
      if (asOf === null || machine.node === null) return;
      const act = { action: 'accept-foreign', lifetime: 'accept-foreign' } as const;
      const { policy } = machine.node;
      const verdict = permitted(view, policy, { ...act, documents: ['bundle'] });
      // Two people may honour what is old; how long is judged by a checker of its own.
      if (!verdict.permitted || verdict.override !== null) return;
      const { degradedForMs } = world.scenario.limits;
      if (dateOf(world, machine) >= last + degradedForMs) {
        fail(`${machine.name} honours a bundle of ${view.domain} past its last evidence`);
      }
      if (machine.restored || machine.diskFailed) return;
      const contact = contactOf(machine, view.domain, asOf);
      const powered = machine.clock.poweredMs(world.now) - contact.poweredMs;
      const slowMs = ROUNDING_MS + (isVouched(machine) ? VOUCHED_SLOW_MS : 0);
      if (powered - Math.max(0, last - contact.asOf) - slowMs >= degradedForMs) {
        fail(`${machine.name} honours a bundle of ${view.domain} after ${powered} ms of power`);
      }
    };
    return {
      withdrawn: (withdrawal) => gone.set(withdrawal.digest, withdrawal),
      started: (machine) => {
        for (const domain of contacts.get(machine)?.keys() ?? []) {
          const record = machine.believed.get(recordKey(domain as Withdrawal['domain'], 'keeping'));
          const held = record === undefined ? null : keepingOf(record).asOf;
          if (held === null) contacts.get(machine)?.delete(domain);
        }
      },
      viewed: (view, { machine }) => {
        if (world.stolen.has(view.domain)) return;
        const { asOf } = view.standing;
        if (asOf !== null) contactOf(machine, view.domain, asOf);
        if (gone.size === 0) return;
        const bundle = view.documents.get('bundle');
        const withdrawal = bundle === undefined ? undefined : gone.get(bundle.digest);
        if (withdrawal === undefined) return;
        world.coverage.saw('checker: a withdrawn bundle was still held');
        judge(machine, view, lastOf(withdrawal));
      },
    };
  },
};
