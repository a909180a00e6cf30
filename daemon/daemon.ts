/**
 * The daemon: opened whole for the role it is configured for, and taken down again.
 *
 * Order of opening: state (and its lock), audit log, keys, what was believed, then the sockets that
 * others use, the network last. Everything opened is closed in the opposite order, whatever failed.
 * What an authority and a member are made of is told in `authority-daemon.ts`, `member-daemon.ts`.
 */

import { openAuthorityDaemon } from './authority/authority-daemon.ts';
import type { Config } from './config/keys.ts';
import { afterReload, changesOf, type Reloaded } from './config/reload.ts';
import type { Status } from './control/views.ts';
import { type Host, openGround } from './ground.ts';
import { openMemberDaemon } from './member/member-daemon.ts';

/** A daemon that runs. */
export interface Daemon {
  readonly status: () => Status;
  /** Takes over what it can of a new configuration; audited. */
  reload(next: Config): Promise<Reloaded>;
  /** Takes everything down, and resolves once it is. */
  close(): Promise<void>;
}

/**
 * Opens a daemon. Refuses whatever its parts refuse (`state-locked`, `state-newer`,
 * `permissions-wide`, `port-busy`, `socket-folder`, `socket-occupied`, …); what was opened until
 * then is closed again.
 */
export async function openDaemon(config: Config, host: Host): Promise<Daemon> {
  await using opening = new AsyncDisposableStack();
  const ground = await openGround(config, host, opening);
  const open = config.role === 'authority' ? openAuthorityDaemon : openMemberDaemon;
  const { status, links } = await open(ground, opening);
  const everything = opening.move();
  let current = config;
  const reload = async (next: Config): Promise<Reloaded> => {
    const changes = changesOf(current, next);
    current = afterReload(current, next);
    links.configure(current.peers);
    ground.roles.configure(current);
    const { taken, waiting } = changes;
    const fields = { taken: taken.join(' '), waiting: waiting.join(' ') };
    await ground.audit.append('daemon.reloaded', fields);
    return changes;
  };
  return { status, reload, close: () => everything.disposeAsync() };
}
