/**
 * A hub and an edge node with one slow link between them, both related to a hundred domains whose
 * ticks reach the hub alone: what a quiet hour costs the link.
 *
 * Sockets, transport and state machines are real; handshakes are by a word, and nothing is written
 * to a disk, since neither sends a byte while all is quiet. Time runs `SPEED` times as fast for all
 * of them, but for libp2p's own timers, which send nothing over a link without gossip.
 */

import { connect, createServer } from 'node:net';
import { fromHex } from '../../core/bytes.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { join, pause, type Station, until, withStations } from '../daemon/network/network-rig.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { clockAtSpeed } from '../fakes/real-clock.ts';
import { HEADER_BYTES } from '../fleet/wire.ts';

/** What the link carries. */
export const LINK_BYTES_PER_S = 9_600 / 8;
/** Domains whose ticks go over it, and how often each has one. */
export const DOMAINS = 100;
export const PERIOD_MS = MINUTE_MS;

const SPEED = 20;
const WARM_UP_MS = 3 * MINUTE_MS;
const MEASURED_MS = 10 * MINUTE_MS;
const STEP_MS = 50;
const LIMITS = { freshForMs: 10 * MINUTE_MS, degradedForMs: HOUR_MS, survivalForMs: 5 * HOUR_MS };

/** Bytes that passed a cable both ways, each write counted as a segment that is acknowledged. */
export interface Counter {
  readonly port: number;
  bytes: number;
  close(): void;
}

/** A cable to a port that counts what passes. */
export async function countingCable(to: number): Promise<Counter> {
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => {
        counter.bytes += bytes.length + 2 * HEADER_BYTES;
        into.write(bytes);
      });
      from.on('error', () => into.destroy());
      from.on('close', () => into.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  const counter: Counter = { port: at.port, bytes: 0, close: () => server.close() };
  return counter;
}

/** Bytes a second on the link while all is quiet, and how many domains were fresh at its end. */
export async function quietBytesPerS(): Promise<{ bytesPerS: number; fresh: number }> {
  const { world, hub, edge } = coalition();
  const clock = clockAtSpeed(SPEED);
  const slow = { clock, paceOf: () => 8 * LINK_BYTES_PER_S };
  let outcome = { bytesPerS: Number.NaN, fresh: 0 };
  await withStations([slow, slow], async (near: Station, far: Station) => {
    const cable = await countingCable(far.port);
    await join(near, { ...far, address: `/ip4/127.0.0.1/tcp/${cable.port}` });
    const pumps = [carry(edge, near, hub, far), carry(hub, far, edge, near)];
    await live(world, pumps, WARM_UP_MS);
    cable.bytes = 0;
    const livedMs = await live(world, pumps, MEASURED_MS);
    const fresh = edge.node.view(edge.now).filter(({ standing }) => standing.tier === 'FRESH');
    outcome = { bytesPerS: (cable.bytes / livedMs) * SECOND_MS, fresh: fresh.length };
    cable.close();
  });
  return outcome;
}

function coalition() {
  const world = new Coalition();
  const options = { limits: LIMITS, periodMs: PERIOD_MS, minEpochMs: 10 };
  const [hub, edge] = ['hub', 'edge'].map((name) => world.add({ name, ...options }));
  if (hub === undefined || edge === undefined) throw new Error('no machines');
  world.advance(SECOND_MS);
  for (let i = 0; i < DOMAINS; i++) {
    const domain = world.add({ name: `d${i}`, ...options });
    const file = domain.node.exportBundle(domain.domain);
    domain.relate(hub.node.exportBundle(hub.domain));
    for (const reader of [hub, edge]) reader.relate(file);
    world.advance(SECOND_MS / 2);
    world.link(domain, hub);
  }
  hub.relate(edge.node.exportBundle(edge.domain));
  edge.relate(hub.node.exportBundle(hub.domain));
  world.advance(SECOND_MS);
  // What the two lack of each other's they got before, as by a visit or a file.
  world.link(hub, edge);
  world.advance(2 * MINUTE_MS);
  world.cut(hub, edge);
  return { world, hub, edge };
}

/** Links `machine` to `other` over their stations; returns what sends all that it has to say. */
function carry(machine: Machine, station: Station, other: Machine, far: Station): () => void {
  const { scribe, network } = station;
  const binding = fromHex(scribe.up.get(far.peer) ?? '');
  machine.effects.length = 0;
  const { domain, groups } = other;
  machine.input({ kind: 'peer-up', peer: far.peer, domain, groups, binding, isSlow: true });
  scribe.onFrame = (peer, bytes) => void machine.input({ kind: 'frame', peer, bytes });
  return () => {
    for (const effect of machine.effects.splice(0)) {
      if (effect.kind !== 'send' || effect.peer !== far.peer) continue;
      network.send(effect.peer, effect.frame, effect);
    }
  };
}

/** Lets all live for so long, on their own clocks; says how long it was. */
async function live(world: Coalition, pumps: readonly (() => void)[], ms: number): Promise<number> {
  const from = performance.now();
  let lived = 0;
  await until(
    'time has passed',
    () => {
      const due = Math.trunc((performance.now() - from) * SPEED) - lived;
      world.advance(due);
      lived += due;
      for (const pump of pumps) pump();
      return lived >= ms;
    },
    (3 * ms) / SPEED,
  );
  await pause(STEP_MS);
  return lived;
}
