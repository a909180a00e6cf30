/**
 * The first machine's people ask the second's domain to honour theirs (PROTOCOL §2.9). A courier
 * takes the proposal along; the people there accept it as it is, grant less, or leave it. Of every
 * four one is by somebody who has not the key.
 */

import { Refusal, refusalOf } from '../../core/refusal.ts';
import { addMs, MINUTE_MS } from '../../core/time.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { type RelationTerms, WHOLE_TERMS } from '../../federation/relation.ts';
import { signRelationProposal } from '../../federation/relation-proposal.ts';
import { signerOf } from '../founding.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { pairOf } from './people.ts';
import { writersOf } from './victims.ts';

const WAYS = ['accepted', 'narrowed', 'left', 'forged'] as const;
type Way = (typeof WAYS)[number];
/** What people grant who were asked for all. */
const LESS: RelationTerms = { ...WHOLE_TERMS, scope: ['/web'] };
/** A courier is a minute under way. */
const CARRIED_MS = MINUTE_MS;

export const proposing: Fault = {
  name: 'proposing',
  family: 'people',
  draw: (dice, shape) => {
    const pair = pairOf(dice, shape);
    return pair === null ? null : { ...pair, amount: dice.below(WAYS.length) };
  },
  begin: (world, happening) => {
    const [mine, theirs] = writersOf(world, happening);
    const way = WAYS[happening.amount % WAYS.length] ?? 'left';
    if (mine === undefined || theirs === undefined) return () => undefined;
    propose(world, { mine, theirs, way }, (envelope) => {
      world.after(CARRIED_MS, () => judge(world, { mine, theirs, way }, envelope));
    });
    return () => undefined;
  },
};

interface Asking {
  readonly mine: Machine;
  readonly theirs: Machine;
  readonly way: Way;
}

function propose(world: World, asking: Asking, take: (envelope: Uint8Array) => void): void {
  const { mine, theirs, way } = asking;
  const asked = { to: theirs.domain, asks: WHOLE_TERMS, addresses: [] };
  const now = mine.clock.now(world.now);
  if (way === 'forged') {
    const times = { issuedAt: now.wall, notAfter: addMs(now.wall, MINUTE_MS * 60) };
    const stranger = signerOf(world.suite, `${mine.name}/forger`);
    return take(signRelationProposal(stranger, { ...asked, domain: mine.domain, ...times }));
  }
  mine.whenDurable((node) => {
    const envelope = refusalOf(() => node.proposeRelation(now, asked));
    if (!(envelope instanceof Refusal)) take(envelope);
  });
}

/** The people who are asked look at it, and change their own statement or do not. */
function judge(world: World, { mine, theirs, way }: Asking, bytes: Uint8Array): void {
  theirs.whenDurable((node) => {
    const now = theirs.clock.now(world.now);
    const found = refusalOf(() => node.verifyRelation(now, decodeEnvelope(bytes)));
    world.coverage.saw('people: a proposal was', found instanceof Refusal ? found.code : way);
    if (found instanceof Refusal) return;
    world.proposed(theirs, found, way === 'forged');
    if (way === 'left') return;
    const terms = way === 'narrowed' ? LESS : found.asks;
    theirs.request({ kind: 'amend', domain: mine.domain, terms, mayWiden: true }, () => undefined);
  });
}
