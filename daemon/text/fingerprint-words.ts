/**
 * A fingerprint as words: what two people compare over the phone (PROTOCOL §6.5).
 *
 * The whole digest of a first Root, 256 bits, as the 24 English words of BIP-39. The eight bits
 * that are left over are a checksum: a word that was heard or typed wrong is nearly always noticed.
 * Nothing is lost, so words are taken wherever hex is.
 */

import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { fromHex, toHex } from '../../core/bytes.ts';
import { DIGEST_BYTES, type Digest, digestOf } from '../../core/digest.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';

const LINK = 'holdfast:fingerprint:';
const WORDS = 24;
const BITS_A_WORD = 11;
const WORDS_A_LINE = 6;

/**
 * The words of a fingerprint, in their order. Every status shows some of each domain, and the
 * library looks through all its words whenever it says any.
 */
export function wordsOf(fingerprint: string): readonly string[] {
  const checksum = digestOf(fromHex(fingerprint)).slice(0, 2);
  const bits = BigInt(`0x${fingerprint}${checksum}`);
  return Array.from({ length: WORDS }, (_, at) => {
    const index = (bits >> BigInt(BITS_A_WORD * (WORDS - 1 - at))) % BigInt(wordlist.length);
    return wordlist[Number(index)] ?? '';
  });
}

/** The same in four lines of six, which is how far people keep their place. */
export function wordLines(fingerprint: string): readonly string[] {
  const words = wordsOf(fingerprint);
  return Array.from({ length: WORDS / WORDS_A_LINE }, (_, line) =>
    words.slice(line * WORDS_A_LINE, (line + 1) * WORDS_A_LINE).join(' '),
  );
}

/** What a scanner reads of a fingerprint. */
export function fingerprintLink(fingerprint: string): string {
  return `${LINK}${fingerprint}`;
}

/**
 * Reads a fingerprint: 64 hex digits, its 24 words, or what a scanner reads. Refuses
 * `enrol-fingerprint`.
 */
export function parseFingerprint(text: string): Digest {
  const trimmed = text.trim().toLowerCase();
  const bare = trimmed.startsWith(LINK) ? trimmed.slice(LINK.length) : trimmed;
  const spoken = bare.split(/\s+/);
  return spoken.length === 1 ? digestIn(spoken[0] ?? '') : digestOfWords(spoken);
}

function digestOfWords(words: readonly string[]): Digest {
  const strange = words.find((word) => !wordlist.includes(word));
  if (strange !== undefined) throw malformed({ word: strange.slice(0, 32) });
  if (words.length !== WORDS) throw malformed({ words: words.length });
  try {
    return toHex(mnemonicToEntropy(words.join(' '), wordlist)) as Digest;
  } catch {
    throw malformed({ why: 'one of the words is another' }); // the checksum does not fit
  }
}

function digestIn(digest: string): Digest {
  const bytes = refusalOf(() => fromHex(digest));
  if (bytes instanceof Refusal || bytes.length !== DIGEST_BYTES) {
    throw malformed({ got: digest.slice(0, 80) });
  }
  return digest as Digest;
}

function malformed(details: Readonly<Record<string, string | number>>): Refusal {
  return new Refusal('enrol-fingerprint', { expected: '64 hex digits or 24 words', ...details });
}
