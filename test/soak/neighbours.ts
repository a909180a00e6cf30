/**
 * The partners of a daemon that is watched: whole daemons with state, sockets and links of their
 * own, but all in the process that watches, so that none of what they cost is the daemon's.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { thisHost } from '../../daemon/commands/serve.ts';
import { defaultConfig } from '../../daemon/config/config.ts';
import { type ControlClient, connectControl } from '../../daemon/control/client.ts';
import { openDaemon } from '../../daemon/daemon.ts';
import { openClock } from '../../daemon/host/clock.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { MemoryLog } from '../fakes/memory-log.ts';

/** Opens `count` domains, each related to `watched` and linked to it. */
export async function openNeighbours(
  watched: DaemonProcess,
  count: number,
): Promise<AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  for (let at = 1; at <= count; at++) {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
    opening.defer(() => rmSync(folder, { recursive: true, force: true }));
    const socket = join(folder, 'control.sock');
    const daemon = await openNeighbour(`neighbour-${at}.example`, folder, socket);
    opening.defer(() => daemon.close());
    await relate(watched, { control: (): Promise<ControlClient> => connectControl(socket) });
  }
  return opening.move();
}

function openNeighbour(domain: string, folder: string, controlSocket: string) {
  const config = defaultConfig({
    config: join(folder, 'config.toml'),
    state: join(folder, 'state'),
    controlSocket,
    workloadSocket: join(folder, 'workload.sock'),
  });
  const listen = ['/ip4/127.0.0.1/tcp/0'];
  return openDaemon(
    { ...config, trustDomain: parseTrustDomain(domain), listen, tpmUse: 'never' },
    {
      ...thisHost(openClock(), new MemoryLog()),
      isClockSynchronised: () => false,
    },
  );
}
