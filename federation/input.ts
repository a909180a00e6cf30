/**
 * What may happen to the state machine. Everything it knows of the world comes in as one of these.
 */

import type { JsonObject } from '../core/canonical.ts';
import type { Digest } from '../core/digest.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Signer } from '../core/suite.ts';
import type { UnixMs } from '../core/time.ts';
import type { ContentType } from './document.ts';
import type { DrawPurpose } from './effect.ts';
import type { LinkedGuest, LinkedPeer } from './peer-link.ts';
import type { RelationTerms } from './relation.ts';
import type { RevocationTarget } from './revocations.ts';

/** A document the authority wants to publish: its type, its name, its own members. */
export interface Draft {
  readonly type: ContentType;
  /** `bundle`, `policy`, `entries/default`, … */
  readonly name: string;
  /** Members beside the head (type, domain, name, salt, version), which the writer adds. */
  readonly body: JsonObject;
}

/** One thing that happened. */
export type Input =
  /** The time asked for by `wakeAt` has come, or something may have changed: look at the clock. */
  | { readonly kind: 'wake' }
  /** The random bytes an effect `draw` asked for. */
  | { readonly kind: 'drawn'; readonly purpose: DrawPurpose; readonly bytes: Uint8Array }
  /** A link was admitted, or a guest to the recovery lane. */
  | ({ readonly kind: 'peer-up' } & (LinkedPeer | LinkedGuest))
  | { readonly kind: 'peer-down'; readonly peer: string }
  /** One frame of the sync protocol. */
  | { readonly kind: 'frame'; readonly peer: string; readonly bytes: Uint8Array }
  /** One gossip message, as relayed by `peer`. */
  | { readonly kind: 'gossip'; readonly peer: string; readonly bytes: Uint8Array }
  /** A file of documents carried here. */
  | { readonly kind: 'import'; readonly request: number; readonly file: Uint8Array }
  /**
   * A grant came to a node that holds no authority keys (PROTOCOL §7.1): its lease, and a file of
   * the documents that its domain stands by. All of it is taken, or nothing.
   */
  | {
      readonly kind: 'grant';
      readonly request: number;
      /** Digest of the first Root that a person pinned the domain by. */
      readonly firstRoot: Digest;
      readonly file: Uint8Array;
      readonly lease: Uint8Array;
    }
  /** The authority publishes documents; with `withdrawal`, something it stood by is no more. */
  | {
      readonly kind: 'publish';
      readonly request: number;
      readonly drafts: readonly Draft[];
      readonly withdrawal: boolean;
    }
  /** The authority relates to the domain whose documents are in the file. */
  | {
      readonly kind: 'relate';
      readonly request: number;
      readonly file: Uint8Array;
      readonly terms: RelationTerms;
    }
  /** The authority changes what a relation grants; `mayWiden` where it may grant more, too. */
  | {
      readonly kind: 'amend';
      readonly request: number;
      readonly domain: TrustDomain;
      readonly terms: RelationTerms;
      readonly mayWiden: boolean;
    }
  /** The authority revokes, for good, what its domain issued (PROTOCOL §5.5). */
  | {
      readonly kind: 'revoke';
      readonly request: number;
      readonly targets: readonly RevocationTarget[];
    }
  /** A role key was made on this machine, and is kept (PROTOCOL §2.5). */
  | { readonly kind: 'key'; readonly key: Signer }
  /** A person says that this authority holds the newest documents of its domain (§2.6). */
  | { readonly kind: 'confirm'; readonly request: number }
  /** A person says what time it is; null: the wall clock of this machine is right (§4.4). */
  | { readonly kind: 'time'; readonly request: number; readonly time: UnixMs | null }
  /** Records could not be written, or can be again (PROTOCOL §4.4). */
  | { readonly kind: 'store'; readonly isWritable: boolean }
  /** The authority ends a relation. */
  | { readonly kind: 'unrelate'; readonly request: number; readonly domain: TrustDomain };
