/**
 * Envelopes and ticks as text, for files and for people who carry them (PROTOCOL §1.4).
 *
 *     -----BEGIN HOLDFAST BEACON-----
 *     SEZFMQZiZWFjb24B…            (base64, 64 characters a line)
 *     -----END HOLDFAST BEACON-----
 *
 * One spelling: no headers, no comments, no blank lines, `\n` after every line. The same bytes are
 * signed as on the wire.
 */

import { fromBase64, fromUtf8, toBase64 } from '../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX, BUNDLE_FILE_DOCUMENTS_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';

/** One block of a file: its label and its bytes. */
export interface Block {
  readonly label: string;
  readonly bytes: Uint8Array;
}

const LINE_CHARS = 64;
const BEGIN = /^-----BEGIN HOLDFAST ([A-Z]{1,16})-----$/;

/** The text of one block. */
export function encodeBlock(label: string, bytes: Uint8Array): string {
  const text = toBase64(bytes);
  const body = Array.from({ length: Math.ceil(text.length / LINE_CHARS) }, (_, i) =>
    text.slice(i * LINE_CHARS, (i + 1) * LINE_CHARS),
  );
  const name = label.toUpperCase();
  return [`-----BEGIN HOLDFAST ${name}-----`, ...body, `-----END HOLDFAST ${name}-----`, ''].join(
    '\n',
  );
}

/**
 * Reads a file of blocks, in their order. Refuses `too-large`, `truncated` (a block without its
 * end) and `envelope-malformed` (anything else that is not the one spelling).
 */
export function decodeBlocks(file: Uint8Array): readonly Block[] {
  if (file.length > BUNDLE_FILE_BYTES_MAX) {
    throw new Refusal('too-large', { limit: BUNDLE_FILE_BYTES_MAX, got: file.length });
  }
  const lines = fromUtf8(file).split('\n');
  if (lines.pop() !== '') throw new Refusal('truncated', { why: 'the last line has no end' });
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const label = BEGIN.exec(lines[at] ?? '')?.[1];
    if (label === undefined) refuse(at, 'a block begins with its BEGIN line');
    if (blocks.length >= BUNDLE_FILE_DOCUMENTS_MAX) {
      throw new Refusal('too-large', { limit: BUNDLE_FILE_DOCUMENTS_MAX, unit: 'documents' });
    }
    const end = lines.indexOf(`-----END HOLDFAST ${label}-----`, at);
    if (end < 0) throw new Refusal('truncated', { line: at + 1, why: 'a block without its end' });
    blocks.push({ label: label.toLowerCase(), bytes: decodeBody(lines.slice(at + 1, end), at) });
    at = end + 1;
  }
  return blocks;
}

function decodeBody(body: readonly string[], at: number): Uint8Array {
  const last = body.length - 1;
  const wellCut = body.every((line, i) =>
    i < last ? line.length === LINE_CHARS : line.length > 0 && line.length <= LINE_CHARS,
  );
  if (!wellCut) refuse(at, 'a line of another length');
  return fromBase64(body.join(''));
}

function refuse(line: number, why: string): never {
  throw new Refusal('envelope-malformed', { line: line + 1, why });
}
