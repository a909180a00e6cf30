/**
 * An invalid twin never suppresses a valid message (PROTOCOL §5.2): a forgery has the digest of
 * what it was made from, and whatever is refused as held must be held with its signatures.
 */

import type { UnverifiedEnvelope } from '../../federation/envelope.ts';
import type { RecordKind } from '../../federation/record-key.ts';
import type { CheckerKind } from '../checker.ts';
import type { Machine } from '../machine.ts';
import { documentOf, envelopeOf, manifestOf } from '../reading.ts';
import { partsOfKey } from '../step.ts';

const ENVELOPE_FRAME = 5;

export const whatIsRefusedAsHeldIsHeld: CheckerKind = {
  sentence: 'what is refused as held is held',
  make: (world, fail) => ({
    refused: {
      'document-held': ({ machine, delivery: { input }, output }) => {
        if (input.kind !== 'frame' || input.bytes[0] !== ENVELOPE_FRAME) return;
        const held = output.verdict?.details.type;
        // Another revocation, or another person's recall, may say all that this one says.
        if (held === undefined || held === 'revocations' || held === 'recall') return;
        // A rival of a past beacon proves what is proven already: it is held as no beacon (§5.2).
        if (held === 'proof') return;
        const { digest, type, domain } = envelopeOf(input.bytes.subarray(1));
        world.coverage.saw('checker: a message was refused as held');
        if (isHeld(machine, domain, digest)) return;
        fail(`${machine.name} refuses a ${type} of ${domain} as held, and does not hold it`);
      },
    },
  }),
};

function isHeld(machine: Machine, domain: string, digest: string): boolean {
  for (const [key, value] of machine.believed) {
    const [of, kind] = partsOfKey(key);
    if (of !== domain) continue;
    if (kind === 'override' && key.endsWith(digest)) return true;
    if (envelopeIn(kind, value)?.digest === digest) return true;
  }
  return false;
}

function envelopeIn(kind: RecordKind, record: Uint8Array): UnverifiedEnvelope | null {
  switch (kind) {
    case 'root':
    case 'beacon':
    case 'future':
      return envelopeOf(record);
    case 'manifest':
      return manifestOf(record);
    case 'document':
      return documentOf(record);
    default:
      return null;
  }
}
