/** Quotes and other statements of one chip, as it made them and as somebody changed them. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import { decodeAttest } from '../../firmware/attest.ts';
import {
  CHALLENGE_NONCE_BYTES,
  type Challenge,
  challengeFor,
  counterOf,
  qualifyingBytes,
  verifyAttested,
} from '../../firmware/attested.ts';
import type { Bank, ClaimedPcrs } from '../../firmware/pcrs.ts';
import { type QuoteExpectation, type ShownQuote, verifyQuote } from '../../firmware/quote.ts';
import { decodePublic, type KeyPublic } from '../../firmware/tpm-public.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { hexOf, objectOf, pcrsOf, VECTORS_ABSENT, vectorJson } from './vectors.ts';

const quote = suite('firmware/quote');

const BANKS = ['sha256', 'sha384'] as const;

function keyOf(raw: Uint8Array): KeyPublic {
  const key = decodePublic(raw);
  if (key.kind === 'sealed') throw new Error('not a key');
  return key;
}

/** The challenge that a nonce of the vectors amounts to: ours end in the id of an epoch. */
function challengeOf(part: JsonObject): Challenge {
  const nonce = hexOf(part.nonce);
  return {
    nonce: nonce.subarray(0, CHALLENGE_NONCE_BYTES),
    epoch: nonce.subarray(CHALLENGE_NONCE_BYTES),
  };
}

function shownOf(part: JsonObject, bank: Bank): ShownQuote {
  const pcrs: ClaimedPcrs = { bank, values: pcrsOf(part.pcrs) };
  return { attest: hexOf(part.attest), signature: hexOf(part.sig), pcrs };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice();
  out[at] = (out[at] ?? 0) ^ 1;
  return out;
}

if (VECTORS_ABSENT !== null) {
  skip('firmware/quote › statements of a chip', VECTORS_ABSENT);
} else {
  const evidence = vectorJson('self-evidence-swtpm.json');
  const key = keyOf(hexOf(evidence.akPub));
  const partOf = (bank: Bank): JsonObject => objectOf(evidence[`quote_${bank}`]);
  const expectedOf = (bank: Bank): QuoteExpectation => ({
    key,
    challenge: challengeOf(partOf(bank)),
    bank,
    required: [0, 7, 11],
  });

  for (const bank of BANKS) {
    quote(`of ${bank} verifies, and hands on clock and version`, () => {
      const part = partOf(bank);
      const verified = verifyQuote(shownOf(part, bank), expectedOf(bank));
      assert.equal(verified.pcrs.values, pcrsOf(part.pcrs));
      assert.is(verified.clock.resetCount, 13);
      assert.is(verified.clock.safe, true);
      assert.is(verified.firmwareVersion, 0x2019_1023_0016_3636n);
      assert.equal(verified.keyName, hexOf(evidence.akName));
    });

    quote(`of ${bank} is refused with any bit of it flipped`, () => {
      const shown = shownOf(partOf(bank), bank);
      for (const at of shown.attest.keys()) {
        const attest = flipped(shown.attest, at);
        assert.throws(() => verifyQuote({ ...shown, attest }, expectedOf(bank)));
      }
      for (const at of shown.signature.keys()) {
        const signature = flipped(shown.signature, at);
        refuses('attest-signature', () => verifyQuote({ ...shown, signature }, expectedOf(bank)));
      }
    });
  }

  const shown = shownOf(partOf('sha256'), 'sha256');
  const expected = expectedOf('sha256');
  const changed = (change: Partial<QuoteExpectation>) => () =>
    verifyQuote(shown, { ...expected, ...change });

  quote('without the magic is of no TPM', () => {
    const attest = flipped(shown.attest, 3);
    refuses('attest-not-tpm', () => verifyQuote({ ...shown, attest }, expected));
  });

  quote('cut short is malformed', () => {
    const attest = shown.attest.subarray(0, -1);
    refuses('attest-malformed', () => verifyQuote({ ...shown, attest }, expected));
  });

  quote('is refused for another nonce', () => {
    const { nonce, epoch } = expected.challenge;
    refuses('attest-nonce', changed({ challenge: { nonce: flipped(nonce, 0), epoch } }));
  });

  quote('is refused for another epoch, and for none', () => {
    const { nonce, epoch } = expected.challenge;
    refuses('attest-epoch', changed({ challenge: { nonce, epoch: flipped(epoch, 0) } }));
    refuses('attest-epoch', changed({ challenge: { nonce, epoch: new Uint8Array(0) } }));
  });

  quote('is refused when it answers the challenge of another', () => {
    refuses('attest-nonce', changed({ challenge: challengeOf(partOf('sha384')) }));
  });

  quote('is refused from another key', () => {
    const endorsement = keyOf(hexOf(evidence.ekPub));
    refuses('attest-signature', changed({ key: endorsement }));
  });

  quote('is refused for a signature over SHA-1', () => {
    const signature = shown.signature.slice();
    signature[3] = 0x04;
    refuses('attest-hash', () => verifyQuote({ ...shown, signature }, expected));
  });

  quote('is refused in another bank than was asked for', () => {
    refuses('quote-bank', changed({ bank: 'sha384' }));
    refuses('quote-bank', changed({ bank: 'sha1' }));
    const pcrs: ClaimedPcrs = { bank: 'sha1', values: shown.pcrs.values };
    refuses('quote-bank', () => verifyQuote({ ...shown, pcrs }, expected));
  });

  quote('is refused when its selection omits a required PCR', () => {
    refuses('quote-selection', changed({ required: [0, 10] }));
  });

  quote('is refused when a selected value is not shown', () => {
    const values = new Map([...shown.pcrs.values].filter(([pcr]) => pcr !== 23));
    const pcrs: ClaimedPcrs = { bank: 'sha256', values };
    refuses('quote-selection', () => verifyQuote({ ...shown, pcrs }, expected));
  });

  quote('is refused with a value that was not signed', () => {
    const values = new Map(shown.pcrs.values).set(7, new Uint8Array(32).fill(1));
    const pcrs: ClaimedPcrs = { bank: 'sha256', values };
    refuses('quote-digest', () => verifyQuote({ ...shown, pcrs }, expected));
  });

  quote('is refused when a boundary between values moves', () => {
    const values = new Map(shown.pcrs.values);
    values.set(0, new Uint8Array(31)).set(1, new Uint8Array(33));
    const pcrs: ClaimedPcrs = { bank: 'sha256', values };
    refuses('quote-digest', () => verifyQuote({ ...shown, pcrs }, expected));
  });

  quote('makes nobody believe a value outside of its selection', () => {
    const values = new Map(shown.pcrs.values).set(8, new Uint8Array(32).fill(1));
    const { pcrs } = verifyQuote({ ...shown, pcrs: { bank: 'sha256', values } }, expected);
    assert.not(pcrs.values.has(8));
  });

  quote('is not taken for a statement about time', () => {
    refuses('attest-type', () => verifyAttested('time', key, shown, expected.challenge));
  });

  quote('of time verifies', () => {
    const part = objectOf(evidence.getTime);
    const signed = { attest: hexOf(part.attest), signature: hexOf(part.sig) };
    const { timeMs, clock } = verifyAttested('time', key, signed, challengeOf(part));
    assert.is(timeMs, 0x1533n);
    assert.is(clock.resetCount, 13);
  });

  quote('of an NV counter verifies for its index alone', () => {
    const part = objectOf(evidence.nvCertify);
    const signed = { attest: hexOf(part.attest), signature: hexOf(part.sig) };
    const attested = verifyAttested('nv', key, signed, challengeOf(part));
    assert.is(counterOf(attested, hexOf(part.nvName)), 3n);
    refuses('attest-index', () => counterOf(attested, flipped(hexOf(part.nvName), 5)));
  });

  quote('keeps the bytes that were signed', () => {
    assert.equal(decodeAttest(shown.attest).raw, shown.attest);
  });
}

quote('refuses a statement of an unknown kind', () => {
  const bytes = new Uint8Array(60);
  bytes.set([0xff, 0x54, 0x43, 0x47, 0x80, 0x15]);
  refuses('attest-malformed', () => decodeAttest(bytes));
});

quote('refuses a statement larger than any chip makes', () => {
  refuses('too-large', () => decodeAttest(new Uint8Array(5_000)));
});

quote('challenge binds nonce and epoch in 32 bytes', () => {
  const beacon = 'ab'.repeat(32) as Digest;
  const challenge = challengeFor(new Uint8Array(CHALLENGE_NONCE_BYTES), beacon);
  assert.is(qualifyingBytes(challenge).length, 32);
  assert.equal(challenge.epoch, new Uint8Array(16).fill(0xab));
});

quote.run();
