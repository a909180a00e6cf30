/** Policies as read and written: tiers and relations (PROTOCOL §2.4, §4.7). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json, JsonObject } from '../../core/canonical.ts';
import { digestOf } from '../../core/digest.ts';
import { RELATIONS_MAX } from '../../core/limits.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { Members } from '../../federation/members.ts';
import { NO_POLICY, policyBody, readPolicy } from '../../federation/policy.ts';
import { type Relation, WHOLE_TERMS } from '../../federation/relation.ts';
import { DEFAULT_TIERS } from '../../federation/tier.ts';
import { refuses } from '../refused.ts';

const policies = suite('federation/policy');

const read = (body: JsonObject) => readPolicy(new Members(body, 'policy'));
const RELATION: JsonObject = {
  domain: 'red.example',
  firstRoot: digestOf(new Uint8Array()),
  scope: ['/ci', '/web'],
  minAssurance: 'tpm',
  survivalForeign: false,
  peering: true,
  serveBundle: false,
  notAfter: null,
};
const withRelations = (...relations: readonly Json[]) => read({ tiers: {}, relations });

policies('read back as they were written', () => {
  const limits = { freshForMs: 1, degradedForMs: 2, survivalForMs: 3 };
  const relation = (name: string, own: Relation['limits']): [Relation['domain'], Relation] => {
    const domain = parseTrustDomain(name);
    const firstRoot = digestOf(new Uint8Array());
    return [domain, { ...WHOLE_TERMS, domain, firstRoot, limits: own, survivalForeign: true }];
  };
  const relations = new Map([relation('a.example', null), relation('b.example', limits)]);
  const tiers = new Map(DEFAULT_TIERS).set('renew', 'FRESH');
  const policy = { tiers, relations, others: { rules: ['what a later version reads'] } };
  assert.equal(read(policyBody(policy)), policy);
  const turned = { ...policy, relations: new Map([...relations].reverse()) };
  assert.equal(policyBody(turned), policyBody(policy));
  assert.equal(read(policyBody(NO_POLICY)), NO_POLICY);
});

policies('leave the default table where they say nothing, and skip acts to come', () => {
  const { tiers } = read({
    tiers: { issue: 'DEGRADED', 'teleport-workloads': 'x' },
    relations: [],
  });
  assert.is(tiers.get('issue'), 'DEGRADED');
  assert.is(tiers.get('renew'), DEFAULT_TIERS.get('renew'));
  assert.is(tiers.size, DEFAULT_TIERS.size);
});

policies('name tiers that there are', () => {
  for (const tier of ['fresh', 'BEST', 1, null]) {
    refuses('document-malformed', () => read({ tiers: { issue: tier }, relations: [] }));
  }
});

policies('relate to each domain once, and to a bounded number', () => {
  assert.is(withRelations(RELATION).relations.size, 1);
  refuses('document-malformed', () => withRelations(RELATION, RELATION));
  const many = (count: number): JsonObject[] =>
    Array.from({ length: count }, (_, i) => ({ ...RELATION, domain: `d${i}.example` }));
  assert.is(withRelations(...many(RELATIONS_MAX)).relations.size, RELATIONS_MAX);
  refuses('document-malformed', () => withRelations(...many(RELATIONS_MAX + 1)));
});

policies('say all that a relation is', () => {
  for (const name of Object.keys(RELATION)) {
    const { [name]: _, ...rest } = RELATION;
    refuses('document-malformed', () => withRelations(rest), name);
  }
  refuses('trust-domain-invalid', () => withRelations({ ...RELATION, domain: 'Red' }));
  refuses('document-malformed', () => withRelations({ ...RELATION, peering: 'yes' }));
  refuses('document-malformed', () => withRelations({ ...RELATION, limits: null }));
});

policies('keep a missing limit of a relation at 0', () => {
  const policy = withRelations({ ...RELATION, limits: { freshForMs: 5 } });
  const limits = [...policy.relations.values()][0]?.limits;
  assert.equal(limits, { freshForMs: 5, degradedForMs: 0, survivalForMs: 0 });
});

policies.run();
