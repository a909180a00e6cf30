/**
 * No act goes beyond what its tier permits but by an override that two people signed, about that
 * very act and domain, down to that tier, before its end, and that nobody took back (PROTOCOL
 * §4.9). Whoever takes another, or takes one in silence, has broken that already.
 */

import type { Digest } from '../../core/digest.ts';
import { recordKey } from '../../federation/record-key.ts';
import { ACTION_CLASSES, type ActionClass, isPermitted } from '../../federation/tier.ts';
import { type DomainView, permitted } from '../../federation/view.ts';
import type { CheckerKind } from '../checker.ts';
import { dateOf } from '../date.ts';
import type { Machine } from '../machine.ts';
import { isRecalled, overridesSigned } from '../override.ts';

export const noActGoesBeyondASignedOverride: CheckerKind = {
  sentence: 'no act goes beyond a signed override',
  make: (world, fail) => {
    const judge = (machine: Machine, view: DomainView, action: ActionClass): void => {
      if (machine.node === null) return;
      const { policy } = machine.node;
      const verdict = permitted(view, policy, { action, lifetime: action, documents: [] });
      const { tier } = view.standing;
      if (!verdict.permitted || isPermitted(tier, policy.tiers.get(action) ?? 'FRESH')) return;
      const who = `${machine.name}: ${action} on ${view.domain} in ${tier}`;
      const signed = verdict.override && overridesSigned(world).get(verdict.override);
      if (!signed) return fail(`${who} rests on nothing that people signed`);
      world.coverage.saw('checker: an act took an override');
      const isSo = signed.action === action && signed.about === view.domain;
      if (!isSo || !isPermitted(tier, signed.tier)) fail(`${who} rests on another override`);
      const isOver = dateOf(world, machine) >= signed.notAfter || verdict.until > signed.notAfter;
      if (isOver) fail(`${who} rests on an override that is over`);
      const record = machine.believed.get(recordKey(machine.domain, 'override', signed.digest));
      if (record === undefined) return fail(`${who} rests on an override that is not stored`);
      if (isRecalled(record)) fail(`${who} rests on an override that was taken back`);
    };
    return {
      wrote: {
        override: ({ part, value, before }, { machine, output }) => {
          if (value === null || before !== null) return;
          if (!overridesSigned(world).has(part as Digest)) {
            fail(`${machine.name} takes an override that two people did not sign`);
          }
          const isSeen = output.effects.some((e) => e.kind === 'alarm' && e.code === 'override');
          if (!isSeen) fail(`${machine.name} takes an override, and tells nobody`);
        },
      },
      viewed: (view, { machine }) => {
        if (overridesSigned(world).size === 0) return;
        for (const action of ACTION_CLASSES) judge(machine, view, action);
      },
    };
  },
};
