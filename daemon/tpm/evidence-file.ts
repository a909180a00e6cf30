/** Evidence as a file that a person can carry: one armoured block (PROTOCOL §1.4). */

import { toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { decodeBlocks, encodeBlock } from '../../federation/armour.ts';
import { decodeEvidence, type Evidence, encodeEvidence } from '../../firmware/evidence.ts';
import { readBounded } from '../host/files.ts';

const LABEL = 'evidence';

/** The text of an evidence file. */
export function encodeEvidenceFile(evidence: Evidence): string {
  return encodeBlock(LABEL, encodeEvidence(evidence));
}

/** Decodes an evidence file. Refuses `too-large` and `evidence-malformed`. */
export function decodeEvidenceFile(file: Uint8Array): Evidence {
  const [block, ...more] = decodeArmour(file);
  if (block?.label !== LABEL || more.length > 0) {
    throw new Refusal('evidence-malformed', { expected: LABEL, got: block?.label ?? 'nothing' });
  }
  return decodeEvidence(block.bytes);
}

/** Whether a file begins as an evidence file does. */
export function isEvidenceFile(file: Uint8Array): boolean {
  const begin = toUtf8(`-----BEGIN HOLDFAST ${LABEL.toUpperCase()}-----\n`);
  return begin.every((byte, at) => file[at] === byte);
}

/** Reads a file that holds evidence, or perhaps something else; at most a bundle file's bytes. */
export function loadEvidenceBytes(path: string): Promise<Uint8Array> {
  return readBounded(path, BUNDLE_FILE_BYTES_MAX);
}

/** Whatever is wrong with the armour, it is no evidence. */
function decodeArmour(file: Uint8Array) {
  try {
    return decodeBlocks(file);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'too-large') throw error;
    throw new Refusal('evidence-malformed', { cause: error.code, ...error.details });
  }
}
