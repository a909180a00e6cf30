/**
 * The shipping daemon on a machine that somebody tampers with: what a test runs in place of
 * `holdfast run`, with the same options. Its clocks and its network card are not to be trusted.
 */

import { dirname } from 'node:path';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import { parseLine } from '../../daemon/commands/command.ts';
import { serve, thisHost } from '../../daemon/commands/serve.ts';
import { loadSettings, SETTING_OPTIONS } from '../../daemon/commands/settings.ts';
import type { Config } from '../../daemon/config/keys.ts';
import { readEnvironment } from '../../daemon/host/environment.ts';
import { Dice } from '../../sim/dice.ts';
import { CapturedNetwork } from './captured-network.ts';
import { tamperedClock } from './tampered-clock.ts';
import { tamperingIn } from './tampering.ts';

const SEED = 1;

const { values } = parseLine(process.argv.slice(2), SETTING_OPTIONS);
const load = (): Promise<Config> => loadSettings(values, readEnvironment());
const { statePath, trustDomain: domain } = await load();
const folder = dirname(statePath);

await serve(
  load,
  async () => undefined,
  (clock, log) => {
    const host = thisHost(tamperedClock(clock, folder), log);
    const captured = {
      name: folder,
      domain,
      suite: runtimeSuite(),
      dice: new Dice(SEED, domain),
      after: (delayMs: number, run: () => void) => void setTimeout(run, delayMs),
      did: () => undefined,
    };
    return {
      ...host,
      isClockSynchronised: () => false,
      openNetwork: (options) =>
        new CapturedNetwork(host.openNetwork(options), captured, () => {
          return new Map(tamperingIn(folder).habits);
        }),
    };
  },
);
