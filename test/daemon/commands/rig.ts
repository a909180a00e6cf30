/** Runs a command line in this process, as `holdfast` would, against a fake daemon. */

import type { ControlMethods } from '../../../daemon/control/server.ts';
import { environmentOf } from '../../../daemon/host/environment.ts';
import { main } from '../../../daemon/main.ts';
import { openFakeDaemon } from '../../fakes/fake-daemon.ts';
import { temporaryFolder } from '../../folder.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs `holdfast args…` with variables of its own; `home` holds all usual paths. Whoever is asked
 * types `typed`; without it there is no terminal to ask at.
 */
export async function holdfast(
  args: readonly string[],
  home: string,
  variables: Readonly<Record<string, string>> = {},
  typed?: string,
): Promise<Outcome> {
  let out = '';
  let err = '';
  const code = await main(args, {
    environment: environmentOf(variables, 1_000, home),
    write: (text) => {
      out += text;
    },
    complain: (line) => {
      err += `${line}\n`;
    },
    ...(typed === undefined ? {} : { ask: async () => typed, askSecret: async () => typed }),
  });
  return { code, out, err };
}

/** Runs one command line against a daemon whose methods are `instead` or the usual fakes. */
export async function holdfastWithDaemon(
  args: readonly string[],
  instead: Partial<ControlMethods> = {},
  typed?: string,
): Promise<Outcome> {
  await using folder = await temporaryFolder();
  const socket = folder.file('control.sock');
  const daemon = await openFakeDaemon(socket, instead);
  try {
    return await holdfast(args, folder.path, { HOLDFAST_CONTROL_SOCKET: socket }, typed);
  } finally {
    await daemon.close();
  }
}
