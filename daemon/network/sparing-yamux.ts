/**
 * yamux that grants a sender more room once half of its window is used.
 *
 * The library grants it for each frame that it reads: another frame, sealed and sent by itself, for
 * every one that arrives. On a slow link that is a third of what ticks cost, and with many small
 * messages half of all writes. No window here is used up between two grants, so nobody waits.
 */

import type { StreamMuxerFactory } from '@libp2p/interface';
import { yamux } from '@libp2p/yamux';
import type { YamuxStream } from '@libp2p/yamux/stream';

/** Half of the window that every stream begins with (yamux spec, "Flow Control"). */
export const GRANT_BYTES: number = 128 * 1024;

/** `yamux`, sparing with grants. */
export function sparingYamux(init: Parameters<typeof yamux>[0]): () => StreamMuxerFactory {
  return () => {
    const factory = yamux(init)();
    const create = factory.createStreamMuxer.bind(factory);
    factory.createStreamMuxer = (connection) => {
      const muxer = create(connection);
      const opened = muxer.onCreateStream.bind(muxer);
      const accepted = muxer.onRemoteStream.bind(muxer);
      muxer.onCreateStream = () => sparing(opened());
      muxer.onRemoteStream = (stream) => accepted(sparing(stream));
      return muxer;
    };
    return factory;
  };
}

/** The first grant opens the stream, or says that it was accepted, and is never spared. */
function sparing(stream: YamuxStream): YamuxStream {
  const take = stream.handleData.bind(stream);
  const grant = stream.sendWindowUpdate.bind(stream);
  let ungranted = GRANT_BYTES;
  stream.handleData = (frame) => {
    ungranted += frame.header.length;
    take(frame);
  };
  stream.sendWindowUpdate = () => {
    if (ungranted < GRANT_BYTES) return;
    if (stream.readStatus !== 'paused') ungranted = 0; // a paused stream grants when it goes on
    grant();
  };
  return stream;
}
