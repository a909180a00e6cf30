/** What `run` and `start` share: a daemon on this host, until it is asked to end. */

import type { Digest } from '../../core/digest.ts';
import { Failure } from '../../core/failure.ts';
import { STOP_MS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { createStandby, type StandbyKey } from '../authority/standby.ts';
import type { Config } from '../config/keys.ts';
import { type Daemon, openDaemon } from '../daemon.ts';
import { type Host, openGround } from '../ground.ts';
import { groupIdOf } from '../host/account-names.ts';
import { openClock } from '../host/clock.ts';
import { localPeerOf } from '../host/control-peer.ts';
import { isClockSynchronised } from '../host/kernel-clock.ts';
import { type HostLog, openLog } from '../host/log.ts';
import { endWithNpmShell } from '../host/npm-shell.ts';
import { hostProcesses } from '../host/process-facts.ts';
import { hostRandom } from '../host/random.ts';
import { findInvoker } from '../host/service-notify.ts';
import { endWithin, onAskedToReload, untilAskedToEnd } from '../host/signals.ts';
import { LateNetwork } from '../network/late-network.ts';
import type { Clock, Log } from '../ports.ts';

/**
 * Opens a daemon on this host, calls `ready` once it serves, and closes it when asked to end.
 * `load` reads the configuration, anew when asked to; `hostOf` says what the host is to it.
 */
export async function serve(
  load: () => Promise<Config>,
  ready: (daemon: Daemon) => Promise<void>,
  hostOf: (clock: Clock, log: Log) => Host = thisHost,
): Promise<void> {
  const ending = untilAskedToEnd();
  await endWithNpmShell();
  const { promise: serving, resolve: serves } = Promise.withResolvers<void>();
  let turn = serving;
  let reload = async (): Promise<void> => undefined;
  const stop = onAskedToReload(() => {
    turn = turn.then(() => reload());
  });
  const config = await load();
  const clock = openClock();
  const log = openLog({ settings: config, clock });
  const invoker = await findInvoker();
  const daemon = await openDaemon(config, hostOf(clock, log));
  const sleep = invoker.keepWatch();
  const { domain, listen, sockets } = daemon.status();
  const tellReady = () => invoker.ready(`serves ${domain}`);
  reload = async () => {
    invoker.reloading();
    await takeOver(daemon, load, log);
    tellReady();
  };
  try {
    log.info('ready', { domain, ...sockets, listen: listen.join(' ') });
    tellReady();
    serves();
    await ready(daemon);
    log.info('ending', { signal: await ending });
  } finally {
    stop();
    invoker.stopping();
    const inTime = endWithin(STOP_MS_MAX, () => log.warn('ended before all was closed'));
    await turn;
    await daemon.close();
    inTime();
    sleep();
  }
}

/** Makes the state folder of a standby on this host; see `createStandby`. */
export async function createStandbyHere(
  config: Config,
  file: Uint8Array,
  firstRoot: Digest,
): Promise<readonly StandbyKey[]> {
  const clock = openClock();
  await using opening = new AsyncDisposableStack();
  const host = thisHost(clock, openLog({ settings: config, clock }));
  return await createStandby(await openGround(config, host, opening), file, firstRoot);
}

/** This machine, as a daemon sees it. */
export function thisHost(clock: Clock, log: Log): Host {
  return {
    ...{ clock, log, localPeerOf, groupIdOf, isClockSynchronised },
    random: hostRandom,
    processes: hostProcesses,
    openNetwork: (options) => new LateNetwork(options),
  };
}

/** Has the daemon take over its configuration; one that cannot be read leaves all as it was. */
async function takeOver(daemon: Daemon, load: () => Promise<Config>, log: HostLog): Promise<void> {
  try {
    const config = await load();
    const { taken, waiting } = await daemon.reload(config);
    log.configure(config);
    log.info('reloaded', { taken: taken.join(' '), waiting: waiting.join(' ') });
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Failure)) throw error;
    const details = error instanceof Refusal ? error.details : {};
    log.warn('not reloaded', { code: error.code, why: error.message, ...details });
  }
}
