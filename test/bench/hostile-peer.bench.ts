/**
 * What a peer costs that sends 10,000 messages a second, none of them news: half of them one gossip
 * message again and again, half of them a tick of a beacon that nobody holds.
 *
 * Turns with the flood and without it follow each other, so that both meet the same machine, and
 * another peer asks all the time. The figure is what the flood adds to what the daemon uses of a
 * core; that memory grows, or that the other peer waits, ends the bench with an error.
 */

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
import type { Bench } from './bench.ts';

/** What it may take of one core, and in memory, where garbage comes and goes. */
const SHARE_MAX = 0.2;
const GROWTH_BYTES_MAX = 8 * 2 ** 20;
/** What another peer may wait; on a machine too busy for that without a flood, twice as long. */
const DELAY_MS_MAX = 100;

const HOME = 'home.example';
const PER_SECOND = 10_000;
const TURN_MS = 10;
/** Long enough that steps of 10 ms, in which the kernel counts, are nothing. */
const SPELL_MS = 10_000;
const SPELLS = 4;
/** How often the other peer asks: its budget is for 20 frames a second. */
const ASK_MS = 60;

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
  const flood = await floodOf(flooder);
  await during(home, probe, flood); // code is compiled, buffers have their size
  const bytesBefore = home.residentBytes();
  const quiet: Spell[] = [];
  const flooded: Spell[] = [];
  for (let spell = 0; spell < SPELLS; spell++) {
    quiet.push(await during(home, probe, () => pause(SPELL_MS)));
    flooded.push(await during(home, probe, flood));
  }
  if (!home.said.some((line) => line.includes('link.budget'))) throw new Error('no flood arrived');
  const grown = home.residentBytes() - bytesBefore;
  if (grown > GROWTH_BYTES_MAX) throw new Error(`grew by ${grown} bytes`);
  const [usual, delay] = [quiet, flooded].map((spells) =>
    highOf(spells.flatMap(({ delaysMs }) => delaysMs)),
  ) as [number, number];
  if (delay > Math.max(DELAY_MS_MAX, 2 * usual)) {
    throw new Error(`1 % of another peer's answers took ${delay} ms, ${usual} without the flood`);
  }
  return shareOf(flooded) - shareOf(quiet);
}

/** What a flooder does for a spell. */
async function floodOf({ node, stream }: Intruder): Promise<() => Promise<void>> {
  const gossip = await node.getConnections()[0]?.newStream('/meshsub/1.2.0');
  if (gossip === undefined) throw new Error('no connection');
  const tick = framed(encodeFrame({ kind: 'tick', bytes: unknownTick() }));
  const perTurn = (PER_SECOND * TURN_MS) / 1_000 / 2;
  const frames = concat(...Array.from({ length: perTurn }, () => tick));
  const replays = rpcOf(GOSSIP_TOPIC, unknownTick(), perTurn);
  return async () => {
    const end = performance.now() + SPELL_MS;
    while (performance.now() < end) {
      // Whoever has no room left goes on all the same: it is an attacker's memory.
      for (const [way, bytes] of [
        [stream, frames],
        [gossip, replays],
      ] as const) {
        if (way.writeStatus === 'writable' && !way.writableNeedsDrain) way.send(bytes);
      }
      await pause(TURN_MS);
    }
  };
}

/** What the daemon used of the processors in a spell, and how long another peer waited. */
interface Spell {
  readonly ms: number;
  readonly processorMs: number;
  readonly delaysMs: readonly number[];
}

async function during(
  home: DaemonProcess,
  probe: Probe,
  act: () => Promise<unknown>,
): Promise<Spell> {
  const from = { ms: performance.now(), processorMs: home.processorMs() };
  const delays = probe.measure();
  await act();
  const delaysMs = await delays.end();
  const ms = performance.now() - from.ms;
  return { ms, processorMs: home.processorMs() - from.processorMs, delaysMs };
}

function shareOf(spells: readonly Spell[]): number {
  const sum = (read: (spell: Spell) => number) => spells.reduce((all, one) => all + read(one), 0);
  return sum(({ processorMs }) => processorMs) / sum(({ ms }) => ms);
}

/** What one of a hundred values is above. */
function highOf(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.floor(0.99 * (ordered.length - 1))] ?? Number.NaN;
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
        await pause(ASK_MS);
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
