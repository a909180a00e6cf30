/**
 * No suspend, reboot, crash or power cut lowers the ledger (PROTOCOL §4.2).
 *
 * Held against the power that the machine really had since it first heard of a domain. A machine
 * whose disk failed or was slow is spared, for its ledger came late; so is time in which the
 * process stood still, if power ended before its next step was done.
 */

import type { TrustDomain } from '../../core/spiffe-id.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { CheckerKind } from '../checker.ts';
import { isVouched, passedMs } from '../date.ts';
import type { Machine } from '../machine.ts';
import { type Keeping, keepingOf, ledgerAt } from '../reading.ts';

interface Baseline {
  readonly poweredMs: number;
  readonly ledgerMs: number;
  readonly asOf: number;
}

/** Between the moment a checkpoint is due and the moment it is durable, and for rounding. */
const SLACK_MS = 2;

export const noEndOfPowerLowersTheLedger: CheckerKind = {
  sentence: 'no end of power lowers the ledger',
  make: (world, fail) => {
    const baselines = new Map<Machine, Map<TrustDomain, Baseline>>();
    const judge = (
      machine: Machine,
      domain: TrustDomain,
      keeping: Keeping,
      ledgerMs: number,
    ): void => {
      if (keeping.asOf === null || machine.disk.wasPoor || machine.restored) return;
      // A thief may number higher and date lower: his evidence is older than what it replaces.
      if (world.stolen.has(domain)) return;
      const poweredMs = machine.clock.poweredMs(world.now);
      const mine = baselines.get(machine) ?? new Map<TrustDomain, Baseline>();
      const baseline = mine.get(domain);
      if (baseline === undefined) {
        baselines.set(machine, mine.set(domain, { poweredMs, ledgerMs, asOf: keeping.asOf }));
        return;
      }
      const powered = poweredMs - baseline.poweredMs;
      const due = baseline.ledgerMs + powered - (keeping.asOf - baseline.asOf);
      if (ledgerMs >= due - SLACK_MS) return;
      // A vouched date gives back what cannot have passed since asOf; it counts on from there.
      if (isVouched(machine) && ledgerMs >= passedMs(world, machine, keeping.asOf)) {
        world.coverage.saw('checker: a date gave powered time back');
        mine.set(domain, { poweredMs, ledgerMs, asOf: keeping.asOf });
      } else {
        fail(`${machine.name}: the ledger of ${domain} has ${ledgerMs}, due ${due}`);
      }
    };
    return {
      started: (machine) => {
        for (const domain of baselines.get(machine)?.keys() ?? []) {
          const held = machine.believed.get(recordKey(domain, 'keeping'));
          // A boot that stored nothing yet is charged from the start of the process (§4.2).
          const isOfThisBoot =
            held !== undefined && keepingOf(held).bootId === machine.clock.bootId;
          if (!isOfThisBoot && machine.clock.poweredInBootMs(world.now) > 0)
            baselines.get(machine)?.delete(domain);
        }
      },
      wrote: {
        keeping: ({ value, domain }, { machine, now }) => {
          if (value === null) return;
          const keeping = keepingOf(value);
          judge(machine, domain, keeping, ledgerAt(keeping, now.boot));
        },
      },
    };
  },
};
