/**
 * The calls of the SPIFFE Workload API (§5): who asks, what they may have, and streams that follow
 * it. FetchX509SVID and FetchX509Bundles are served; the others answer Unimplemented.
 *
 * A stream's first message comes at once and each later one is the complete state; a state equal
 * to the last is not sent. The caller is attested when its stream opens and must still live at
 * each message, because a child that inherited the socket was never asked who it is.
 */

import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { createContextKey, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { Bug } from '../../core/assert.ts';
import { equalBytes } from '../../core/bytes.ts';
import { WORKLOAD_STREAMS_MAX, WORKLOAD_STREAMS_PER_UID_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  attestWorkload,
  type ConnectedProcess,
  type ProcessInspector,
} from '../attestation/workload-attestor.ts';
import type { IdentityDirectory } from '../identity/directory.ts';
import type { Selector } from '../identity/selector.ts';
import type { Log } from '../ports.ts';
import {
  type SpiffeWorkloadAPI,
  X509BundlesResponseSchema,
  X509SVIDResponseSchema,
} from './gen/workload_pb.ts';
import {
  connectErrorOf,
  encodeAuthorities,
  encodeIdentities,
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

/** The implementation, for a Connect router. */
export function createWorkloadService(
  options: WorkloadServiceOptions,
): Partial<ServiceImpl<typeof SpiffeWorkloadAPI>> {
  const { directory } = options;
  const streams = new Slots({
    inAll: WORKLOAD_STREAMS_MAX,
    perUid: WORKLOAD_STREAMS_PER_UID_MAX,
  });
  const service = { ...options, streams };
  return {
    fetchX509SVID: (_request, context) =>
      follow(service, context, X509SVIDResponseSchema, (selectors) =>
        encodeIdentities(directory.identitiesOf(selectors)),
      ),
    fetchX509Bundles: (_request, context) =>
      follow(service, context, X509BundlesResponseSchema, (selectors) =>
        encodeAuthorities(directory.bundlesOf(selectors)),
      ),
  };
}

interface Service extends WorkloadServiceOptions {
  readonly streams: Slots;
}

async function* follow<Schema extends DescMessage>(
  service: Service,
  context: HandlerContext,
  schema: Schema,
  answer: (selectors: readonly Selector[]) => MessageShape<Schema>,
): AsyncGenerator<MessageShape<Schema>> {
  const { directory, log } = service;
  const caller = context.values.get(CALLER);
  try {
    checkHeader(context);
    if (caller === undefined) throw new Refusal('workload-gone');
    using _slot = service.streams.take(caller.uid);
    const selectors = await attest(service, caller);
    let last = new Uint8Array(0);
    let isFirst = true;
    for await (const _ of directory.follow(context.signal)) {
      if (!caller.isAlive()) throw new Refusal('workload-gone', { pid: caller.pid });
      const message = answer(selectors);
      const bytes = toBinary(schema, message);
      if (!isFirst && equalBytes(bytes, last)) continue;
      isFirst = false;
      last = bytes;
      yield message;
    }
  } catch (error) {
    if (error instanceof Bug) queueMicrotask(() => endWith(error));
    if (!(error instanceof Refusal)) throw error;
    const { pid = -1, uid = -1 } = caller ?? {};
    log.info('workload refused', { call: context.method.name, code: error.code, pid, uid });
    throw connectErrorOf(error);
  }
}

/** The gRPC library would answer Internal and go on; a bug ends the process instead. */
function endWith(bug: Bug): never {
  throw bug;
}

/** Workload Endpoint §6: what somebody was tricked into sending lacks the header. */
function checkHeader(context: HandlerContext): void {
  // Sent twice it arrives as "true, true".
  if (context.requestHeader.get(SECURITY_HEADER) !== 'true') throw new Refusal('workload-header');
}

function attest(service: Service, caller: ConnectedProcess): Promise<readonly Selector[]> {
  const reading = service.directory.asksForSha256 ? 'hashed' : 'name-only';
  return attestWorkload(caller, service.processes, reading);
}
