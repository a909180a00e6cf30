/**
 * What the environment says: where files and sockets live, and how output may look.
 *
 * Root uses `/run/holdfast`, `/var/lib/holdfast` and `/etc/holdfast/config.toml`; everyone else the
 * XDG base directories. A relative path in an XDG variable is ignored, as that specification asks
 * (XDG Base Directory §2). Without a runtime directory the sockets stand in the state folder, which
 * is private to the user too.
 */

import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where things live unless the configuration says otherwise; absolute. */
export interface DefaultPaths {
  readonly config: string;
  readonly state: string;
  readonly controlSocket: string;
  readonly workloadSocket: string;
}

export interface Environment {
  readonly paths: DefaultPaths;
  /** `HOLDFAST_CONTROL_SOCKET`: the daemon a client command talks to. */
  readonly controlSocket: string | undefined;
  /** The daemon of another machine, where commands are to go to one. */
  readonly remote?: { readonly address: string; readonly svidFolder: string };
  /** `SPIFFE_ENDPOINT_SOCKET` as it stands, unparsed (SPIFFE Workload Endpoint §4). */
  readonly endpointSocket: string | undefined;
  /** False if `NO_COLOR` is set to anything but the empty string. */
  readonly color: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Reads the environment of this process. */
export function readEnvironment(): Environment {
  return environmentOf(process.env, process.getuid?.() ?? 0, homedir());
}

/** The environment that `variables` describe for user `uid`, whose home is `home`. */
export function environmentOf(variables: Variables, uid: number, home: string): Environment {
  return {
    paths: uid === 0 ? systemPaths() : userPaths(variables, home),
    controlSocket: variables.HOLDFAST_CONTROL_SOCKET || undefined,
    endpointSocket: variables.SPIFFE_ENDPOINT_SOCKET || undefined,
    color: !variables.NO_COLOR,
  };
}

function systemPaths(): DefaultPaths {
  return {
    config: '/etc/holdfast/config.toml',
    state: '/var/lib/holdfast',
    ...socketsIn('/run/holdfast'),
  };
}

function userPaths(variables: Variables, home: string): DefaultPaths {
  const base = (name: string): string | undefined => {
    const path = variables[name];
    return path !== undefined && isAbsolute(path) ? path : undefined;
  };
  const state = join(base('XDG_STATE_HOME') ?? join(home, '.local/state'), 'holdfast');
  const runtime = base('XDG_RUNTIME_DIR');
  return {
    config: join(base('XDG_CONFIG_HOME') ?? join(home, '.config'), 'holdfast/config.toml'),
    state,
    ...socketsIn(runtime === undefined ? state : join(runtime, 'holdfast')),
  };
}

function socketsIn(folder: string): Pick<DefaultPaths, 'controlSocket' | 'workloadSocket'> {
  return {
    controlSocket: join(folder, 'control.sock'),
    workloadSocket: join(folder, 'workload.sock'),
  };
}
