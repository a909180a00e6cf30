/**
 * libp2p's transport over a network in memory: `/ip4/192.0.2.7/tcp/7946` as on any other.
 */

import {
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type ListenerEvents,
  type Logger,
  type MessageStreamDirection,
  serviceCapabilities,
  type Transport,
  TypedEventEmitter,
  transportSymbol,
} from '@libp2p/interface';
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { Uint8ArrayList } from 'uint8arraylist';
import type { TransportOf } from '../../daemon/network/libp2p-settings.ts';
import type { StreamEnd } from './stream-end.ts';
import type { Place, VirtualNet } from './virtual-net.ts';

/** The transport of one host. */
export function virtualTransport(net: VirtualNet, host: string): TransportOf {
  return ({ logger }) => {
    const log = logger.forComponent('virtual');
    const connectionOf = (
      end: StreamEnd,
      direction: MessageStreamDirection,
      remoteAddr: Multiaddr,
    ): VirtualConnection => new VirtualConnection(end, { direction, remoteAddr, log });
    const transport: Transport = {
      [transportSymbol]: true,
      [Symbol.toStringTag]: 'virtual',
      dial: async (address, options: DialTransportOptions): Promise<Connection> => {
        const end = await net.connect(host, placeOf(address), options.signal);
        const connection = connectionOf(end, 'outbound', address);
        try {
          return await options.upgrader.upgradeOutbound(connection, options);
        } catch (error) {
          if (error instanceof Error) connection.abort(error);
          throw error;
        }
      },
      createListener: ({ upgrader }) =>
        new VirtualListener(net, upgrader, (end, from) => {
          const remote = multiaddr(`/ip4/${from.host}/tcp/${from.port}`);
          return connectionOf(end, 'inbound', remote);
        }),
      listenFilter: (addresses) => addresses,
      dialFilter: (addresses) => addresses,
    };
    return Object.assign(transport, { [serviceCapabilities]: ['@libp2p/transport'] });
  };
}

class VirtualListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #net: VirtualNet;
  readonly #upgrader: CreateListenerOptions['upgrader'];
  readonly #connectionOf: (end: StreamEnd, from: Place) => VirtualConnection;
  readonly #closing = new AbortController();
  #address: Multiaddr | null = null;
  #stop = (): void => undefined;

  constructor(
    net: VirtualNet,
    upgrader: CreateListenerOptions['upgrader'],
    connectionOf: (end: StreamEnd, from: Place) => VirtualConnection,
  ) {
    super();
    this.#net = net;
    this.#upgrader = upgrader;
    this.#connectionOf = connectionOf;
  }

  async listen(address: Multiaddr): Promise<void> {
    this.#stop = this.#net.listen(placeOf(address), (end, from) => {
      const connection = this.#connectionOf(end, from);
      const { signal } = this.#closing;
      this.#upgrader.upgradeInbound(connection, { signal }).catch((error: unknown) => {
        if (!(error instanceof Error)) throw error;
        connection.abort(error);
      });
    });
    this.#address = address;
    this.safeDispatchEvent('listening');
  }

  getAddrs(): Multiaddr[] {
    return this.#address === null ? [] : [this.#address];
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    this.#stop();
    this.#address = null;
    this.#closing.abort();
    this.safeDispatchEvent('close');
  }
}

class VirtualConnection extends AbstractMultiaddrConnection {
  readonly #end: StreamEnd;

  constructor(
    end: StreamEnd,
    init: {
      readonly direction: MessageStreamDirection;
      readonly remoteAddr: Multiaddr;
      readonly log: Logger;
    },
  ) {
    super(init);
    this.#end = end;
    end.events = {
      bytes: (bytes) => this.onData(bytes),
      finished: () => this.onTransportClosed(),
      broken: () => this.onRemoteReset(),
      drained: () => this.safeDispatchEvent('drain'),
    };
  }

  override sendData(list: Uint8ArrayList): SendResult {
    const canSendMore = this.#end.send(list.slice());
    return { sentBytes: list.byteLength, canSendMore };
  }

  override async sendClose(): Promise<void> {
    this.#end.finish();
  }

  override sendReset(): void {
    this.#end.reset();
  }

  override sendPause(): void {
    this.#end.pause();
  }

  override sendResume(): void {
    this.#end.resume();
  }
}

function placeOf(address: Multiaddr): Place {
  const value = (wanted: string): string =>
    address.getComponents().find(({ name }) => name === wanted)?.value ?? '';
  return { host: value('ip4'), port: Number.parseInt(value('tcp'), 10) };
}
