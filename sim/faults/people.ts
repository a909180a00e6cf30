/** What people do: publish, withdraw, relate, change and end a relation, carry a file. */

import { toUtf8 } from '../../core/bytes.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { recordKey } from '../../federation/record-key.ts';
import { type RelationTerms, WHOLE_TERMS } from '../../federation/relation.ts';
import { bundleDraft } from '../founding.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import { documentOf } from '../reading.ts';
import type { World } from '../world.ts';
import { writersOf } from './victims.ts';

/** New entries, of no consequence to partners. */
export const publishing: Fault = {
  name: 'publishing',
  family: 'people',
  draw: (dice, { authorities }) => ({
    on: [dice.pick(authorities)],
    forMs: 0,
    amount: dice.below(1_000),
  }),
  begin: (world, happening) => {
    for (const machine of writersOf(world, happening)) {
      const body = { group: 'default', entries: [happening.amount] };
      const drafts = [{ type: 'entries', name: 'entries/default', body } as const];
      machine.request({ kind: 'publish', drafts, withdrawal: false }, () => undefined);
    }
    return () => undefined;
  },
};

/** A new bundle in place of one that is withdrawn: the stop is revealed. */
export const withdrawing: Fault = {
  name: 'withdrawing',
  family: 'people',
  draw: (dice, { authorities }) => ({
    on: [dice.pick(authorities)],
    forMs: 0,
    amount: dice.between(2, 1_000_000),
  }),
  begin: (world, happening) => {
    for (const machine of writersOf(world, happening)) withdraw(world, machine, happening.amount);
    return () => undefined;
  },
};

/** The first machine's people relate to the domain of the second, by its bundle file. */
export const relating: Fault = {
  name: 'relating',
  family: 'people',
  draw: pairOf,
  begin: (world, happening) => {
    const [mine, theirs] = writersOf(world, happening);
    if (mine === undefined || theirs === undefined) return () => undefined;
    relate(mine, theirs);
    return () => undefined;
  },
};

/** The first machine's people end the relation to the second, and take it up again later. */
export const unrelating: Fault = {
  name: 'unrelating',
  family: 'people',
  draw: (dice, shape) => {
    const pair = pairOf(dice, shape);
    return pair === null ? null : { ...pair, forMs: 1 + dice.wait(20 * shape.periodMs) };
  },
  begin: (world, happening) => {
    const [mine, theirs] = writersOf(world, happening);
    if (mine === undefined || theirs === undefined) return () => undefined;
    mine.request({ kind: 'unrelate', domain: theirs.domain }, () => undefined);
    return () => relate(mine, theirs);
  },
};

/**
 * The first machine's people grant the second's domain less, and believe it for half as long; later
 * they grant again what they did.
 */
export const narrowing: Fault = {
  name: 'narrowing',
  family: 'people',
  draw: (dice, shape) => {
    const pair = pairOf(dice, shape);
    return pair === null ? null : { ...pair, forMs: 1 + dice.wait(10 * shape.periodMs) };
  },
  begin: (world, happening) => {
    const [mine, theirs] = writersOf(world, happening);
    if (mine === undefined || theirs === undefined) return () => undefined;
    const { freshForMs, degradedForMs, survivalForMs } = world.scenario.limits;
    const limits = {
      freshForMs: Math.floor(freshForMs / 2),
      degradedForMs: Math.floor(degradedForMs / 2),
      survivalForMs: Math.floor(survivalForMs / 2),
    };
    const amend = (terms: RelationTerms, mayWiden: boolean): void => {
      mine.request({ kind: 'amend', domain: theirs.domain, terms, mayWiden }, ({ answer }) => {
        if (!(answer instanceof Refusal)) world.coverage.saw('people: a relation was changed');
      });
    };
    amend({ ...WHOLE_TERMS, scope: ['/web'], limits }, false);
    return () => amend(WHOLE_TERMS, true);
  },
};

/** A courier: the first machine's file of the second's domain is carried to the second's node. */
export const courier: Fault = {
  name: 'courier',
  family: 'people',
  draw: pairOf,
  begin: (world, happening) => {
    const [from, to] = writersOf(world, happening);
    if (from === undefined || to === undefined) return () => undefined;
    for (const view of from.node?.view(from.clock.now(world.now)) ?? []) {
      exportBundle(from, view.domain, (file) => {
        to.request({ kind: 'import', file: toUtf8(file) }, () => undefined);
      });
    }
    return () => undefined;
  },
};

/** Relates by the file that the other domain hands out now. */
export function relate(mine: Machine, theirs: Machine): void {
  exportBundle(theirs, theirs.domain, (file) => {
    mine.request({ kind: 'relate', file: toUtf8(file), terms: WHOLE_TERMS }, () => undefined);
  });
}

/** The bundle file of a domain as people carry it away. */
function exportBundle(machine: Machine, domain: TrustDomain, take: (file: string) => void): void {
  machine.whenDurable((node) => {
    const file = refusalOf(() => node.exportBundle(domain));
    if (!(file instanceof Refusal)) take(file);
  });
}

function withdraw(world: World, machine: Machine, generation: number): void {
  const { domain } = machine;
  const held = machine.believed.get(recordKey(domain, 'document', 'bundle'));
  if (held === undefined) return;
  const { digest } = documentOf(held);
  const drafts = [bundleDraft(generation)];
  machine.request({ kind: 'publish', drafts, withdrawal: true }, ({ answer }) => {
    if (answer instanceof Refusal) return;
    world.coverage.saw('people: a withdrawal was acknowledged');
    const lastEvidence = world.lastEvidenceOf(domain);
    world.acknowledged({
      domain,
      by: machine.name,
      digest,
      acknowledgedAt: world.now,
      lastEvidence,
    });
  });
}

/** The authorities of two domains. */
export function pairOf(
  dice: Parameters<Fault['draw']>[0],
  { authorities }: Parameters<Fault['draw']>[1],
): ReturnType<Fault['draw']> {
  if (authorities.length < 2) return null;
  return { on: dice.shuffle(authorities).slice(0, 2), forMs: 0, amount: 0 };
}
