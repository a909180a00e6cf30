/** Whole networks on 127.0.0.1, each with a daemon that only writes down what it is told. */

import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { equalBytes, toHex, toUtf8 } from '../../../core/bytes.ts';
import { sha256 } from '../../../core/digest.ts';
import { Refusal } from '../../../core/refusal.ts';
import { createLibp2pNetwork } from '../../../daemon/network/libp2p-network.ts';
import type { Pace } from '../../../daemon/network/pace.ts';
import type {
  Admission,
  AdmittedPeer,
  Clock,
  HandshakeRole,
  LinkTerms,
  LogFields,
  Network,
  NetworkHandler,
  PeerName,
  Random,
} from '../../../daemon/ports.ts';
import { admissionOf } from '../../fakes/admitted.ts';
import { realClock } from '../../fakes/real-clock.ts';

export const testRandom: Random = { bytes: (count) => new Uint8Array(randomBytes(count)) };

type Verdict = 'accept' | 'ignore' | 'reject';

/** Whoever proves with this word is everybody's guest, and everybody is his. */
export const GUEST_WORD = 'guest';

/** Proves with a word, admits whoever knows it, and writes down everything else. */
export class Scribe implements NetworkHandler {
  word: string;
  /** The domain that all it admits are of. */
  domain = 'blue.example';
  readonly guests = new Set<PeerName>();
  readonly up = new Map<PeerName, string>();
  readonly events: string[] = [];
  readonly frames: { peer: PeerName; bytes: Uint8Array }[] = [];
  readonly heard: string[] = [];
  verdictOf: (text: string) => Verdict = () => 'accept';
  onFrame: (peer: PeerName, bytes: Uint8Array) => void = () => undefined;
  onDesk: NetworkHandler['desk'] = async () => {
    throw new Refusal('desk-closed');
  };

  constructor(word: string) {
    this.word = word;
  }

  prove(role: HandshakeRole, hash: Uint8Array): Uint8Array {
    return proofOf(this.word, role, hash);
  }

  admit(role: HandshakeRole, hash: Uint8Array, proof: Uint8Array): Admission {
    const knows = (word: string) => equalBytes(proof, proofOf(word, role, hash));
    if (knows(GUEST_WORD) || this.word === GUEST_WORD) return { admitted: null, claims: null };
    if (!knows(this.word)) throw new Refusal('peer-unadmitted');
    return admissionOf({ domain: this.domain, node: role });
  }

  peerUp(peer: PeerName, { admitted }: LinkTerms, binding: Uint8Array): void {
    if (this.up.has(peer)) throw new Error('up twice');
    this.up.set(peer, toHex(binding));
    if (admitted === null) this.guests.add(peer);
    this.events.push(admitted === null ? 'up as guest' : 'up');
  }

  peerDown(peer: PeerName): void {
    if (!this.up.delete(peer)) throw new Error('down without up');
    this.guests.delete(peer);
    this.events.push('down');
  }

  frame(peer: PeerName, bytes: Uint8Array): void {
    this.frames.push({ peer, bytes });
    this.onFrame(peer, bytes);
  }

  async gossip(_peer: PeerName, bytes: Uint8Array): Promise<Verdict> {
    const text = new TextDecoder().decode(bytes);
    this.heard.push(text);
    return this.verdictOf(text);
  }

  desk(peer: PeerName, admitted: AdmittedPeer | null, bytes: Uint8Array): Promise<Uint8Array> {
    return this.onDesk(peer, admitted, bytes);
  }
}

function proofOf(word: string, role: HandshakeRole, hash: Uint8Array): Uint8Array {
  return sha256(toUtf8(`${word} ${role}`), hash);
}

/** A running network, its scribe and its name. */
export interface Station {
  readonly network: Network;
  readonly scribe: Scribe;
  readonly peer: PeerName;
  /** Where it listens, without saying who it is. */
  readonly address: string;
  readonly port: number;
  readonly logged: { event: string; fields: LogFields }[];
}

export interface StationOptions {
  readonly word?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly paceOf?: (host: string) => Pace;
  /** Names it, where its name is to be the same twice. */
  readonly seed?: Uint8Array;
  /** Where it listens; any free port without. */
  readonly listen?: string;
}

const ANY_PORT = '/ip4/127.0.0.1/tcp/0';

/** Starts a network on a free port. Every station of one `word` admits every other. */
export async function startStation(options: StationOptions = {}): Promise<Station> {
  const scribe = new Scribe(options.word ?? 'friend');
  const logged: Station['logged'] = [];
  const write = (event: string, fields: LogFields = {}) => logged.push({ event, fields });
  const network = createLibp2pNetwork({
    transportSeed: options.seed ?? testRandom.bytes(32),
    ownDomain: 'blue.example',
    paceOf: options.paceOf ?? (() => null),
    listen: [options.listen ?? ANY_PORT],
    clock: options.clock ?? realClock,
    random: options.random ?? testRandom,
    log: { info: write, warn: write },
  });
  await network.start(scribe);
  const [address = '', peer = ''] = (network.addresses[0] ?? '').split('/p2p/');
  const port = Number.parseInt(address.split('/')[4] ?? '', 10);
  return { network, scribe, peer, address, port, logged };
}

/** Runs `body` with stations that stop whatever happens. */
export async function withStations(
  options: readonly StationOptions[],
  body: (...stations: Station[]) => Promise<void>,
): Promise<void> {
  const stations = await Promise.all(options.map(startStation));
  try {
    await body(...stations);
  } finally {
    await Promise.all(stations.map(({ network }) => network.stop()));
  }
}

/** Waits until `holds`, and fails after `limitMs`. */
export async function until(what: string, holds: () => boolean, limitMs = 20_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${what}`);
    await pause(5);
  }
}

/** Lets `ms` pass, to see that something does not happen. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Links `from` to `to` and waits until both know. */
export async function join(from: Station, to: Station): Promise<void> {
  from.network.link(to.address);
  await until('both are up', () => from.scribe.up.has(to.peer) && to.scribe.up.has(from.peer));
}

/** Waits until what `from` publishes arrives at `to`: streams open a little after the link. */
export async function gossipFlows(from: Station, to: Station): Promise<void> {
  let polls = 0;
  const mine = (text: string) => text.startsWith(`hello ${from.peer} `);
  const before = to.scribe.heard.filter(mine).length;
  const says = () =>
    from.network.publish(toUtf8(`hello ${from.peer} ${polls} ${performance.now()}`));
  await until('gossip flows', () => {
    if (polls++ % 10 === 0) says();
    return to.scribe.heard.filter(mine).length > before;
  });
}

/** Memory still referred to, in MiB: what a flood left behind, not what it passed through. */
export async function retainedMiB(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  collect();
  await pause(50); // buffers are swept behind the collector's back
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}
