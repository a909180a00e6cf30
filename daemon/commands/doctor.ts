/** `holdfast doctor`: looks at whatever can be wrong, and names the command that mends it. */

import { resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { describeDetails, Refusal } from '../../core/refusal.ts';
import { defaultConfig } from '../config.ts';
import type { Config } from '../config-keys.ts';
import { ControlError } from '../control/protocol.ts';
import { bootFindings } from '../doctor/boot-checks.ts';
import { type DaemonFacts, daemonFindings } from '../doctor/daemon-checks.ts';
import { type Finding, fault, ok } from '../doctor/finding.ts';
import * as host from '../doctor/host-checks.ts';
import { stateFindings } from '../doctor/state-checks.ts';
import { openClock } from '../host/clock.ts';
import { type Command, type CommandContext, EXIT_DONE, EXIT_FAILED, parseLine } from './command.ts';
import { countText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, loadSettings, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast doctor [OPTIONS]

Looks at the clock, the runtime, the configuration, the state and its keys, the disk,
the sockets, and at what the daemon says of its domains, links, alarms and expiries.
Changes nothing. For every finding it names what mends it. Exits 1 if there is a fault.

  --config FILE           configuration that the daemon has
  --state FOLDER          folder of the state
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
} as const;

type Values = Readonly<Partial<Record<'config' | 'state' | 'control-socket', string | undefined>>>;

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
  const workload = facts?.status.sockets.workload ?? config.workloadSocket;
  const folder = await host.socketFolderFinding(socket);
  return [
    host.clockFinding(wall),
    host.runtimeFinding(process.version),
    finding,
    ...(await stateFindings(config.statePath, process.getuid?.() ?? 0, facts !== undefined)),
    ...(folder === undefined ? [] : [folder]),
    await host.socketFinding(socket, facts !== undefined),
    ...(facts === undefined ? [] : [await host.workloadFinding(workload)]),
    await host.tpmFinding(),
    ...(await bootFindings(config, facts !== undefined)),
    ...(facts === undefined ? [] : daemonFindings(facts, wall)),
  ];
}

/** The configuration; where it is refused, the defaults, so that the rest can be looked at. */
async function configured(
  { environment }: CommandContext,
  values: Values,
): Promise<{ readonly config: Config; readonly finding: Finding }> {
  const file = values.config ?? environment.paths.config;
  try {
    const config = await loadSettings(values, environment);
    return { config, finding: ok('config', `${config.trustDomain}, settings are valid`) };
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Failure)) throw error;
    const details = error instanceof Refusal ? ` (${describeDetails(error.details)})` : '';
    const says = `${file}: ${error.code}: ${error.message}${details}`;
    const mend = `edit ${file}; holdfast explain ${error.code}`;
    const config = defaultConfig(environment.paths);
    return { config, finding: fault('config', says, mend) };
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
