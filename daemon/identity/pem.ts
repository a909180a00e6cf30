/**
 * PEM, one label at a time: certificates and keys as text files carry them (RFC 7468 §3).
 *
 * Read strictly: base64 with exact padding, no
 * headers inside, and nothing between blocks but blank lines. A file with something else in it is
 * a file that somebody did not mean.
 */

import { fromBase64, toBase64 } from '../../core/bytes.ts';
import { CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';

/** The labels in use here (RFC 7468 §5, §10). */
export type PemLabel = 'CERTIFICATE' | 'PRIVATE KEY' | 'X509 CRL';

const LINE = 64;
const BLOCK = /^-----BEGIN ([A-Z ]+)-----\r?\n([A-Za-z0-9+/=\r\n]*?)-----END ([A-Z ]+)-----\r?\n?/;

/** One block of text, ending in a line break. */
export function encodePem(label: PemLabel, der: Uint8Array): string {
  const lines = toBase64(der).match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * The blocks of a text, all of which must bear `label`; at least one. Refuses `bad-encoding`, and
 * `too-large` beyond `blocksMax` blocks.
 */
export function parsePem(
  text: string,
  label: PemLabel,
  blocksMax: number = CHAIN_CERTIFICATES_MAX,
): readonly Uint8Array[] {
  const charsMax = pemBytesMax(blocksMax);
  if (text.length > charsMax) {
    throw new Refusal('too-large', { limit: charsMax, got: text.length });
  }
  const blocks: Uint8Array[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const found = BLOCK.exec(rest);
    if (found === null) throw new Refusal('bad-encoding', { encoding: 'PEM' });
    const [whole, begin, body = '', end] = found;
    if (begin !== label || end !== label) {
      throw new Refusal('bad-encoding', { encoding: 'PEM', expected: label, got: begin ?? '' });
    }
    if (blocks.length === blocksMax) {
      throw new Refusal('too-large', { limit: blocksMax, got: blocks.length + 1 });
    }
    blocks.push(fromBase64(body.replace(/\r?\n/g, '')));
    rest = rest.slice(whole.length).trimStart();
  }
  if (blocks.length === 0) throw new Refusal('bad-encoding', { encoding: 'PEM', got: 'nothing' });
  return blocks;
}

/** The longest text that so many blocks may take. */
export function pemBytesMax(blocksMax: number): number {
  return 2 * CERTIFICATE_BYTES_MAX * blocksMax;
}
