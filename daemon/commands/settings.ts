/**
 * From options, environment and file to one configuration: an option beats the file, and the file
 * beats the defaults. Client commands find the daemon's socket the same way.
 */

import { resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { CONFIG_BYTES_MAX } from '../../core/limits.ts';
import { VERSION } from '../../core/version.ts';
import { defaultConfig, overrideConfig, parseConfig } from '../config/config.ts';
import type { Config } from '../config/keys.ts';
import { type ControlClient, connectControl } from '../control/client.ts';
import { ControlError } from '../control/frames.ts';
import { openClock } from '../host/clock.ts';
import type { Environment } from '../host/environment.ts';
import { readBounded, systemCode } from '../host/files.ts';
import { parseListenAddress } from '../text/address.ts';
import { type CommandContext, UsageError } from './command.ts';

/** Options of commands that start a daemon. */
export const SETTING_OPTIONS = {
  config: { type: 'string' },
  state: { type: 'string' },
  'trust-domain': { type: 'string' },
  role: { type: 'string' },
  listen: { type: 'string', multiple: true },
  'control-socket': { type: 'string' },
  'workload-socket': { type: 'string' },
  tpm: { type: 'boolean' },
} as const;

/** The lines of help for `SETTING_OPTIONS`. */
export const SETTING_USAGE = `\
  --config FILE           configuration (TOML)
  --state FOLDER          folder of the state
  --trust-domain NAME     trust domain of this node
  --role ROLE             authority, the default: founds a domain, signs for it;
                          member: belongs to one, see holdfast enroll
  --listen ADDRESS        where other nodes reach this one, such as
                          /ip4/127.0.0.1/tcp/7717; may be repeated
  --control-socket PATH   socket of the commands
  --workload-socket PATH  socket of the SPIFFE Workload API
  --tpm                   refuse to run without a TPM
`;

/** Options of commands that talk to a daemon. */
export const CLIENT_OPTIONS = {
  'control-socket': { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** The lines of help for `CLIENT_OPTIONS`. */
export const CLIENT_USAGE = `\
  --control-socket PATH   the daemon to talk to, if not the usual one
  --json                  print facts for machines
`;

/** Values of `SETTING_OPTIONS`, each absent where it was not given. */
export interface SettingValues {
  readonly config?: string | undefined;
  readonly state?: string | undefined;
  readonly 'trust-domain'?: string | undefined;
  readonly role?: string | undefined;
  readonly listen?: readonly string[] | undefined;
  readonly 'control-socket'?: string | undefined;
  readonly 'workload-socket'?: string | undefined;
  readonly tpm?: boolean | undefined;
}

/**
 * The configuration in force. Refuses as `parseConfig` does; fails `file-unreadable` for a file
 * that was asked for by name. The usual file may be absent.
 */
export async function loadSettings(
  values: SettingValues,
  environment: Environment,
): Promise<Config> {
  const defaults = defaultConfig(environment.paths);
  const path = values.config ?? environment.paths.config;
  const file = await readConfig(path, values.config !== undefined);
  const config = file === undefined ? defaults : parseConfig(file, defaults);
  return overrideConfig(config, givenSettings(values));
}

/** Connects to the daemon, runs `use`, and closes the connection whatever came of it. */
export async function withDaemon<T>(
  context: CommandContext,
  values: Pick<SettingValues, 'control-socket'>,
  use: (daemon: ControlClient) => Promise<T>,
): Promise<T> {
  const daemon = await connectDaemon(context, values);
  try {
    return await use(daemon);
  } catch (error) {
    throw await blamedOnVersion(error, daemon);
  } finally {
    await daemon.close();
  }
}

/** By what a daemon answers a call that another version knows, or knows otherwise. */
const NOT_UNDERSTOOD: readonly string[] = ['control-method', 'control-params'];

/** The same trouble, or where the daemon is of another version that, and what works with both. */
async function blamedOnVersion(error: unknown, daemon: ControlClient): Promise<unknown> {
  if (!(error instanceof ControlError) || !NOT_UNDERSTOOD.includes(error.code)) return error;
  const { version } = await daemon.call('status', {});
  if (version === VERSION) return error;
  const { code, message, details } = error;
  const mend =
    'use the holdfast that the daemon came with; status, whoami, alarm list and audit tail ' +
    'work with both';
  return new ControlError({
    code,
    message,
    details: { ...details, daemon: version, command: VERSION },
    mend,
  });
}

async function connectDaemon(
  context: CommandContext,
  values: Pick<SettingValues, 'control-socket'>,
): Promise<ControlClient> {
  const { remote } = context.environment;
  if (remote === undefined) return connectControl(resolve(await controlSocketOf(context, values)));
  const place = parseListenAddress(remote.address);
  if (place === undefined) {
    throw new UsageError('--control takes an address such as /ip4/192.0.2.10/tcp/7719');
  }
  const { connectOverNetwork } = await import('../control/network-client.ts');
  const now = openClock().now().wall;
  return connectOverNetwork({ ...place, svidFolder: remote.svidFolder, now });
}

/** Where the daemon listens: the option, else the environment, else the configuration. */
export async function controlSocketOf(
  { environment }: CommandContext,
  values: Pick<SettingValues, 'control-socket'>,
): Promise<string> {
  const told = values['control-socket'] ?? environment.controlSocket;
  return told ?? (await loadSettings({}, environment)).controlSocket;
}

async function readConfig(path: string, isAskedFor: boolean): Promise<Uint8Array | undefined> {
  try {
    return await readBounded(path, CONFIG_BYTES_MAX);
  } catch (error) {
    const isAbsent = error instanceof Failure && systemCode(error.cause) === 'ENOENT';
    if (isAbsent && !isAskedFor) return undefined;
    throw error;
  }
}

/** Options under their names in TOML; a relative path counts from the working folder. */
function givenSettings(values: SettingValues): ReadonlyMap<string, unknown> {
  const path = (value: string | undefined) => (value === undefined ? undefined : resolve(value));
  const given: readonly (readonly [string, unknown])[] = [
    ['paths.state', path(values.state)],
    ['paths.control_socket', path(values['control-socket'])],
    ['paths.workload_socket', path(values['workload-socket'])],
    ['trust_domain', values['trust-domain']],
    ['node.role', values.role],
    ['network.listen', values.listen],
    ['tpm.use', values.tpm === true ? 'required' : undefined],
  ];
  return new Map(given.filter(([, value]) => value !== undefined));
}
