/**
 * What whoever runs this process as a service is told about it (sd_notify(3)): that it serves, that
 * it is alive, that it ends. Datagrams to the Unix socket that `NOTIFY_SOCKET` names; without one,
 * nobody asked, and nothing is said. Node sends no such datagrams, hence the foreign calls.
 */

import { closeSync } from 'node:fs';
import { concat, toUtf8 } from '../../core/bytes.ts';

/** The service manager that started this process, or nobody. */
export interface ServiceInvoker {
  /** Serves from now on; `summary` is what `systemctl status` shows. */
  ready(summary: string): void;
  /** Reads its configuration anew; serves on, and says `ready` when it has done. */
  reloading(): void;
  /** Begins to end. */
  stopping(): void;
  /** Says that it lives, until the returned function is called; a blocked process says nothing. */
  keepWatch(): () => void;
}

// <bits/socket.h>; x64 and arm64 share it.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
/** Bytes of `sun_path` (unix(7)). */
const SUN_PATH_BYTES = 108;

const NOBODY: ServiceInvoker = {
  ready: () => undefined,
  reloading: () => undefined,
  stopping: () => undefined,
  keepWatch: () => () => undefined,
};

/** Reads who started this process from its environment. */
export async function findInvoker(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ServiceInvoker> {
  const path = variables.NOTIFY_SOCKET ?? '';
  const isAddress = path.startsWith('/') || path.startsWith('@');
  if (!isAddress || toUtf8(path).length > SUN_PATH_BYTES) return NOBODY;
  const tell = await openTeller(path);
  const watchdogMs = Number.parseInt(variables.WATCHDOG_USEC ?? '', 10) / 1_000;
  return {
    ready: (summary) => tell(`READY=1\nSTATUS=${summary}\n`),
    reloading: () => tell(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}\n`),
    stopping: () => tell('STOPPING=1\n'),
    keepWatch: () => {
      if (!(watchdogMs > 0)) return () => undefined;
      // sd_watchdog_enabled(3) asks for half the time.
      const timer = setInterval(() => tell('WATCHDOG=1\n'), watchdogMs / 2);
      return () => clearInterval(timer);
    },
  };
}

/** Sends lines to the socket at `path`. What the manager does not take is its own loss. */
async function openTeller(path: string): Promise<(lines: string) => void> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int, int, int)');
  const sendto = libc.func(
    'long sendto(int, const uint8_t *, unsigned long, int, const uint8_t *, uint32_t)',
  );
  const address = addressOf(path);
  return (lines) => {
    const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) as number;
    if (fd < 0) return;
    const bytes = toUtf8(lines);
    sendto(fd, bytes, bytes.length, 0, address, address.length);
    closeSync(fd);
  };
}

/** `sockaddr_un`: the family, then the path; `@` stands for the zero of an abstract name. */
function addressOf(path: string): Uint8Array {
  const name = path.startsWith('@')
    ? concat(Uint8Array.of(0), toUtf8(path.slice(1)))
    : toUtf8(path);
  return concat(Uint8Array.of(AF_UNIX, 0), name); // little-endian on both platforms
}
