/** What `run` and `start` share: a daemon on this host, until it is asked to end. */

import type { Config } from '../config-keys.ts';
import { type Daemon, openDaemon } from '../daemon.ts';
import { openClock } from '../host/clock.ts';
import { peerCredentialsOf } from '../host/control-peer.ts';
import { isClockSynchronised } from '../host/kernel-clock.ts';
import { openLog } from '../host/log.ts';
import { hostProcesses } from '../host/process-facts.ts';
import { hostRandom } from '../host/random.ts';
import { findInvoker } from '../host/service-notify.ts';
import { untilAskedToEnd } from '../host/signals.ts';

/** Opens a daemon on this host, calls `ready` once it serves, and closes it when asked to end. */
export async function serve(
  config: Config,
  ready: (daemon: Daemon) => Promise<void>,
): Promise<void> {
  const ending = untilAskedToEnd();
  const clock = openClock();
  const log = openLog({ format: config.logFormat, clock });
  const host = {
    clock,
    random: hostRandom,
    log,
    processes: hostProcesses,
    peerCredentialsOf,
    isClockSynchronised,
  };
  const invoker = await findInvoker();
  const daemon = await openDaemon(config, host);
  const sleep = invoker.keepWatch();
  try {
    const { domain, listen, sockets } = daemon.status();
    log.info('ready', { domain, ...sockets, listen: listen.join(' ') });
    invoker.ready(`serves ${domain}`);
    await ready(daemon);
    log.info('ending', { signal: await ending });
  } finally {
    invoker.stopping();
    await daemon.close();
    sleep();
  }
}
