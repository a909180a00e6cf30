/**
 * The network of a captured node: the daemon is the shipping one, with the keys and the lease that
 * it was enrolled with, and what leaves it goes through the adversary of the simulator.
 */

import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { Network, NetworkHandler, PeerName, Sending } from '../../daemon/ports.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import {
  Adversary,
  type Foothold,
  HABITS,
  type Habit,
  type Statement,
} from '../../sim/adversary.ts';
import { gossipOf } from '../../sim/network.ts';

/** The first byte of frames that carry an envelope (`federation/message.ts`). */
const ENVELOPE_FRAME = 5;

/** The machine that was captured, but for its network. */
export type Captured = Pick<Foothold, 'name' | 'domain' | 'suite' | 'dice' | 'after' | 'did'>;
/** What its adversary does now, and the measure of each. */
export type Habits = () => ReadonlyMap<Habit, number>;

export class CapturedNetwork implements Network {
  readonly #network: Network;
  readonly #adversary: Adversary;
  readonly #habits: Habits;
  /** How the frame goes that is being turned: the adversary knows nothing of it. */
  #sending: Sending | undefined;
  /** The newest beacon and manifest of each domain that came over the network. */
  readonly #statements = new Map<string, Statement>();

  constructor(network: Network, captured: Captured, habits: Habits) {
    this.#network = network;
    this.#habits = habits;
    this.#adversary = new Adversary({
      ...captured,
      statements: () => [...this.#statements.values()],
      send: (peer, frame) => network.send(peer, frame, this.#sending),
      flood: ({ bytes }) => network.publish(bytes),
    });
  }

  get addresses(): readonly string[] {
    return this.#network.addresses;
  }

  start(handler: NetworkHandler): Promise<void> {
    return this.#network.start({
      prove: (role, hash) => handler.prove(role, hash),
      admit: (role, hash, proof) => handler.admit(role, hash, proof),
      peerUp: (peer, terms, binding) => handler.peerUp(peer, terms, binding),
      peerDown: (peer) => handler.peerDown(peer),
      frame: (peer, bytes) => {
        if (bytes[0] === ENVELOPE_FRAME) this.#keep(bytes.subarray(1));
        handler.frame(peer, bytes);
      },
      gossip: async (peer, bytes) => {
        this.#keep(bytes);
        const verdict = await handler.gossip(peer, bytes);
        return this.#turned().has('withhold') ? 'ignore' : verdict; // which is not to relay
      },
      desk: (peer, admitted, bytes) => handler.desk(peer, admitted, bytes),
    });
  }

  send(peer: PeerName, frame: Uint8Array, sending?: Sending): void {
    this.#sending = sending;
    this.#turned().sends(peer, frame);
    this.#sending = undefined;
  }

  ask(peer: PeerName, request: Uint8Array): Promise<Uint8Array> {
    return this.#network.ask(peer, request);
  }

  publish(message: Uint8Array): void {
    this.#turned().floods(gossipOf(message), null);
  }

  link(address: string): void {
    this.#network.link(address);
  }

  unlink(address: string): void {
    this.#network.unlink(address);
  }

  budgetOf(peer: PeerName): ReturnType<Network['budgetOf']> {
    return this.#network.budgetOf(peer);
  }

  disconnect(peer: PeerName): void {
    this.#network.disconnect(peer);
  }

  ban(peer: PeerName): void {
    this.#network.ban(peer);
  }

  stop(): Promise<void> {
    return this.#network.stop();
  }

  /** The adversary, with the habits that it has now. */
  #turned(): Adversary {
    const habits = this.#habits();
    for (const habit of HABITS) {
      const amount = habits.get(habit);
      if (amount === undefined) this.#adversary.giveUp(habit);
      else this.#adversary.takeUp(habit, amount);
    }
    return this.#adversary;
  }

  /** Remembers what the adversary may make a forgery of; gossip may be a tick as well. */
  #keep(bytes: Uint8Array): void {
    const decoded = refusalOf(() => decodeEnvelope(bytes));
    if (decoded instanceof Refusal) return;
    const { domain, type: kind, bytes: envelope } = decoded;
    if (kind !== 'beacon' && kind !== 'manifest') return;
    this.#statements.set(`${kind} ${domain}`, { domain, kind, envelope });
  }
}
