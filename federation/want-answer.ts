/**
 * What answers a want (PROTOCOL §6.1, §6.4): of what is held, that which both sides may read. What
 * is not held or not readable is not mentioned.
 */

import { type Belief, isManifestCurrent } from './belief.ts';
import { type Frame, versionArgument, type Want } from './message.ts';
import { isReadable, type Reading, unpinnedDigest } from './summary.ts';
import { encodeTick } from './tick.ts';

/** The frames that answer one want; none where there is nothing to say. */
export function answersTo(want: Want, belief: Belief, mine: Reading): readonly Frame[] {
  if (want.what !== 'revocations') {
    const frame = answerTo({ ...want, what: want.what }, belief, mine);
    return frame === null ? [] : [frame];
  }
  if (want.argument === unpinnedDigest(belief, mine)) return [];
  // An override before its recall: what takes it back is refused without it.
  const overrides = mine.isOwnNode ? [...belief.overrides.values()] : [];
  const signed = overrides.flatMap(({ bytes, recall }) =>
    recall === null ? [bytes] : [bytes, recall],
  );
  return [
    ...[...belief.disowned.values()].map((bytes): Frame => ({ kind: 'proof', bytes })),
    ...belief.revocations.documents.map(({ bytes }): Frame => ({ kind: 'envelope', bytes })),
    ...signed.map((bytes): Frame => ({ kind: 'envelope', bytes })),
  ];
}

/** A want that names one thing. */
type SingleWant = Want & { readonly what: Exclude<Want['what'], 'revocations'> };

function answerTo(want: SingleWant, belief: Belief, mine: Reading): Frame | null {
  const { beacon, manifest, tick, stop } = belief;
  const envelope = (bytes: Uint8Array): Frame => ({ kind: 'envelope', bytes });
  switch (want.what) {
    case 'root': {
      const held = belief.roots.find((r) => versionArgument(r.root.version) === want.argument);
      return held === undefined ? null : envelope(held.bytes);
    }
    case 'beacon':
      return beacon?.beacon.digest === want.argument ? envelope(beacon.bytes) : null;
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
