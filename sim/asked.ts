/** The world that a command line asks for, by the name of a scenario or by a file of one. */

import { isFile, readScenarioFile } from './host/files.ts';
import type { Options } from './options.ts';
import { checkMix, parseScenario, type Replay, resized } from './scenario.ts';
import { scenarioNamed } from './scenarios/table.ts';

/**
 * With what the command line changes in it. Refuses `scenario-unknown`, `scenario-mix`, `too-large`
 * and what `parseScenario` refuses.
 */
export function worldAsked({
  scenario: asked,
  nodes,
  minutes,
}: Pick<Options, 'scenario' | 'nodes' | 'minutes'>): Replay {
  const replay = isFile(asked)
    ? parseScenario(readScenarioFile(asked))
    : { scenario: scenarioNamed(asked), seed: null };
  const scenario = resized(replay.scenario, { nodes, minutes });
  checkMix(scenario);
  return { scenario, seed: replay.seed };
}
