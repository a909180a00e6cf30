/**
 * gRPC over HTTP/2, the client's side, as much as our commands need of it: calls that are answered
 * by a stream of messages (grpc/grpc, doc/PROTOCOL-HTTP2.md).
 */

import { type ClientHttp2Session, constants } from 'node:http2';
import { Failure } from '../../core/failure.ts';
import { frameMessage, MessageReader } from './framing.ts';
import { GRPC } from './grpc.ts';

/** One call. */
export interface CallOptions {
  /** Such as `/SpiffeWorkloadAPI/FetchX509SVID`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly request: Uint8Array;
  /** Bytes that one answer may have. */
  readonly limit: number;
  /** Gives the call up; it then ends as if it were answered. */
  readonly signal: AbortSignal;
}

/** A call that ended otherwise than well, in the words of who answered it. */
export class CallEnded extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The answers as they come. Throws `CallEnded`; fails `daemon-unreachable` where no gRPC answers,
 * or none any more; refuses what `MessageReader` does.
 */
export async function* callStream(
  session: ClientHttp2Session,
  { path, headers, request, limit, signal }: CallOptions,
): AsyncGenerator<Uint8Array> {
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: constants.HTTP2_METHOD_POST,
    [constants.HTTP2_HEADER_PATH]: path,
    [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
    [constants.HTTP2_HEADER_TE]: 'trailers',
    ...headers,
  });
  const fields: Record<string, unknown> = {};
  stream.on('response', (answered) => Object.assign(fields, answered));
  stream.on('trailers', (trailers) => Object.assign(fields, trailers));
  const giveUp = (): void => stream.close(constants.NGHTTP2_CANCEL);
  signal.addEventListener('abort', giveUp);
  const reader = new MessageReader(limit);
  try {
    stream.end(frameMessage(request));
    for await (const chunk of stream) yield* reader.read(chunk as Uint8Array);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new Failure('daemon-unreachable', 'the connection to the Workload API is lost', error);
  } finally {
    signal.removeEventListener('abort', giveUp);
    giveUp();
  }
  if (!signal.aborted) checkEnd(fields);
}

/** A stream that just stops was cut off; one that ends says how. */
function checkEnd(fields: Readonly<Record<string, unknown>>): void {
  const status = fields['grpc-status'];
  if (status === String(GRPC.ok)) return;
  if (typeof status !== 'string') {
    throw new Failure('daemon-unreachable', 'the Workload API ended a call without a word');
  }
  const code = /^[0-9]{1,2}$/.test(status) ? Number.parseInt(status, 10) : GRPC.internal;
  throw new CallEnded(code, percentDecoded(String(fields['grpc-message'] ?? '')));
}

/** Shown as it came where it is no escaped UTF-8. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // for the eyes alone
  }
}
