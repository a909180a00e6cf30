/** The swarm: every fault there is, drawn by the seed; what `npm run sim -- --seeds` runs. */

import { FAULTS } from '../faults/table.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const swarm: Scenario = {
  ...PLAIN,
  name: 'swarm',
  shows: 'that the invariants hold whatever befalls whom',
  domains: 3,
  followers: 1,
  minutes: 40,
  limits: { freshForMs: 240_000, degradedForMs: 600_000, survivalForMs: 1_500_000 },
  faults: FAULTS.map(({ name }) => name),
};
