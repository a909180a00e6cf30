/**
 * The calls of the SPIFFE Workload API (§5, §6): who asks, what they may have, and streams that
 * follow it. The two calls for workload identity tokens, still incubating, answer Unimplemented.
 *
 * A stream's first message comes at once and each later one is the complete state; a state equal
 * to the last is not sent. The caller is attested when its stream opens and must still live at
 * each message, because a child that inherited the socket was never asked who it is.
 */

import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { createContextKey, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { Bug } from '../../core/assert.ts';
import { equalBytes } from '../../core/bytes.ts';
import {
  JWT_AUDIENCE_CHARS_MAX,
  JWT_AUDIENCES_MAX,
  WORKLOAD_STREAMS_MAX,
  WORKLOAD_STREAMS_PER_UID_MAX,
} from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { parseSpiffeId, type SpiffeId } from '../../core/spiffe-id.ts';
import {
  attestWorkload,
  type ConnectedProcess,
  type ProcessInspector,
} from '../attestation/workload-attestor.ts';
import type { IdentityDirectory } from '../identity/directory.ts';
import type { Selector } from '../identity/selector.ts';
import type { Log } from '../ports.ts';
import {
  JWTBundlesResponseSchema,
  type SpiffeWorkloadAPI,
  X509BundlesResponseSchema,
  X509SVIDResponseSchema,
} from './gen/workload_pb.ts';
import {
  connectErrorOf,
  encodeClaims,
  encodeIdentities,
  encodeJwtAuthorities,
  encodeTokens,
  encodeX509Authorities,
  SECURITY_HEADER,
} from './response.ts';
import { Slots } from './slots.ts';

/** What the calls are answered from. */
export interface WorkloadServiceOptions {
  readonly directory: IdentityDirectory;
  readonly processes: ProcessInspector;
  readonly log: Log;
}

/** Whose connection a call came over; the server sets it. */
export const CALLER = createContextKey<ConnectedProcess | undefined>(undefined);

/** The implementation, for a Connect router; its streams end once `ending` aborts. */
export function createWorkloadService(
  options: WorkloadServiceOptions,
  ending: AbortSignal,
): Partial<ServiceImpl<typeof SpiffeWorkloadAPI>> {
  const { directory } = options;
  const streams = new Slots({
    inAll: WORKLOAD_STREAMS_MAX,
    perUid: WORKLOAD_STREAMS_PER_UID_MAX,
  });
  const service = { ...options, streams, ending };
  return {
    fetchX509SVID: (_request, context) =>
      follow(service, context, X509SVIDResponseSchema, (selectors) =>
        encodeIdentities(directory.identitiesOf(selectors)),
      ),
    fetchX509Bundles: (_request, context) =>
      follow(service, context, X509BundlesResponseSchema, (selectors) =>
        encodeX509Authorities(directory.bundlesOf(selectors), directory.crlsFor(selectors)),
      ),
    fetchJWTBundles: (_request, context) =>
      follow(service, context, JWTBundlesResponseSchema, (selectors) =>
        encodeJwtAuthorities(directory.bundlesOf(selectors)),
      ),
    fetchJWTSVID: ({ audience, spiffeId }, context) =>
      answer(service, context, (selectors) => {
        checkAudience(audience);
        return encodeTokens(directory.tokensOf(selectors, audience, wantedId(spiffeId)));
      }),
    validateJWTSVID: ({ audience, svid }, context) =>
      answer(service, context, (selectors) => {
        checkAudience([audience]);
        if (svid === '') throw new Refusal('workload-argument', { argument: 'svid' });
        return encodeClaims(directory.verifyToken(selectors, svid, audience), directory.domain);
      }),
  };
}

interface Service extends WorkloadServiceOptions {
  readonly streams: Slots;
  readonly ending: AbortSignal;
}

/** One call that is answered once. */
async function answer<Response>(
  service: Service,
  context: HandlerContext,
  reply: (selectors: readonly Selector[]) => Response,
): Promise<Response> {
  try {
    const caller = callerOf(context);
    using _slot = service.streams.take(caller.uid);
    return reply(await attest(service, caller));
  } catch (error) {
    throw troubleOf(service, context, error);
  }
}

/** One call that is answered now and at each change. */
async function* follow<Schema extends DescMessage>(
  service: Service,
  context: HandlerContext,
  schema: Schema,
  reply: (selectors: readonly Selector[]) => MessageShape<Schema>,
): AsyncGenerator<MessageShape<Schema>> {
  try {
    const caller = callerOf(context);
    using _slot = service.streams.take(caller.uid);
    const selectors = await attest(service, caller);
    let last = new Uint8Array(0);
    let isFirst = true;
    const signal = AbortSignal.any([context.signal, service.ending]);
    for await (const _ of service.directory.follow(signal)) {
      if (!caller.isAlive()) throw new Refusal('workload-gone', { pid: caller.pid });
      const message = reply(selectors);
      const bytes = toBinary(schema, message);
      if (!isFirst && equalBytes(bytes, last)) continue;
      isFirst = false;
      last = bytes;
      yield message;
    }
    if (service.ending.aborted) throw new Refusal('workload-ending');
  } catch (error) {
    throw troubleOf(service, context, error);
  }
}

/** Who calls. Workload Endpoint §6: what somebody was tricked into sending lacks the header. */
function callerOf(context: HandlerContext): ConnectedProcess {
  // Sent twice it arrives as "true, true".
  if (context.requestHeader.get(SECURITY_HEADER) !== 'true') throw new Refusal('workload-header');
  const caller = context.values.get(CALLER);
  if (caller === undefined) throw new Refusal('workload-gone');
  return caller;
}

function attest(service: Service, caller: ConnectedProcess): Promise<readonly Selector[]> {
  return attestWorkload(caller, service.processes, service.directory.asked);
}

/** Workload API §6.2.1: at least one audience, none of them empty. */
function checkAudience(audience: readonly string[]): void {
  const isEach = audience.every((name) => name !== '' && name.length <= JWT_AUDIENCE_CHARS_MAX);
  if (audience.length > 0 && audience.length <= JWT_AUDIENCES_MAX && isEach) return;
  throw new Refusal('workload-argument', { argument: 'audience' });
}

/** The one identity that is asked for; empty asks for all. */
function wantedId(text: string): SpiffeId | undefined {
  if (text === '') return undefined;
  const id = refusalOf(() => parseSpiffeId(text));
  if (id instanceof Refusal) throw new Refusal('workload-argument', { argument: 'spiffe_id' });
  return id;
}

/** What the library is to throw: a refusal as its state; anything else as it is. */
function troubleOf(service: Service, context: HandlerContext, error: unknown): unknown {
  // The gRPC library would answer Internal and go on; a bug ends the process instead.
  if (error instanceof Bug) queueMicrotask(() => endWith(error));
  if (!(error instanceof Refusal)) return error;
  const { pid = -1, uid = -1 } = context.values.get(CALLER) ?? {};
  const call = context.method.name;
  service.log.info('workload refused', { call, code: error.code, pid, uid });
  return connectErrorOf(error);
}

function endWith(bug: Bug): never {
  throw bug;
}
