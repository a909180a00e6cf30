/**
 * What a peer costs that sends 10,000 messages a second, none of them news: half of them one gossip
 * message again and again, half of them a tick of a beacon that nobody holds.
 */

import { readFileSync } from 'node:fs';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { GOSSIP_TOPIC } from '../../daemon/network/gossip.ts';
import { SYNC_PROTOCOL } from '../../daemon/network/sync-channel.ts';
import { encodeFrame, tagOf, versionArgument } from '../../federation/message.ts';
import { framed, type Intruder, withIntruder, withPartnerNode } from '../daemon/intruder.ts';
import { withDaemons } from '../daemon/live.ts';
import { pause } from '../daemon/network/network-rig.ts';
import { rpcOf } from '../daemon/network/raw-node.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { type Bench, medianOf } from './bench.ts';

/** What it may take of one core, in memory, and of another peer's time. */
const SHARE_MAX = 0.2;
const GROWTH_BYTES_MAX = 32 * 2 ** 20;
const DELAY_MS_MAX = 100;

const HOME = 'home.example';
const PER_SECOND = 10_000;
const TURN_MS = 10;
const FLOOD_MS = 12_000;
const QUIET_MS = 4_000;
/** Processor time in `/proc/<pid>/stat` is in hundredths of a second (proc(5)). */
const TICKS_PER_S = 100;

/** `hostile.peer` */
export const bench: Bench = {
  name: 'hostile.peer',
  unit: 'of a core',
  measure: async () => {
    let share = Number.NaN;
    await withDaemons([HOME], async (home) => {
      await withIntruder(home, async (flooder) => {
        await withPartnerNode(home, async (honest) => {
          share = await costOf(home, flooder, honest);
        });
      });
    });
    return { value: share, limit: SHARE_MAX };
  },
};

async function costOf(home: DaemonProcess, flooder: Intruder, honest: Intruder): Promise<number> {
  const probe = await Probe.over(honest);
  const quiet = await during(home, probe, () => pause(QUIET_MS));
  const gossip = await flooder.node.getConnections()[0]?.newStream('/meshsub/1.2.0');
  if (gossip === undefined) throw new Error('no connection');
  const tick = framed(encodeFrame({ kind: 'tick', bytes: unknownTick() }));
  const perTurn = (PER_SECOND * TURN_MS) / 1_000 / 2;
  const frames = concat(...Array.from({ length: perTurn }, () => tick));
  const replays = rpcOf(GOSSIP_TOPIC, unknownTick(), perTurn);
  const flooded = await during(home, probe, async () => {
    const end = performance.now() + FLOOD_MS;
    while (performance.now() < end) {
      // Whoever has no room left goes on all the same: it is an attacker's memory.
      for (const [stream, bytes] of [
        [flooder.stream, frames],
        [gossip, replays],
      ] as const) {
        if (stream.writeStatus === 'writable' && !stream.writableNeedsDrain) stream.send(bytes);
      }
      await pause(TURN_MS);
    }
  });
  if (!home.said.some((line) => line.includes('link.budget'))) throw new Error('no flood arrived');
  const grown = flooded.grownBytes - quiet.grownBytes;
  if (grown > GROWTH_BYTES_MAX) throw new Error(`grew by ${grown} bytes`);
  const delay = flooded.delayMs - quiet.delayMs;
  if (delay > DELAY_MS_MAX) throw new Error(`another peer waited ${delay} ms more`);
  return flooded.share - quiet.share;
}

/** What the daemon used of a core, grew by, and how long another peer waited, while `act` ran. */
async function during(home: DaemonProcess, probe: Probe, act: () => Promise<unknown>) {
  const from = { ms: performance.now(), cpuS: cpuSecondsOf(home), bytes: home.residentBytes() };
  const delays = probe.measure();
  await act();
  const seconds = (performance.now() - from.ms) / 1_000;
  return {
    share: (cpuSecondsOf(home) - from.cpuS) / seconds,
    grownBytes: home.residentBytes() - from.bytes,
    delayMs: medianOf(await delays.end()),
  };
}

/** Asks for a Root that the daemon holds, again and again, and times the answer. */
class Probe {
  readonly #honest: Intruder;
  #answered = (): void => undefined;

  private constructor(honest: Intruder) {
    this.#honest = honest;
  }

  static async over(honest: Intruder): Promise<Probe> {
    const probe = new Probe(honest);
    await honest.node.handle(SYNC_PROTOCOL, (stream) => {
      stream.addEventListener('message', (event) => {
        if (event.data.byteLength > 1_000) probe.#answered(); // a Root, and nothing else, is so large
      });
    });
    await pause(2_000); // the daemon opens its stream anew
    return probe;
  }

  measure(): { end(): Promise<readonly number[]> } {
    const { binding } = this.#honest;
    const tag = tagOf(parseTrustDomain(HOME), binding);
    const want = { tag, what: 'root', argument: versionArgument(1n) } as const;
    const delays: number[] = [];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const from = performance.now();
        const answered = new Promise<void>((resolve) => {
          this.#answered = resolve;
        });
        this.#honest.say({ kind: 'want', wants: [want] });
        await Promise.race([answered, pause(2_000)]);
        delays.push(performance.now() - from);
        await pause(150);
      }
    })();
    return {
      async end() {
        isOver = true;
        await asking;
        return delays;
      },
    };
  }
}

/** 43 bytes of a beacon that nobody holds. */
function unknownTick(): Uint8Array {
  const noise = sha256(toUtf8('flood'));
  return concat(noise.slice(0, 8), Uint8Array.of(0, 0, 1), noise);
}

function cpuSecondsOf({ process }: DaemonProcess): number {
  const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8');
  const [user = '', system = ''] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number.parseInt(user, 10) + Number.parseInt(system, 10)) / TICKS_PER_S;
}
