/**
 * A machine of a virtual coalition: the shipping state machine, driver, peer register and network
 * of a daemon, on a disk in memory and the clocks of a simulated machine.
 *
 * It is what `daemon/authority-daemon.ts` is below its sockets for people and workloads. All that
 * it admits, believes, sends and hears is noted: names, kinds and sizes, and nothing that the
 * runtime's own randomness could make differ.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { Signer, Suite } from '../../core/suite.ts';
import { AlarmBook } from '../../daemon/alarm-book.ts';
import type { AuditFields } from '../../daemon/audit/audit-entry.ts';
import type { AuditWriter } from '../../daemon/audit/audit-log.ts';
import { Driver } from '../../daemon/driver.ts';
import { createNetworkOver } from '../../daemon/network/libp2p-network.ts';
import type { TransportOf } from '../../daemon/network/libp2p-settings.ts';
import type { Pace } from '../../daemon/network/pace.ts';
import { PeerRegister } from '../../daemon/peer-register.ts';
import type {
  Clock,
  LinkTerms,
  Log,
  LogFields,
  Network,
  PeerName,
  Write,
} from '../../daemon/ports.ts';
import { RefusalAudit } from '../../daemon/refusal-audit.ts';
import { FederationNode, type NodeOptions } from '../../federation/node.ts';
import { MachineClock } from '../../sim/machine-clock.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface VirtualMachineOptions {
  readonly name: string;
  readonly domain: TrustDomain;
  readonly suite: Suite;
  readonly node: Signer;
  readonly authority: NodeOptions['authority'];
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly time: VirtualTime;
  readonly transport: TransportOf;
  /** Where it listens. */
  readonly address: string;
  readonly pace: Pace;
  /** Names the stream of its randomness. */
  readonly entropy: string;
  readonly note: (text: string) => void;
  /** Told of every entry of its audit log. */
  readonly onAudit: (event: string, fields: AuditFields) => void;
}

export class VirtualMachine {
  readonly name: string;
  readonly domain: TrustDomain;
  readonly address: string;
  readonly clock: MachineClock;
  readonly node: FederationNode;
  readonly driver: Driver;
  readonly network: Network;
  /** How often it says everything again. */
  copies = 0;
  readonly #register: PeerRegister;

  constructor(options: VirtualMachineOptions) {
    const { name, domain, suite, authority, records, time, address, note } = options;
    this.name = name;
    this.domain = domain;
    this.address = address;
    this.clock = new MachineClock(name);
    this.clock.boot(time.now);
    const clock = clockOf(this.clock, time);
    const random = new SeededRandom(options.entropy);
    const log = noting(note);
    const store = new Disk(records);
    const audit: AuditWriter = {
      append: async (event, fields = {}) => options.onAudit(event, fields),
    };
    this.node = new FederationNode({
      ...{ own: domain, suite, records, authority, continuity: 'software', limits: null },
      ...{ bootId: clock.bootId, now: clock.now(), node: options.node },
    });
    this.network = createNetworkOver(options.transport, {
      ...{ ownDomain: domain, listen: [address], clock, random, log },
      transportSeed: sha256(toUtf8(`${name}/transport`)),
      paceOf: () => options.pace,
    });
    this.driver = new Driver({
      ...{ node: this.node, clock, random, store, audit, log },
      network: this.#sending(note),
      refusals: new RefusalAudit(audit, clock),
      alarms: new AlarmBook({ store, records, audit, clock, log }),
    });
    this.#register = new NotedRegister(note, this.node, this.driver, clock);
    this.driver.onChanged = () => {
      for (const peer of this.#register.displaced) this.network.disconnect(peer);
    };
  }

  /** Listens, and begins to live. */
  async start(): Promise<void> {
    await this.network.start(this.#register);
    await this.driver.input({ kind: 'wake' });
  }

  async stop(): Promise<void> {
    await this.network.stop();
    await this.driver.close();
  }

  /** Notes what goes out. */
  #sending(note: (text: string) => void): Pick<Network, 'send' | 'publish' | 'ban'> {
    const { network } = this;
    return {
      send: (peer, frame, sending) => {
        note(`> ${peer} ${kindAndSize(frame)}`);
        for (let i = 0; i <= this.copies; i++) network.send(peer, frame, sending);
      },
      publish: (message) => {
        note(`gossip > ${message.length}`);
        network.publish(message);
      },
      ban: (peer) => {
        note(`ban ${peer}`);
        network.ban(peer);
      },
    };
  }
}

/** A disk of which only its end matters. */
class Disk extends MemoryStore {
  override async write(batch: readonly Write[]): Promise<void> {
    await super.write(batch);
    this.batches.length = 0;
  }
}

/** Notes what comes in. */
class NotedRegister extends PeerRegister {
  readonly #note: (text: string) => void;

  constructor(note: (text: string) => void, ...rest: ConstructorParameters<typeof PeerRegister>) {
    super(...rest);
    this.#note = note;
  }

  override peerUp(peer: PeerName, terms: LinkTerms, binding: Uint8Array): void {
    this.#note(`up ${peer} ${terms.admitted?.domain ?? 'guest'}`);
    super.peerUp(peer, terms, binding);
  }

  override peerDown(peer: PeerName): void {
    this.#note(`down ${peer}`);
    super.peerDown(peer);
  }

  override frame(peer: PeerName, bytes: Uint8Array): void {
    this.#note(`< ${peer} ${kindAndSize(bytes)}`);
    super.frame(peer, bytes);
  }

  override async gossip(peer: PeerName, bytes: Uint8Array) {
    const verdict = await super.gossip(peer, bytes);
    this.#note(`gossip < ${peer} ${bytes.length} ${verdict}`);
    return verdict;
  }
}

function noting(note: (text: string) => void): Log {
  const write = (event: string, fields: LogFields = {}): void => {
    const { reason = '', code = '' } = fields;
    note(`log ${event} ${reason} ${code}`);
  };
  return { info: write, warn: write };
}

/** The clocks of a simulated machine as the daemon's port. */
function clockOf(machine: MachineClock, time: VirtualTime): Clock {
  const now = () => machine.now(time.now);
  return {
    bootId: machine.bootId,
    now,
    wakeAt(at, callback) {
      const timer = setTimeout(callback, Math.max(0, machine.timeOf(at) - time.now));
      return () => clearTimeout(timer);
    },
  };
}

/** The first byte of a frame is its kind. */
function kindAndSize(frame: Uint8Array): string {
  return `${frame[0] ?? ''} ${frame.length}`;
}
