/**
 * A Root is of its people (PROTOCOL §2.1): nobody takes one that they have not signed, with however
 * many of their keys but too few it was made, and however it came. The first one a relation pins.
 */

import { readRoot } from '../../federation/root.ts';
import { rootsSigned } from '../ceremony.ts';
import type { CheckerKind } from '../checker.ts';
import { envelopeOf } from '../reading.ts';

export const aRootIsOfItsPeople: CheckerKind = {
  sentence: 'a Root is of its people',
  make: (world, fail) => ({
    wrote: {
      root: ({ domain, value }, { machine }) => {
        if (value === null) return;
        const { digest } = envelopeOf(value);
        const { version } = readRoot(envelopeOf(value));
        const signed = rootsSigned(world, domain);
        if (version === 1n || signed.some((bytes) => envelopeOf(bytes).digest === digest)) return;
        fail(`${machine.name} takes Root ${version} of ${domain}, which its people did not sign`);
      },
    },
  }),
};
