/** Every believed document is pinned by the manifest of the newest beacon (PROTOCOL §5.1). */

import { readManifest } from '../../federation/manifest.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { CheckerKind } from '../checker.ts';
import { beaconOf, documentOf, manifestOf, recordOf } from '../reading.ts';

const PINNED = 0xff;

export const everyBelievedDocumentIsPinned: CheckerKind = {
  sentence: 'every believed document is pinned',
  make: (world, fail) => ({
    wrote: {
      document: ({ domain, part, value }, { machine }) => {
        if (value === null || value[0] !== PINNED) return;
        // A later write of the same step may have frozen or removed it.
        if (machine.believed.get(recordKey(domain, 'document', part)) !== value) return;
        const manifest = recordOf(machine, domain, 'manifest');
        const beacon = recordOf(machine, domain, 'beacon');
        if (manifest === null || beacon === null) {
          return fail(`${part} of ${domain} is believed without a manifest`);
        }
        const envelope = manifestOf(manifest);
        const pin = readManifest(envelope).pins.get(part);
        const { digest } = documentOf(value);
        world.coverage.saw('protocol: a document was admitted');
        if (beaconOf(beacon).manifestDigest !== envelope.digest || pin?.digest !== digest) {
          fail(`${machine.name} believes ${part} of ${domain}, which nothing pins`);
        }
      },
    },
  }),
};
