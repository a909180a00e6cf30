/** Every believed document is pinned by the manifest of the newest beacon (PROTOCOL §5.1). */

import { readManifest } from '../../federation/manifest.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { CheckerKind } from '../checker.ts';
import { beaconOf, envelopeOf, manifestOf } from '../reading.ts';

const HEAD_BYTES = 8;
const PINNED = 0xff;

export const everyBelievedDocumentIsPinned: CheckerKind = {
  sentence: 'every believed document is pinned',
  make: (world, fail) => ({
    step: ({ machine, writes }) => {
      for (const { domain, kind, part, value } of writes) {
        if (kind !== 'document' || value === null || value[0] !== PINNED) continue;
        // A later write of the same step may have frozen or removed it.
        if (machine.believed.get(recordKey(domain, 'document', part)) !== value) continue;
        const manifest = machine.believed.get(recordKey(domain, 'manifest'));
        const beacon = machine.believed.get(recordKey(domain, 'beacon'));
        if (manifest === undefined || beacon === undefined) {
          return fail(`${part} of ${domain} is believed without a manifest`);
        }
        const envelope = manifestOf(manifest);
        const pin = readManifest(envelope).pins.get(part);
        const { digest } = envelopeOf(value.subarray(HEAD_BYTES));
        world.coverage.saw('protocol: a document was admitted');
        if (beaconOf(beacon).manifestDigest !== envelope.digest || pin?.digest !== digest) {
          fail(`${machine.name} believes ${part} of ${domain}, which nothing pins`);
        }
      }
    },
  }),
};
