/**
 * What a relation honours, beside the bundle of the partner: said by an export that a program reads
 * (PROTOCOL §2.4). Libraries that know SPIFFE alone pass the member over; ours goes by it.
 */

import { isObject, type JsonObject } from '../../core/canonical.ts';
import { Members } from '../../federation/members.ts';
import { type RelationTerms, readHonoured } from '../../federation/relation.ts';

/** Which identities of a domain count. */
export type Honoured = Pick<RelationTerms, 'scope' | 'minAssurance'>;

const MEMBER = 'holdfast_relation';

/** The bundle with that member in it, whatever stood there: its own domain has no say in this. */
export function withHonoured(bundle: JsonObject, { scope, minAssurance }: Honoured): JsonObject {
  return { ...bundle, [MEMBER]: { scope: [...scope], minAssurance } };
}

/** What stands in a bundle; null where nothing does. Refuses as `readHonoured` does. */
export function honouredIn(bundle: JsonObject): Honoured | null {
  const said = bundle[MEMBER];
  if (said === undefined) return null;
  return readHonoured(new Members(isObject(said) ? said : {}, MEMBER));
}
