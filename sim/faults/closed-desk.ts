/** A closed desk: the people of a domain grant nothing for a while, and its leases end. */

import type { Fault } from '../happening.ts';
import { machinesOf } from './victims.ts';

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
