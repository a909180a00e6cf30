/**
 * A daemon of a virtual coalition, from its start to its end: the shipping state machine, driver,
 * peer register and network, on what its machine has (virtual-machine.ts).
 *
 * It is what `daemon/authority/authority-daemon.ts` is below its sockets for people and workloads.
 * All that it admits, believes, sends and hears is noted: names, kinds and sizes, and nothing that
 * the runtime's own randomness could make differ.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { DICE_BYTES } from '../../core/limits.ts';
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
  Random,
  Store,
} from '../../daemon/ports.ts';
import { RefusalAudit } from '../../daemon/refusal-audit.ts';
import { encodeFrame } from '../../federation/message.ts';
import { FederationNode, type NodeOptions } from '../../federation/node.ts';
import type { Habit } from '../../sim/adversary.ts';
import type { Dice } from '../../sim/dice.ts';
import { CapturedNetwork } from '../fleet/captured-network.ts';

export interface VirtualDaemonOptions {
  readonly name: string;
  readonly domain: TrustDomain;
  readonly suite: Suite;
  readonly node: Signer;
  readonly authority: NodeOptions['authority'];
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly transport: TransportOf;
  /** Where it listens. */
  readonly address: string;
  readonly pace: Pace;
  readonly note: (text: string) => void;
  /** Told of every entry of its audit log. */
  readonly onAudit: (event: string, fields: AuditFields) => void;
  /** Told when it is linked with a node, and when it is not any more. */
  readonly onLink: (node: string, up: boolean) => void;
  /** What its network card does to what it says, and the measure of it. */
  readonly habits: ReadonlyMap<Habit, number>;
  readonly dice: Dice;
  /** Told of the moments before and after it sends, at which power may fail. */
  readonly atBoundary: (boundary: 'before send' | 'after send') => void;
}

export class VirtualDaemon {
  readonly node: FederationNode;
  readonly driver: Driver;
  readonly network: Network;
  readonly #register: PeerRegister;

  /** `records` are what the store holds. */
  constructor(options: VirtualDaemonOptions, records: ReadonlyMap<string, Uint8Array>) {
    const { name, domain, suite, authority, clock, random, store, address, note } = options;
    const log = noting(note);
    const audit: AuditWriter = {
      append: async (event, fields = {}) => options.onAudit(event, fields),
    };
    this.node = new FederationNode({
      ...{ own: domain, suite, records, authority, continuity: 'software', limits: null },
      ...{ bootId: clock.bootId, now: clock.now(), node: options.node },
      dice: random.bytes(DICE_BYTES),
    });
    const network = createNetworkOver(options.transport, {
      ...{ ownDomain: domain, listen: [address], clock, random, log },
      transportSeed: sha256(toUtf8(`${name}/transport`)),
      paceOf: () => options.pace,
    });
    const after = (delayMs: number, run: () => void) => void setTimeout(run, delayMs);
    const did = (what: string) => note(`adversary ${what}`);
    const captured = { name, domain, suite, dice: options.dice, after, did };
    this.network = new CapturedNetwork(network, captured, () => options.habits);
    this.driver = new Driver({
      ...{ node: this.node, clock, random, store, audit, log },
      network: sending(this.network, options),
      refusals: new RefusalAudit(audit, clock),
      alarms: new AlarmBook({ store, records, audit, clock, log }),
    });
    this.#register = new NotedRegister(options, this.node, this.driver, clock);
    this.driver.onChanged = () => {
      for (const peer of this.#register.displaced) this.network.disconnect(peer);
    };
  }

  /** Listens, and begins to live. */
  async start(): Promise<void> {
    await this.network.start(this.#register);
    await this.driver.input({ kind: 'wake' });
  }

  /** Sends an envelope to all that are linked, past the state machine. */
  say(envelope: Uint8Array): void {
    const frame = encodeFrame({ kind: 'envelope', bytes: envelope });
    for (const { peer } of this.#register.peers) this.network.send(peer, frame);
    this.network.publish(envelope);
  }

  async stop(): Promise<void> {
    await this.network.stop();
    await this.driver.close();
  }
}

/** Notes what goes out. */
function sending(
  network: Network,
  { note, atBoundary }: Pick<VirtualDaemonOptions, 'note' | 'atBoundary'>,
): Pick<Network, 'send' | 'publish' | 'ban'> {
  return {
    send: (peer, frame, sending) => {
      atBoundary('before send');
      note(`> ${peer} ${kindAndSize(frame)}`);
      network.send(peer, frame, sending);
      atBoundary('after send');
    },
    publish: (message) => {
      atBoundary('before send');
      note(`gossip > ${message.length}`);
      network.publish(message);
      atBoundary('after send');
    },
    ban: (peer) => {
      note(`ban ${peer}`);
      network.ban(peer);
    },
  };
}

/** Notes what comes in. */
class NotedRegister extends PeerRegister {
  readonly #note: (text: string) => void;
  readonly #onLink: VirtualDaemonOptions['onLink'];
  readonly #nodes = new Map<PeerName, string>();

  constructor(
    { note, onLink }: Pick<VirtualDaemonOptions, 'note' | 'onLink'>,
    ...rest: ConstructorParameters<typeof PeerRegister>
  ) {
    super(...rest);
    this.#note = note;
    this.#onLink = onLink;
  }

  override peerUp(peer: PeerName, terms: LinkTerms, binding: Uint8Array): void {
    this.#note(`up ${peer} ${terms.admitted?.domain ?? 'guest'}`);
    super.peerUp(peer, terms, binding);
    const node = terms.admitted?.node;
    if (node === undefined) return;
    this.#nodes.set(peer, node);
    this.#onLink(node, true);
  }

  override peerDown(peer: PeerName): void {
    this.#note(`down ${peer}`);
    super.peerDown(peer);
    const node = this.#nodes.get(peer);
    if (this.#nodes.delete(peer) && node !== undefined) this.#onLink(node, false);
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

/** The first byte of a frame is its kind. */
function kindAndSize(frame: Uint8Array): string {
  return `${frame[0] ?? ''} ${frame.length}`;
}
