/**
 * What an authority publishes of its own accord: the documents a domain begins with, its bundle, as
 * the book of authorities has it, and what it could not say at its start (PROTOCOL §2.6).
 *
 * A machine that has no date, no voice, or has to ask others first, publishes nothing and serves
 * all the same; each change that is believed is an occasion to try again.
 */

import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Draft } from '../../federation/input.ts';
import { NO_POLICY, policyBody } from '../../federation/policy.ts';
import type { DomainView } from '../../federation/view.ts';
import type { Engine, Ground } from '../ground.ts';
import { DEFAULT_GROUP } from '../identity/entry.ts';
import { encodeEntries, groupDocument } from '../identity/entry-group.ts';
import type { KeyType } from '../identity/private-key.ts';
import { type AuthorityBook, isMute, type StandingBundle } from './authority-book.ts';
import { bundleDraft, keysIn, publishBundle } from './bundle-publisher.ts';
import type { CrlMaker } from './crl-maker.ts';
import { referencesDraft } from './reference-book.ts';

/** What it is made over. */
export type PublishingParts = Pick<Ground, 'host' | 'nodeCustody' | 'audit'> &
  Pick<Engine, 'node' | 'driver'> & { readonly authorities: AuthorityBook };

export class OwnPublishing {
  readonly #parts: PublishingParts;
  #crls: CrlMaker | null = null;
  /** What the domain cannot be without was said. */
  #isFirstSaid = false;
  #isUnderWay = false;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
  }

  /**
   * Publishes what the domain lacks, and waits for it. A domain that resumes serves at once: its
   * writer issues a beacon of its own accord as soon as it may.
   */
  async first(): Promise<void> {
    const { driver } = this.#parts;
    const drafts = this.#missing();
    this.#isFirstSaid = true;
    if (drafts.length === 0) return void (await driver.input({ kind: 'wake' }));
    const request = driver.request({ kind: 'publish', drafts, withdrawal: false });
    const outcome = await request.catch((error: unknown) => error);
    this.#isFirstSaid = !(outcome instanceof Refusal && isMute(outcome));
    if (!this.#isFirstSaid) return;
    if (outcome instanceof Refusal || outcome instanceof Failure) throw outcome;
  }

  /** From now on the book publishes what it holds, with these lists; `changed` is told. */
  async start(crls: CrlMaker, changed: () => void): Promise<void> {
    const { driver, authorities, audit } = this.#parts;
    this.#crls = crls;
    await authorities.start({
      standing: () => standingBundle(this.#own),
      publish: (keys) => {
        const own = this.#own;
        return publishBundle(driver, own, keys, own === null ? [] : crls.lists(own));
      },
      changed,
      stepped: async (step) => {
        await audit.append(`authority.${step.kind}`, { by: 'schedule' });
      },
    });
  }

  /** Something that is believed has changed; entries ask for keys of these types. */
  look(keyTypes: ReadonlySet<KeyType>): void {
    const { node, host, authorities } = this.#parts;
    authorities.follow();
    if (!node.maySign(host.clock.now())) return;
    void authorities.provide(keyTypes);
    const own = this.#own;
    const isDue = own !== null && this.#crls?.isDue(own) === true;
    if (isDue || authorities.isUnpublished) void this.#republish();
    if (!this.#isFirstSaid) void this.first();
  }

  get #own(): DomainView | null {
    const { node, host } = this.#parts;
    return node.viewOf(node.domain, host.clock.now());
  }

  /** Publishes the bundle anew, one time at a time. */
  async #republish(): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    // What is refused now, for want of a voice, is tried again with the next change.
    const { authorities, host } = this.#parts;
    const outcome = await authorities.republish().catch((error: unknown) => error);
    this.#isUnderWay = false;
    if (outcome instanceof Refusal) host.log.warn('bundle not published', { code: outcome.code });
    else if (outcome !== undefined && !(outcome instanceof Failure)) throw outcome;
  }

  /**
   * The documents a domain cannot be without, where nothing was ever said; later only what a chip
   * that came since has to say. What a lost key took from belief is the writer's to sign anew.
   */
  #missing(): readonly Draft[] {
    const { authorities, nodeCustody } = this.#parts;
    const own = this.#own;
    const approved = nodeCustody.chip?.custody.approved;
    const references = approved === undefined ? [] : [referencesDraft(approved)];
    const entries = encodeEntries(DEFAULT_GROUP, []);
    const first: readonly Draft[] = [
      bundleDraft(authorities.published),
      { type: 'policy', name: 'policy', body: policyBody(NO_POLICY) },
      { type: 'entries', name: groupDocument(DEFAULT_GROUP), body: entries },
    ];
    const isNew = own === null || own.beacon === null;
    const drafts = [...(isNew ? first : []), ...references];
    return drafts.filter((draft) => own?.documents.has(draft.name) !== true);
  }
}

/** Our bundle document as it is held. */
function standingBundle(own: DomainView | null): StandingBundle | null {
  const held = own?.documents.get('bundle');
  return held === undefined ? null : { version: held.version, keys: keysIn(held.members.json()) };
}
