/**
 * gRPC over HTTP/2, the server's side, as much as the Workload API needs: states and trailers
 * (grpc/grpc, doc/PROTOCOL-HTTP2.md). What the methods mean is `service.ts`.
 *
 * It stands directly on node:http2: a thousand workloads keep a thousand streams open, and a
 * generic library's wrapping of each costs more memory and time than all the rest. A client's
 * deadline is the client's to keep; it resets the stream.
 */

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { frameMessage, MessageReader } from './framing.ts';

/** Status codes of gRPC (grpc/grpc, doc/statuscodes.md). */
export const GRPC = {
  ok: 0,
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** What a call ends in. */
export interface GrpcState {
  readonly code: (typeof GRPC)[keyof typeof GRPC];
  readonly message: string;
}

/** What takes part in one call; the server tells it what arrives. */
export interface GrpcHandler {
  /** One request message. */
  take(message: Uint8Array): void;
  /** The client has read what was sent: there is room again. */
  drained(): void;
  /** The call is over, whoever ended it. Comes once. */
  closed(): void;
}

/** One method: how many requests a call of it has, and who answers them. */
export interface GrpcMethod {
  readonly requests: 'one' | 'many';
  readonly open: (call: GrpcCall) => GrpcHandler;
}

/** Methods by their path, such as `/SpiffeWorkloadAPI/FetchX509SVID`. */
export type GrpcMethods = ReadonlyMap<string, GrpcMethod>;

/** Requests hold no fields of ours; a client that sends more means something else. */
const REQUEST_BYTES_MAX = 64 * 1024;
const CONTENT_TYPE = /^application\/grpc(?:\+proto)?(?:;|$)/;
const OK: GrpcState = { code: GRPC.ok, message: '' };

/** Answers one stream of HTTP/2. */
export function answerStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  methods: GrpcMethods,
): void {
  stream.on('error', () => undefined); // `close` follows, and says all there is to say
  const status = httpStatusOf(headers);
  if (status !== constants.HTTP_STATUS_OK) {
    stream.respond({ ':status': status }, { endStream: true });
    return;
  }
  const call = new GrpcCall(stream, headers);
  const method = methods.get(headers[':path'] ?? '');
  if (method === undefined) call.end({ code: GRPC.unimplemented, message: 'no such method' });
  else call.serve(method);
}

/** HTTP's own word on what is no gRPC request at all. */
function httpStatusOf(headers: IncomingHttpHeaders): number {
  if (headers[':method'] !== 'POST') return constants.HTTP_STATUS_METHOD_NOT_ALLOWED;
  if (CONTENT_TYPE.test(headers['content-type'] ?? '')) return constants.HTTP_STATUS_OK;
  return constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE;
}

/** One call under way. */
export class GrpcCall {
  readonly headers: IncomingHttpHeaders;
  readonly #stream: ServerHttp2Stream;
  #isEnded = false;
  #hasTaken = false;
  readonly #reader = new MessageReader(REQUEST_BYTES_MAX);

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream;
    this.headers = headers;
  }

  /** The connection that the call came over; undefined once that is gone. */
  get session(): object | undefined {
    return this.#stream.session;
  }

  /** False while the client has not read what was sent before. */
  get hasRoom(): boolean {
    return !this.#stream.writableNeedDrain;
  }

  /** Sends one message; after the end, nothing. */
  send(message: Uint8Array): void {
    if (this.#isOver) return;
    if (!this.#stream.headersSent) this.#stream.respond(HEADERS, { waitForTrailers: true });
    this.#stream.write(frameMessage(message));
  }

  /** Ends the call; only the first end counts. */
  end({ code, message }: GrpcState = OK): void {
    if (this.#isOver) return;
    this.#isEnded = true;
    const trailers = { 'grpc-status': String(code), 'grpc-message': percentEncoded(message) };
    if (!this.#stream.headersSent) {
      this.#stream.respond({ ...HEADERS, ...trailers }, { endStream: true });
      return;
    }
    this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(trailers));
    this.#stream.end();
  }

  /** Hands what arrives to a handler of `method`, until the call ends. */
  serve(method: GrpcMethod): void {
    const encoding = this.headers['grpc-encoding'] ?? 'identity';
    if (encoding !== 'identity') return this.end(COMPRESSED);
    const stream = this.#stream;
    const handler = method.open(this);
    stream.on('data', (chunk: Uint8Array) => this.#arrived(chunk, method, handler));
    stream.once('end', () => this.#said(method));
    stream.on('drain', () => {
      stream.resume();
      handler.drained();
    });
    stream.once('close', () => {
      this.#isEnded = true;
      handler.closed();
    });
  }

  get #isOver(): boolean {
    return this.#isEnded || this.#stream.closed || this.#stream.destroyed;
  }

  #arrived(chunk: Uint8Array, method: GrpcMethod, handler: GrpcHandler): void {
    if (this.#isOver) return;
    const messages = refusalOf(() => this.#reader.read(chunk));
    if (messages instanceof Refusal) {
      return this.end(messages.code === 'too-large' ? TOO_LARGE : COMPRESSED);
    }
    for (const message of messages) {
      if (this.#hasTaken && method.requests === 'one') return this.end(NOT_ONE);
      this.#hasTaken = true;
      handler.take(message);
    }
    // Who does not read answers is not asked for more questions.
    if (!this.hasRoom) this.#stream.pause();
  }

  /** The client says no more. */
  #said(method: GrpcMethod): void {
    if (!this.#reader.isBetween) this.end({ code: GRPC.internal, message: 'half a message' });
    else if (method.requests === 'many') this.end();
    else if (!this.#hasTaken) this.end(NOT_ONE);
  }
}

const HEADERS = {
  ':status': constants.HTTP_STATUS_OK,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity',
};
const COMPRESSED: GrpcState = { code: GRPC.unimplemented, message: 'no compression is known' };
const NOT_ONE: GrpcState = { code: GRPC.unimplemented, message: 'a call has one request message' };
const TOO_LARGE: GrpcState = {
  code: GRPC.resourceExhausted,
  message: `a request message has at most ${REQUEST_BYTES_MAX} bytes`,
};

/** UTF-8 in which all but printable ASCII, and the percent sign, is escaped. */
function percentEncoded(text: string): string {
  return text.toWellFormed().replace(/[^ -$&-~]/gu, (character) => encodeURIComponent(character));
}
