/**
 * A rotation of 1,000 entries with 1,000 open streams: an authority is tainted, another signs, and
 * every stream gets its new SVID. Sockets and clock are real; callers are made up, one user a
 * stream. Clients share the process with the server, so both figures are the worse for it.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { authoritySource } from '../../daemon/identity/authority-source.ts';
import { IdentityDirectory } from '../../daemon/identity/directory.ts';
import { createX509Authority, openX509Authority } from '../../daemon/identity/x509-authority.ts';
import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import { createWorkloadServer } from '../../daemon/workload-api/server.ts';
import { HOME, testTrust } from '../daemon/identity/trust.ts';
import { FakeProcesses } from '../fakes/fake-processes.ts';
import { MemoryLog } from '../fakes/memory-log.ts';
import { realClock } from '../fakes/real-clock.ts';
import { temporaryFolder } from '../folder.ts';

const STREAMS = 1_000;
const NANOS_PER_MS = 1e6;

/** What a rotation took. */
export interface Rotation {
  /** From the taint to the last stream's new SVID. */
  readonly lastMs: number;
  /** The longest that nothing else ran. */
  readonly pauseMs: number;
}

/** Rotates once. */
export async function rotate(): Promise<Rotation> {
  await using folder = await temporaryFolder();
  const { wall } = realClock.now();
  const { random, signers, authority, entry, view } = testTrust(wall);
  const uids = Array.from({ length: STREAMS }, (_, i) => 10_000 + i);
  const entries = uids.map((uid) => entry(`job/${uid}`, { selectors: [`unix:uid:${uid}`] }));
  const directory = new IdentityDirectory({
    ...{ clock: realClock, random, view: view(entries) },
    source: authoritySource(signers, random),
  });
  const processes = new FakeProcesses();
  const socketPath = folder.file('workload.sock');
  const log = new MemoryLog();
  const server = await createWorkloadServer({ socketPath, directory, processes, log });
  const ending = new AbortController();
  const streams = [];
  for (const uid of uids) {
    processes.caller = { pid: uid, uid, gid: uid };
    const client = openWorkloadClient({ kind: 'unix', path: socketPath });
    const states = client.watchX509Svids(ending.signal)[Symbol.asyncIterator]();
    await states.next();
    streams.push({ client, states });
  }
  signers.tainted.add(authority.id);
  signers.x509Authority = openX509Authority(HOME, createX509Authority(HOME, wall, random));
  const pauses = monitorEventLoopDelay({ resolution: 1 });
  pauses.enable();
  const started = performance.now();
  directory.update(view(entries));
  await Promise.all(streams.map(({ states }) => states.next()));
  const lastMs = performance.now() - started;
  pauses.disable();
  ending.abort();
  for (const { client } of streams) client.close();
  directory.close();
  await server.close();
  return { lastMs, pauseMs: pauses.max / NANOS_PER_MS };
}
