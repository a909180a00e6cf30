/**
 * The calls of the SPIFFE Workload API (§5, §6): who asks, what they may have, and streams that
 * follow it. The two calls for workload identity tokens, still incubating, answer Unimplemented.
 *
 * A stream's first message comes at once and each later one is the complete state; a state equal
 * to the last is not sent. The caller is attested when its stream opens and must still live at
 * each message, because a child that inherited the socket was never asked who it is.
 */

import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
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
import { FetchBook } from './fetch-book.ts';
import { Following, type FollowingOptions } from './following.ts';
import {
  JWTBundlesResponseSchema,
  JWTSVIDRequestSchema,
  JWTSVIDResponseSchema,
  SpiffeWorkloadAPI,
  ValidateJWTSVIDRequestSchema,
  ValidateJWTSVIDResponseSchema,
  X509BundlesResponseSchema,
  X509SVIDResponseSchema,
} from './gen/workload_pb.ts';
import type { GrpcCall, GrpcMethod, GrpcMethods } from './grpc.ts';
import { decodeRequest, MALFORMED } from './request.ts';
import {
  encodeClaims,
  encodeIdentities,
  encodeJwtAuthorities,
  encodeTokens,
  encodeX509Authorities,
  SECURITY_HEADER,
  stateOf,
} from './response.ts';
import { Slots } from './slots.ts';

/** What the calls are answered from. */
export interface WorkloadServiceOptions {
  readonly directory: IdentityDirectory;
  readonly processes: ProcessInspector;
  readonly log: Log;
}

/** The calls, until `close` ends their streams with a word. */
export interface WorkloadService {
  readonly methods: GrpcMethods;
  /** Who was given which X509-SVID. */
  readonly fetches: FetchBook;
  close(): void;
}

/** The implementation; `callerOf` says whose connection a call came over. */
export function createWorkloadService(
  options: WorkloadServiceOptions,
  callerOf: (session: object | undefined) => ConnectedProcess | undefined,
): WorkloadService {
  const service = new Service(options, callerOf);
  const { directory } = options;
  const fetches = new FetchBook();
  const x509Svids = async (selectors: readonly Selector[]): Promise<Uint8Array> => {
    const identities = await directory.identitiesOf(selectors);
    fetches.note(identities, selectors, directory.clock.now().boot);
    return toBinary(X509SVIDResponseSchema, encodeIdentities(identities));
  };
  const x509Bundles = (selectors: readonly Selector[]): Uint8Array => {
    const answer = [directory.bundlesOf(selectors), directory.crlsFor(selectors)] as const;
    return toBinary(X509BundlesResponseSchema, encodeX509Authorities(...answer));
  };
  const jwtBundles = (selectors: readonly Selector[]): Uint8Array =>
    toBinary(JWTBundlesResponseSchema, encodeJwtAuthorities(directory.bundlesOf(selectors)));
  const methods: readonly (readonly [string, GrpcMethod])[] = [
    ['FetchX509SVID', service.followed(x509Svids)],
    ['FetchX509Bundles', service.followed(x509Bundles)],
    ['FetchJWTBundles', service.followed(jwtBundles)],
    [
      'FetchJWTSVID',
      service.answered(JWTSVIDRequestSchema, async ({ audience, spiffeId }, selectors) => {
        checkAudience(audience);
        const tokens = await directory.tokensOf(selectors, audience, wantedId(spiffeId));
        return toBinary(JWTSVIDResponseSchema, encodeTokens(tokens));
      }),
    ],
    [
      'ValidateJWTSVID',
      service.answered(ValidateJWTSVIDRequestSchema, ({ audience, svid }, selectors) => {
        checkAudience([audience]);
        if (svid === '') throw new Refusal('workload-argument', { argument: 'svid' });
        const verified = directory.verifyToken(selectors, svid, audience);
        return toBinary(ValidateJWTSVIDResponseSchema, encodeClaims(verified, directory.domain));
      }),
    ],
  ];
  return {
    methods: new Map(
      methods.map(([name, method]) => [`/${SpiffeWorkloadAPI.typeName}/${name}`, method]),
    ),
    fetches,
    close: () => service.close(),
  };
}

/** What every call needs. */
class Service {
  readonly #options: WorkloadServiceOptions;
  readonly #callerOf: (session: object | undefined) => ConnectedProcess | undefined;
  readonly #streams = new Slots({
    inAll: WORKLOAD_STREAMS_MAX,
    perUid: WORKLOAD_STREAMS_PER_UID_MAX,
  });
  readonly #followings = new Set<Following>();

  constructor(
    options: WorkloadServiceOptions,
    callerOf: (session: object | undefined) => ConnectedProcess | undefined,
  ) {
    this.#options = options;
    this.#callerOf = callerOf;
  }

  /** A method that is answered now and at each change. */
  followed(reply: FollowingOptions['reply']): GrpcMethod {
    const open = (call: GrpcCall) => {
      const following = new Following(call, {
        begin: () => this.#begin(call),
        reply,
        follow: (wake) => this.#options.directory.follow(wake),
        refuse: (refusal) => this.#refuse(call, refusal),
        over: () => this.#followings.delete(following),
      });
      this.#followings.add(following);
      return following;
    };
    return { requests: 'one', open };
  }

  /** A method that is answered once. */
  answered<Schema extends DescMessage>(
    schema: Schema,
    reply: (
      request: MessageShape<Schema>,
      selectors: readonly Selector[],
    ) => Uint8Array | Promise<Uint8Array>,
  ): GrpcMethod {
    const take = async (call: GrpcCall, message: Uint8Array): Promise<void> => {
      try {
        const request = decodeRequest(schema, message);
        if (request === undefined) return call.end(MALFORMED);
        const { slot, attested } = this.#begin(call);
        using _slot = slot;
        call.send(await reply(request, await attested));
        call.end();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#refuse(call, error);
      }
    };
    const open = (call: GrpcCall) => ({
      take: (message: Uint8Array) => void take(call, message),
      drained: () => undefined,
      closed: () => undefined,
    });
    return { requests: 'one', open };
  }

  close(): void {
    const ending = new Refusal('workload-ending');
    for (const following of [...this.#followings]) following.end(ending);
  }

  /** Who calls. Workload Endpoint §6: what somebody was tricked into sending lacks the header. */
  #begin(call: GrpcCall) {
    // Sent twice it arrives as "true, true".
    if (call.headers[SECURITY_HEADER] !== 'true') throw new Refusal('workload-header');
    const caller = this.#callerOf(call.session);
    if (caller === undefined) throw new Refusal('workload-gone');
    const slot = this.#streams.take(caller.uid);
    const { processes, directory } = this.#options;
    return { caller, slot, attested: attestWorkload(caller, processes, directory.asked) };
  }

  #refuse(call: GrpcCall, refusal: Refusal): void {
    const { pid = -1, uid = -1 } = this.#callerOf(call.session) ?? {};
    const name = call.headers[':path'] ?? '';
    const { code } = refusal;
    this.#options.log.info('workload refused', { call: name.slice(-64), code, pid, uid });
    call.end(stateOf(refusal));
  }
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
