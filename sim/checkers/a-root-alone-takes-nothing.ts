/**
 * A Root alone lowers the tier of nothing whose key it does not call compromised (PROTOCOL §2.1):
 * what a retired key signed ages on. Only a new lineage takes more.
 */

import { readRoot } from '../../federation/root.ts';
import type { CheckerKind } from '../checker.ts';
import { envelopeOf, manifestOf } from '../reading.ts';

export const aRootAloneTakesNothing: CheckerKind = {
  sentence: 'a Root alone takes nothing whose key it does not call compromised',
  make: (world, fail) => ({
    step: ({ machine, writes }) => {
      for (const { domain, kind, value, before } of writes) {
        if (value !== null || before === null) continue;
        if (kind !== 'beacon' && kind !== 'manifest') continue;
        const roots = writes.flatMap((write) =>
          write.domain === domain && write.kind === 'root' && write.value !== null
            ? [readRoot(envelopeOf(write.value))]
            : [],
        );
        // A revocation in the same file takes what it names.
        const isRevoked = writes.some((w) => w.domain === domain && w.kind === 'revocations');
        if (roots.length === 0 || isRevoked) continue;
        world.coverage.saw('checker: a Root took what a compromised key had signed');
        const gone = new Set(roots.flatMap(({ compromised }) => compromised));
        const { slots } = kind === 'beacon' ? envelopeOf(before) : manifestOf(before);
        if (slots.some(({ keyId }) => gone.has(keyId))) continue;
        fail(`${machine.name} lost the ${kind} of ${domain} to Root ${roots.at(-1)?.version}`);
      }
    },
  }),
};
