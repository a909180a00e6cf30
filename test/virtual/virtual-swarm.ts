/** The swarm over real libp2p: every fault that reaches it, drawn by the seed. */

import { PLAIN, type Scenario } from '../../sim/scenario.ts';
import { cutCable } from '../../sim/scenarios/cut-cable.ts';
import { VIRTUAL_FAULTS } from './virtual-faults.ts';

const { limits, periodMs } = cutCable;

export const virtualSwarm: Scenario = {
  ...{ ...PLAIN, limits, periodMs },
  name: 'swarm',
  shows: 'that daemons come to agree again whatever befell whom',
  domains: 3,
  followers: 1,
  minutes: 5,
  faults: [...VIRTUAL_FAULTS.keys()],
};
