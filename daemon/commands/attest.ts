/** `holdfast attest`: what a machine proves of itself, and what a proof of another is worth. */

import { TPM_USAGE } from './attest-options.ts';
import { type Command, runAction } from './command.ts';

const USAGE = `\
Usage: holdfast attest show [QUOTING] [--json]
       holdfast attest quote [FILE] [--nonce HEX] [--epoch HEX] [QUOTING]
                [--json]
       holdfast attest verify FILE --nonce HEX [--epoch HEX] [--references FILE]
                [--ek-roots FILE] [--ek-allow FILE] [--insecure-any-chip]
                [--bank BANK] [--pcrs LIST] [--json]
       holdfast attest explain FILE [--references FILE] [--json]

show says what this machine can prove now. quote has the chip sign its PCRs over
the nonce of whoever asks, and writes evidence: quote, certificates and logs.
verify judges evidence of another machine; it exits 1 unless all of it holds.
explain lists the events of evidence, or of a bare event log, says which of them
are proven, and how the boot differs from what is approved. It asks for no
nonce: the boot may be an old one.

Evidence cannot show that the key which quoted lives in the chip that is shown.
That takes a question to the chip itself, which comes with enrolment.

  --nonce HEX             16 to 32 bytes of the verifier; quote draws some
                          without
  --epoch HEX             the epoch in whose light the quote is made (16 bytes)
  --references FILE       approved boot states, as holdfast references learn
                          drafts
  --ek-roots FILE         certificates of makers that are trusted (PEM)
  --ek-allow FILE         endorsement keys that are trusted, one on a line:
                          hash, tpm or vtpm, and a note
  --insecure-any-chip     do not ask whether the chip is one
  --bank BANK             sha256, sha384 or sha512
  --pcrs LIST             such as 0-7,11: to be quoted, or to be demanded

QUOTING:
  --key HANDLE            a persistent attestation key, instead of our own
  --event-log FILE        logs to show, instead of this machine's own, which go
  --userspace-log FILE    with its own chip alone
  --ima-log FILE
  --intermediates FILE    certificates between the chip's and its root (PEM)
${TPM_USAGE}`;

export const command: Command = {
  name: 'attest',
  summary: 'prove how this machine booted, and judge such proofs',
  usage: USAGE,
  run: async (context) => {
    const { quote, show } = await import('./attest-quote.ts');
    const { explain, verify } = await import('./attest-verify.ts');
    return runAction(context, { show, quote, verify, explain });
  },
};
