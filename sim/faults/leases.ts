/** What befalls leases: the desk that renews them is closed, or a machine has lost its own. */

import { SECOND_MS } from '../../core/time.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { Fault } from '../happening.ts';
import { machinesOf } from './power.ts';

/** The people of a domain grant nothing for a while: its leases end. */
export const closedDesk: Fault = {
  name: 'closed-desk',
  family: 'people',
  draw: (dice, { authorities, periodMs }) => ({
    on: [dice.pick(authorities)],
    forMs: 1 + dice.wait(40 * periodMs),
    amount: 0,
  }),
  begin: (world, happening) => {
    const domains = machinesOf(world, happening).map(({ domain }) => domain);
    for (const domain of domains) world.desk.close(domain, 1);
    return () => {
      for (const domain of domains) world.desk.close(domain, -1);
    };
  },
};

/** A machine starts without its lease: it is a guest of everybody until it is granted another. */
export const lostLease: Fault = {
  name: 'lost-lease',
  family: 'disk',
  draw: (dice, { followers }) =>
    followers.length === 0
      ? null
      : { on: [dice.pick(followers)], forMs: 1 + dice.wait(20 * SECOND_MS), amount: 0 },
  begin: (world, happening) => {
    const machines = machinesOf(world, happening).filter(({ power }) => power !== 'off');
    for (const machine of machines) {
      machine.stop(false);
      machine.disk.lose(recordKey(machine.domain, 'lease'));
    }
    return () => {
      for (const machine of machines) if (machine.power === 'off') machine.startProcess();
    };
  },
};
