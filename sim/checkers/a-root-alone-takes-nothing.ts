/**
 * A Root alone lowers the tier of nothing whose key it does not call compromised (PROTOCOL §2.1):
 * what a retired key signed ages on. Only a new lineage takes more.
 */

import { readRoot } from '../../federation/root.ts';
import type { CheckerKind } from '../checker.ts';
import { envelopeOf, manifestOf } from '../reading.ts';
import type { Step, StepWrite } from '../step.ts';

export const aRootAloneTakesNothing: CheckerKind = {
  sentence: 'a Root alone takes nothing whose key it does not call compromised',
  make: (world, fail) => {
    const judge = ({ domain, kind, value, before }: StepWrite, { machine, writes }: Step): void => {
      if (value !== null || before === null) return;
      const roots = writes.flatMap((write) =>
        write.domain === domain && write.kind === 'root' && write.value !== null
          ? [readRoot(envelopeOf(write.value))]
          : [],
      );
      // A revocation in the same file takes what it names.
      const isRevoked = writes.some((w) => w.domain === domain && w.kind === 'revocations');
      if (roots.length === 0 || isRevoked) return;
      world.coverage.saw('checker: a Root took what a compromised key had signed');
      const gone = new Set(roots.flatMap(({ compromised }) => compromised));
      const { slots } = kind === 'beacon' ? envelopeOf(before) : manifestOf(before);
      if (slots.some(({ keyId }) => gone.has(keyId))) return;
      fail(`${machine.name} lost the ${kind} of ${domain} to Root ${roots.at(-1)?.version}`);
    };
    return { wrote: { beacon: judge, manifest: judge } };
  },
};
