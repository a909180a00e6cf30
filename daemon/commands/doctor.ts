/** `holdfast doctor`: looks at whatever can be wrong, and names the command that mends it. */

import { resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import { defaultConfig } from '../config/config.ts';
import type { Config } from '../config/keys.ts';
import { ControlError } from '../control/frames.ts';
import { bootFindings } from '../doctor/boot-checks.ts';
import { configFinding, refusedConfigFinding } from '../doctor/config-checks.ts';
import { type DaemonFacts, daemonFindings } from '../doctor/daemon-checks.ts';
import { type Finding, shellWord, type Typed } from '../doctor/finding.ts';
import * as host from '../doctor/host-checks.ts';
import { processFindings } from '../doctor/process-checks.ts';
import { lockHolder, stateFindings } from '../doctor/state-checks.ts';
import { openClock } from '../host/clock.ts';
import { stateFolderAt } from '../store/state-folder.ts';
import { type Command, type CommandContext, EXIT_DONE, EXIT_FAILED, parseLine } from './command.ts';
import { countText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, loadSettings, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast doctor [OPTIONS]

Looks at the clock, the runtime, the configuration, the state and its keys, the
disk, the sockets, the limits of the process, and at what the daemon says of its
time, lease, domains, links, alarms and expiries. Changes nothing. For every
finding it names what mends it. Exits 1 if there is a fault.

  --config FILE           configuration that the daemon has
  --state FOLDER          folder of the state
  --trust-domain NAME     its domain, where the daemon was given one
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'doctor',
  summary: 'look for what is wrong, and say what mends it',
  usage: USAGE,
  run,
};

const OPTIONS = {
  ...CLIENT_OPTIONS,
  config: { type: 'string' },
  state: { type: 'string' },
  'trust-domain': { type: 'string' },
} as const;

type Values = Readonly<
  Partial<Record<'config' | 'state' | 'trust-domain' | 'control-socket', string | undefined>>
>;

async function run(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, OPTIONS);
  const findings = await examine(context, values);
  context.write(values.json ? jsonText({ findings }) : findingsText(findings));
  return findings.some(({ state }) => state === 'fault') ? EXIT_FAILED : EXIT_DONE;
}

async function examine(context: CommandContext, values: Values): Promise<readonly Finding[]> {
  const { config, finding } = await configured(context, values);
  const told = values['control-socket'] ?? context.environment.controlSocket;
  const socket = resolve(told ?? config.controlSocket);
  const { wall } = openClock().now();
  const facts = await askDaemon(context, socket);
  const isServed = facts !== undefined;
  const typed = typedLike(values, socket === resolve(config.controlSocket) ? undefined : socket);
  const holder = isServed ? await lockHolder(stateFolderAt(config.statePath)) : undefined;
  const workload = facts?.status.sockets.workload ?? config.workloadSocket;
  const folder = await host.socketFolderFinding(socket);
  return [
    host.clockFinding(wall),
    host.runtimeFinding(process.version),
    finding,
    ...(await stateFindings(config.statePath, process.getuid?.() ?? 0, isServed, typed)),
    ...(folder === undefined ? [] : [folder]),
    await host.socketFinding(socket, isServed, typed),
    ...(facts === undefined ? [] : [await host.workloadFinding(workload)]),
    await host.tpmFinding(),
    ...(await bootFindings(config, isServed)),
    ...(holder === undefined ? [] : await processFindings(holder)),
    ...(facts === undefined
      ? []
      : daemonFindings(facts, { wallMs: wall, trustDomain: config.trustDomain }, typed)),
  ];
}

/** The options given to this command, for the commands it names. */
function typedLike(values: Values, socket: string | undefined): Typed {
  const given = (name: keyof Values, value = values[name]): string =>
    value === undefined ? '' : ` --${name} ${shellWord(value)}`;
  const client = given('control-socket');
  const start = `holdfast start${given('config')}${given('trust-domain')}${given('state')}`;
  return { start: `${start}${given('control-socket', socket)}`, client };
}

/** The configuration; where it is refused, the defaults, so that the rest can be looked at. */
async function configured(
  { environment }: CommandContext,
  values: Values,
): Promise<{ readonly config: Config; readonly finding: Finding }> {
  const file = values.config ?? environment.paths.config;
  try {
    const config = await loadSettings(values, environment);
    return { config, finding: await configFinding(file, config.trustDomain) };
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Failure)) throw error;
    const { state } = values;
    const usual = defaultConfig(environment.paths);
    const config = state === undefined ? usual : { ...usual, statePath: resolve(state) };
    return { config, finding: refusedConfigFinding(file, error) };
  }
}

/** What the daemon says; undefined where none answers, which is a finding of its own. */
async function askDaemon(
  context: CommandContext,
  socket: string,
): Promise<DaemonFacts | undefined> {
  try {
    return await withDaemon(context, { 'control-socket': socket }, async (daemon) => ({
      status: await daemon.call('status', {}),
      relations: (await daemon.call('federation.list', {})).relations,
      authorities: (await daemon.call('authority.show', {})).authorities,
    }));
  } catch (error) {
    if (error instanceof Failure || error instanceof ControlError) return undefined;
    throw error;
  }
}

function findingsText(findings: readonly Finding[]): string {
  const rows = findings.map(({ state, check, says }) => [state.toUpperCase(), check, says]);
  const wrong = findings.filter(({ state }) => state !== 'ok');
  const mends = wrong.map(({ check, mend }, i) => [String(i + 1), check, mend]);
  const faults = findings.filter(({ state }) => state === 'fault').length;
  return [
    tableText(['STATE', 'CHECK', 'WHAT'], rows),
    ...(mends.length === 0 ? [] : [tableText(['', 'CHECK', 'MEND IT WITH'], mends)]),
    `${countText(faults, 'fault', 'faults')}, ${countText(findings.length, 'thing', 'things')} looked at\n`,
  ].join('\n');
}
