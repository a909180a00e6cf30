/**
 * A step: one input that one machine handled, and all that a checker may ask about it.
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Instant } from '../core/time.ts';
import type { Input } from '../federation/input.ts';
import { RECORD_PREFIX, type RecordKind } from '../federation/record-key.ts';
import type { Output } from '../federation/step.ts';
import type { Machine } from './machine.ts';
import type { GossipMessage } from './network.ts';

/** An input on its way into a machine. */
export interface Delivery {
  readonly input: Input;
  /** Set on gossip: what is forwarded if it was admitted. */
  readonly gossip: GossipMessage | null;
  /** The domain that somebody without its keys made this message about, or null. */
  readonly forgedFor: TrustDomain | null;
}

/** One record that a step asked to be stored. */
export interface StepWrite {
  readonly domain: TrustDomain;
  readonly kind: RecordKind;
  readonly part: string;
  readonly value: Uint8Array | null;
  /** What was believed under this key before, or null. */
  readonly before: Uint8Array | null;
}

export interface Step {
  /** True time. */
  readonly t: number;
  readonly machine: Machine;
  /** What the machine's clocks read. */
  readonly now: Instant;
  readonly delivery: Delivery;
  readonly output: Output;
  /** Signature pairs that it verified. */
  readonly verified: number;
  readonly writes: readonly StepWrite[];
}

type Parts = readonly [TrustDomain, RecordKind, string];

/** By key, of the kinds that a domain has one of: the same few are written all the time. */
const partsOf = new Map<string, Parts>();

/** The parts of a record's key: domain, kind, part. */
export function partsOfKey(key: string): Parts {
  const known = partsOf.get(key);
  if (known !== undefined) return known;
  const parts = splitKey(key);
  if (parts[2] === '') partsOf.set(key, parts);
  return parts;
}

function splitKey(key: string): Parts {
  const domainEnd = key.indexOf('/', RECORD_PREFIX.length);
  const kindEnd = key.indexOf('/', domainEnd + 1);
  const end = kindEnd < 0 ? key.length : kindEnd;
  return [
    key.slice(RECORD_PREFIX.length, domainEnd) as TrustDomain,
    key.slice(domainEnd + 1, end) as RecordKind,
    key.slice(end + 1),
  ];
}
