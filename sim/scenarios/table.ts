/** Every scenario that comes with the simulator, by name. */

import { Refusal } from '../../core/refusal.ts';
import { PLAIN, type Scenario } from '../scenario.ts';
import { archipelago } from './archipelago.ts';
import { capturedNode } from './captured-node.ts';
import { clockAttack } from './clock-attack.ts';
import { container } from './container.ts';
import { cutCable } from './cut-cable.ts';
import { garrison } from './garrison.ts';
import { lostHub } from './lost-hub.ts';
import { outpost } from './outpost.ts';
import { patrol } from './patrol.ts';
import { radio } from './radio.ts';
import { restoredBackup } from './restored-backup.ts';
import { ship } from './ship.ts';
import { splitHeadquarters } from './split-headquarters.ts';
import { standIn } from './stand-in.ts';
import { stolenBeaconKey } from './stolen-beacon-key.ts';
import { swarm } from './swarm.ts';

/** All but `plain`, `swarm` and `garrison` tell a story. */
export const SCENARIOS: readonly Scenario[] = [
  { ...PLAIN, shows: 'a quiet coalition of four' },
  ...[swarm, garrison],
  ...[patrol, ship, splitHeadquarters, capturedNode, stolenBeaconKey, clockAttack, lostHub],
  ...[radio, restoredBackup, container, archipelago, cutCable, outpost, standIn],
];

/** The scenario of that name. Refuses `scenario-unknown`. */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) {
    const known = SCENARIOS.map((scenario) => scenario.name).join(' ');
    throw new Refusal('scenario-unknown', { got: name.slice(0, 80), known });
  }
  return found;
}
