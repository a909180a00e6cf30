/**
 * The bundle file: what one domain hands another by any means, documents in an order that can be
 * admitted as it is read (PROTOCOL §6.5).
 *
 *     ROOT… (from version 1) · REVOCATIONS… · BEACON · TICK or STOP · MANIFEST · BUNDLE
 *         · OVERRIDE, RECALL… (for nodes of the domain) · PROOF…
 *
 * It is text, holds only what its reader may read, and is believed exactly as if it had come
 * over a link: the file proves nothing that its documents do not.
 */

import { Refusal, refusalOf } from '../core/refusal.ts';
import { type Block, decodeBlocks, encodeBlock } from './armour.ts';
import { type Belief, isManifestCurrent } from './belief.ts';
import { type DocumentHead, isPublic } from './document.ts';
import { DOCUMENT_TYPES, decodeEnvelope, type UnverifiedEnvelope } from './envelope.ts';
import { decodeEquivocation, type UnverifiedEquivocation } from './equivocation.ts';
import { decodeTick, encodeTick, type UnverifiedTick } from './tick.ts';

/** One block of a bundle file, decoded and unverified. */
export type FileItem =
  | { readonly kind: 'envelope'; readonly envelope: UnverifiedEnvelope }
  | { readonly kind: 'proof'; readonly proof: UnverifiedEquivocation }
  | { readonly kind: 'tick'; readonly tick: UnverifiedTick };

/** What the reader of a file may read. */
export interface FileReader {
  readonly isFor: (head: DocumentHead) => boolean;
  /** A node of the domain itself. */
  readonly isOwnNode: boolean;
}

/** Whoever may only read what related domains may. */
const ANYBODY: FileReader = { isFor: ({ type }) => isPublic(type), isOwnNode: false };

/**
 * Writes the bundle file of a domain as far as it is held and its reader may read it. Refuses
 * `root-unknown`.
 */
export function encodeBundleFile(belief: Belief, reader: FileReader = ANYBODY): string {
  if (belief.roots.length === 0) throw new Refusal('root-unknown', { domain: belief.domain });
  const { beacon, tick, stop } = belief;
  const blocks: Block[] = belief.roots.map((held) => ({ label: 'root', bytes: held.bytes }));
  // The shortest first: one that another covers is taken only as long as the other is not there.
  const revoked = [...belief.revocations.documents];
  revoked.sort((a, b) => a.entries.length - b.entries.length);
  for (const { bytes } of revoked) blocks.push({ label: 'revocations', bytes });
  if (beacon !== null) {
    blocks.push({ label: 'beacon', bytes: beacon.bytes });
    if (stop !== null) blocks.push({ label: 'tick', bytes: stop });
    else if (tick !== null && tick.index > 0) {
      blocks.push({
        label: 'tick',
        bytes: encodeTick(beacon.beacon.digest, tick.index, tick.value),
      });
    }
  }
  if (isManifestCurrent(belief) && belief.manifest !== null) {
    blocks.push({ label: 'manifest', bytes: belief.manifest.bytes });
    for (const held of belief.documents.values()) {
      if (held.frozenAsOf !== null || !reader.isFor(held.head)) continue;
      blocks.push({ label: held.head.type, bytes: held.bytes });
    }
  }
  const overrides = reader.isOwnNode ? [...belief.overrides.values()] : [];
  for (const { bytes, recall } of overrides) {
    blocks.push({ label: 'override', bytes });
    if (recall !== null) blocks.push({ label: 'recall', bytes: recall });
  }
  // Last: what a disowned key said before is read, and then counts as far as the proof lets it.
  for (const bytes of belief.disowned.values()) blocks.push({ label: 'proof', bytes });
  return blocks.map((block) => encodeBlock(block.label, block.bytes)).join('');
}

/** Reads one block. Refuses what `decodeEnvelope` and `decodeTick` refuse, and `document-type`. */
export function decodeFileItem(block: Block): FileItem {
  if (block.label === 'tick') return { kind: 'tick', tick: decodeTick(block.bytes) };
  if (block.label === 'proof') return { kind: 'proof', proof: decodeEquivocation(block.bytes) };
  const envelope = decodeEnvelope(block.bytes);
  if (envelope.type !== block.label) {
    throw new Refusal('document-type', { outer: block.label, inner: envelope.type });
  }
  return { kind: 'envelope', envelope };
}

/**
 * Reads a file that is taken as a whole or not at all. A document of a later version is left out:
 * we do without it (PROTOCOL §6.1). Refuses as `decodeFileItem` does.
 */
export function decodeFileItems(file: Uint8Array): readonly FileItem[] {
  return decodeBundleFile(file).flatMap((block) => {
    const item = refusalOf(() => decodeFileItem(block));
    if (!(item instanceof Refusal)) return [item];
    // Under a label that is known here it is damaged, and the whole file with it.
    const isLabelKnown = DOCUMENT_TYPES.some((type) => type === block.label);
    if (item.code !== 'document-unknown' || isLabelKnown) throw item;
    return [];
  });
}

/** The blocks of a file. */
export function decodeBundleFile(file: Uint8Array): readonly Block[] {
  const blocks = decodeBlocks(file);
  if (blocks.length === 0) throw new Refusal('truncated', { why: 'the file is empty' });
  return blocks;
}
