/**
 * What answers a want (PROTOCOL §6.1, §6.4): of what is held, that which both sides may read. What
 * is not held or not readable is not mentioned.
 */

import type { Digest } from '../core/digest.ts';
import type { KeyId } from '../core/suite.ts';
import { type Belief, isManifestCurrent } from './belief.ts';
import { type Frame, versionArgument, type Want } from './message.ts';
import { overrideDigests } from './overriding.ts';
import type { RangeId } from './ranges.ts';
import { isReadable, type Reading } from './summary.ts';
import { encodeTick } from './tick.ts';

/** The frames that answer a want; none where there is nothing to say. */
export function answersTo(want: Want, belief: Belief, mine: Reading): readonly Frame[] {
  if (want.what === 'unpinned') return unpinnedOf(belief, want.argument, mine);
  const frame = answerTo({ ...want, what: want.what }, belief, mine);
  return frame === null ? [] : [frame];
}

/**
 * The statement of that id that no manifest pins: a revocation document, the proof against a key,
 * or, for a node of the domain, an override, with what recalls it.
 */
export function unpinnedOf(
  belief: Belief,
  id: RangeId,
  { isOwnNode }: Pick<Reading, 'isOwnNode'>,
): readonly Frame[] {
  const { revocations, disowned } = belief;
  const envelope = (bytes: Uint8Array): Frame => ({ kind: 'envelope', bytes });
  const held = revocations.documents.find(({ digest }) => digest === id);
  if (held !== undefined) return [envelope(held.bytes)];
  const proof = disowned.get(id as KeyId);
  if (proof !== undefined) return [{ kind: 'proof', bytes: proof }];
  const at = isOwnNode ? overrideDigests(belief).indexOf(id as Digest) : -1;
  const override = [...belief.overrides.values()][at];
  if (override === undefined) return [];
  // An override before its recall: what takes it back is refused without it.
  const { bytes, recall } = override;
  return recall === null ? [envelope(bytes)] : [envelope(bytes), envelope(recall)];
}

/** A want of what a Root, a beacon or a manifest names. */
type PinnedWant = Want & { readonly what: Exclude<Want['what'], 'unpinned'> };

function answerTo(want: PinnedWant, belief: Belief, mine: Reading): Frame | null {
  const { beacon, manifest, tick, stop } = belief;
  const envelope = (bytes: Uint8Array): Frame => ({ kind: 'envelope', bytes });
  switch (want.what) {
    case 'root': {
      const held = belief.roots.find((r) => versionArgument(r.root.version) === want.argument);
      return held === undefined ? null : envelope(held.bytes);
    }
    case 'beacon':
      return beacon?.beacon.digest === want.argument ? envelope(beacon.bytes) : null;
    case 'past': {
      const past = belief.past.find(({ digest }) => digest === want.argument);
      return past === undefined ? null : envelope(past.bytes);
    }
    case 'tick':
      if (beacon === null || beacon.beacon.digest !== want.argument || tick === null) return null;
      return {
        kind: 'tick',
        bytes: stop ?? encodeTick(beacon.beacon.digest, tick.index, tick.value),
      };
    case 'manifest':
      return !mine.isGuest &&
        manifest !== null &&
        isManifestCurrent(belief) &&
        manifest.manifest.digest === want.argument
        ? envelope(manifest.bytes)
        : null;
    case 'document': {
      const held = [...belief.documents.values()].find((d) => d.head.digest === want.argument);
      return held !== undefined && isReadable(mine, held.head) ? envelope(held.bytes) : null;
    }
  }
}
