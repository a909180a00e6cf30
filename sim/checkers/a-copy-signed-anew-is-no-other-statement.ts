/**
 * Whoever signs a document anew, or drops a signature that is not needed, makes no other statement
 * (PROTOCOL §1.2): no Root is in conflict with one of the same payload.
 */

import { equalBytes } from '../../core/bytes.ts';
import { Refusal, type RefusalCode } from '../../core/refusal.ts';
import { decodeBundleFile } from '../../federation/bundle-file.ts';
import type { UnverifiedEnvelope } from '../../federation/envelope.ts';
import type { CheckerKind } from '../checker.ts';
import { envelopeOf } from '../reading.ts';
import { partsOfKey, type Step } from '../step.ts';

const ENVELOPE_FRAME = 5;

export const aCopySignedAnewIsNoOtherStatement: CheckerKind = {
  sentence: 'a copy signed anew is no other statement',
  make: (world, fail) => {
    const judge = (step: Step): void => {
      const { machine, output } = step;
      if (!output.effects.some(({ kind }) => kind === 'reply' || kind === 'refused')) return;
      for (const { verdict, envelope } of rootsShown(step)) {
        world.coverage.saw('checker: a Root was shown to whoever holds it');
        if (verdict !== 'root-conflict') continue;
        const twin = [...machine.believed].find(([key, value]) => {
          const [domain, kind] = partsOfKey(key);
          const isRoot = kind === 'root' && domain === envelope.domain;
          return isRoot && equalBytes(envelopeOf(value).payload, envelope.payload);
        });
        if (twin !== undefined) fail(`${machine.name} takes a copy of ${twin[0]} for another Root`);
      }
    };
    return { given: { frame: judge, import: judge } };
  },
};

/** The Roots that this step refused, from a link or out of a file, and why. */
function rootsShown({ delivery: { input }, output }: Step): readonly {
  readonly verdict: string;
  readonly envelope: UnverifiedEnvelope;
}[] {
  const verdict = output.verdict?.code;
  if (isOfAnother(verdict) && input.kind === 'frame' && input.bytes[0] === ENVELOPE_FRAME) {
    const envelope = envelopeOf(input.bytes.subarray(1));
    return envelope.type === 'root' ? [{ verdict, envelope }] : [];
  }
  if (input.kind !== 'import') return [];
  const reply = output.effects.find((effect) => effect.kind === 'reply');
  if (reply === undefined || reply.answer instanceof Refusal) return [];
  const { imported } = reply.answer;
  return decodeBundleFile(input.file).flatMap(({ label, bytes }, i) => {
    const outcome = imported[i]?.outcome;
    if (label !== 'root' || !(outcome instanceof Refusal) || !isOfAnother(outcome.code)) return [];
    return [{ verdict: outcome.code, envelope: envelopeOf(bytes) }];
  });
}

/** True where a Root that can be read was refused for one that is held. */
function isOfAnother(verdict: RefusalCode | undefined): verdict is RefusalCode {
  return verdict === 'root-conflict' || verdict === 'document-held';
}
