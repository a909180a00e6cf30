/** The `Network` port that goes nowhere: it writes down what it was asked, in order. */

import { Failure } from '../../core/failure.ts';
import type { Network, NetworkHandler, PeerBudget, PeerName } from '../../daemon/ports.ts';

export class FakeNetwork implements Network {
  readonly addresses = ['/ip4/127.0.0.1/tcp/7717'];
  /** Such as `link /ip4/192.0.2.7/tcp/7717`. */
  readonly asked: string[] = [];
  readonly sent: { readonly peer: PeerName; readonly frame: Uint8Array }[] = [];
  readonly published: Uint8Array[] = [];
  handler: NetworkHandler | null = null;
  /** Answers what is asked of a peer; unless set, nobody is there. */
  answerOf: (peer: PeerName, request: Uint8Array) => Promise<Uint8Array> = async () => {
    throw new Failure('peer-unreachable', 'nobody is linked');
  };

  async start(handler: NetworkHandler): Promise<void> {
    this.handler = handler;
  }

  send(peer: PeerName, frame: Uint8Array): void {
    this.asked.push(`send ${peer}`);
    this.sent.push({ peer, frame });
  }

  async ask(peer: PeerName, request: Uint8Array): Promise<Uint8Array> {
    this.asked.push(`ask ${peer}`);
    return this.answerOf(peer, request);
  }

  publish(message: Uint8Array): void {
    this.asked.push('publish');
    this.published.push(message);
  }

  link(address: string): void {
    this.asked.push(`link ${address}`);
  }

  unlink(address: string): void {
    this.asked.push(`unlink ${address}`);
  }

  budgetOf(): PeerBudget {
    return { sync: 100, gossip: 100 };
  }

  disconnect(peer: PeerName): void {
    this.asked.push(`disconnect ${peer}`);
  }

  ban(peer: PeerName): void {
    this.asked.push(`ban ${peer}`);
  }

  async stop(): Promise<void> {
    this.handler = null;
  }
}
