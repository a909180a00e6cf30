/**
 * The relations of our own domain as its people change them: each change is a policy of the next
 * version, that the writer publishes (PROTOCOL §2.4, §5.6).
 *
 * What takes something away goes as a withdrawal: our beacon is stopped first, so that no node of
 * ours goes by the old terms for longer than it could have, and it is answered once it is stored.
 */

import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Admission, AdmitContext } from './admission.ts';
import type { Beliefs } from './beliefs.ts';
import type { Draft, Input } from './input.ts';
import { Members } from './members.ts';
import { verifyNewcomer } from './newcomer.ts';
import { policyBody, readPolicy } from './policy.ts';
import { isNoWider, type Relation } from './relation.ts';
import type { Publication } from './writer.ts';

/** What people ask for. */
export type RelationChange = Extract<Input, { readonly kind: 'relate' | 'amend' | 'unrelate' }>;

/** The changes of one authority that wait for the beacon which carries them. */
export class OwnRelations {
  readonly #beliefs: Beliefs;
  readonly #awaited = new Map<number, TrustDomain>();
  /** Partners whose file was verified, waiting for the policy that relates to them. */
  readonly #newcomers = new Map<number, Admission>();

  constructor(beliefs: Beliefs) {
    this.#beliefs = beliefs;
  }

  /**
   * What the writer is to publish. Refuses what `verifyNewcomer` does, `relation-unknown`,
   * `relation-awaited` where another change of that relation is under way, and `relation-wider`
   * for what was to narrow and does not.
   */
  publication(context: AdmitContext, input: RelationChange): Publication {
    switch (input.kind) {
      case 'relate':
        return this.#relate(context, input);
      case 'amend':
        return this.#amend(input);
      case 'unrelate': {
        const { request, domain } = input;
        this.#held(domain);
        return this.#publication(request, true, (all) => all.delete(domain));
      }
    }
  }

  /** The change of that request is published: what it brings along. */
  published(request: number): readonly Admission[] {
    const newcomer = this.#newcomers.get(request);
    this.forget(request);
    return newcomer === undefined ? [] : [newcomer];
  }

  /** The change of that request came to nothing. */
  forget(request: number): void {
    this.#newcomers.delete(request);
    this.#awaited.delete(request);
  }

  #relate(context: AdmitContext, input: RelationChange & { readonly kind: 'relate' }): Publication {
    const { request, terms, file } = input;
    const isAwaited = (name: TrustDomain): boolean => this.#isAwaited(name);
    const newcomer = verifyNewcomer(context, this.#beliefs, file, isAwaited);
    const { domain, firstRoot } = newcomer.belief;
    this.#newcomers.set(request, newcomer);
    this.#awaited.set(request, domain);
    const relation = { ...terms, domain, firstRoot };
    return this.#publication(request, false, (all) => all.set(domain, relation));
  }

  #amend(input: RelationChange & { readonly kind: 'amend' }): Publication {
    const { request, domain, terms, mayWiden } = input;
    const held = this.#held(domain);
    if (this.#isAwaited(domain)) throw new Refusal('relation-awaited', { domain });
    if (!mayWiden && !isNoWider(terms, held)) throw new Refusal('relation-wider', { domain });
    this.#awaited.set(request, domain);
    const { firstRoot } = held;
    return this.#publication(request, !isNoWider(held, terms), (all) => {
      // Whoever withdrew it meanwhile has the last word.
      if (all.has(domain)) all.set(domain, { ...terms, domain, firstRoot });
    });
  }

  #publication(
    request: number,
    withdrawal: boolean,
    change: (relations: Map<TrustDomain, Relation>) => void,
  ): Publication {
    const draftsOf = (earlier: readonly Draft[]): readonly Draft[] => {
      // Two changes may share a beacon: the later one begins where the earlier one ended.
      const draft = earlier.findLast(({ name }) => name === 'policy');
      const policy =
        draft === undefined ? this.#beliefs.policy : readPolicy(new Members(draft.body, 'policy'));
      const relations = new Map(policy.relations);
      change(relations);
      return [{ type: 'policy', name: 'policy', body: policyBody({ ...policy, relations }) }];
    };
    return { request, draftsOf, withdrawal };
  }

  #held(domain: TrustDomain): Relation {
    const held = this.#beliefs.relationTo(domain);
    if (held === null) throw new Refusal('relation-unknown', { domain });
    return held;
  }

  #isAwaited(domain: TrustDomain): boolean {
    return [...this.#awaited.values()].includes(domain);
  }
}
