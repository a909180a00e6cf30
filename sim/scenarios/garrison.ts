/** A garrison: the swarm's faults on domains that have standbys and more than one leaseholder. */

import { SECOND_MS } from '../../core/time.ts';
import type { Scenario } from '../scenario.ts';
import { swarm } from './swarm.ts';

export const garrison: Scenario = {
  ...swarm,
  name: 'garrison',
  shows: 'that the invariants hold where writing passes from one machine to the next',
  domains: 2,
  followers: 2,
  standbys: 2,
  writerForMs: 60 * SECOND_MS,
  links: 'full',
};
