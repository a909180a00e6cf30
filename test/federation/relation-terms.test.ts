/** What a relation grants: read, compared, and applied to identities (PROTOCOL §2.4). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json, JsonObject } from '../../core/canonical.ts';
import {
  DOMAIN_BUDGET_MIB,
  DOMAIN_BUDGET_MIB_MAX,
  DOMAIN_BUDGET_MIB_MIN,
  SCOPE_PATHS_MAX,
} from '../../core/limits.ts';
import { parseSpiffeId, parseTrustDomain } from '../../core/spiffe-id.ts';
import { unixMs } from '../../core/time.ts';
import { Members } from '../../federation/members.ts';
import {
  checkHonoured,
  isNoWider,
  parseScope,
  type RelationTerms,
  readTerms,
  termsBody,
  WHOLE_TERMS,
} from '../../federation/relation.ts';
import { refuses } from '../refused.ts';

const terms = suite('federation/relation-terms');

const RED = parseTrustDomain('red.example');
const read = (body: JsonObject) => readTerms(new Members(body, 'terms'));
const withScope = (...scope: readonly Json[]) => read({ ...termsBody(WHOLE_TERMS), scope });

terms('read back as they were written', () => {
  const limits = { freshForMs: 1, degradedForMs: 2, survivalForMs: 3 };
  const narrow: RelationTerms = {
    ...{ scope: ['/ci', '/web'], minAssurance: 'tpm', limits, notAfter: unixMs(1_790_000_000_000) },
    ...{ survivalForeign: true, peering: false, serveBundle: false, budgetMib: 8 },
  };
  for (const each of [WHOLE_TERMS, narrow]) assert.equal(read(termsBody(each)), each);
});

terms('grant the usual budget where they say none, and one within bounds', () => {
  const body = termsBody(WHOLE_TERMS);
  assert.not.ok(Object.hasOwn(body, 'budgetMib'));
  assert.is(read(body).budgetMib, DOMAIN_BUDGET_MIB);
  for (const budgetMib of [DOMAIN_BUDGET_MIB_MIN, DOMAIN_BUDGET_MIB_MAX]) {
    assert.is(read({ ...body, budgetMib }).budgetMib, budgetMib);
  }
  const outside = [DOMAIN_BUDGET_MIB_MIN - 1, DOMAIN_BUDGET_MIB_MAX + 1, 2.5, '32', null];
  for (const budgetMib of outside) {
    refuses('document-malformed', () => read({ ...body, budgetMib }), String(budgetMib));
  }
});

terms('name paths in one spelling alone', () => {
  for (const path of ['/web', '/web/db', '/a.b_c-D9', '/...']) withScope(path);
  for (const path of [
    ...['', 'web', '//', '/web/', '/web//db', '/./web', '/web/../db', '/..', '/web?x', '/web#x'],
    ...['/web%2f', '/wéb', '/web db', '/web\\db', '/web:1', '/web\n', '/web\u0000', '*', '/*'],
    `/${'a'.repeat(2_048)}`,
  ]) {
    refuses('scope-malformed', () => withScope(path), path);
    refuses('scope-malformed', () => parseScope([path]), path);
  }
  for (const path of [1, null, ['/web'], {}]) {
    refuses('document-malformed', () => withScope(path));
  }
});

terms('name each path once, rising, and none below another', () => {
  withScope('/', ...[]);
  withScope('/web', '/web-x', '/webmail');
  refuses('scope-malformed', () => withScope('/web', '/ci'));
  refuses('scope-malformed', () => withScope('/web', '/web'));
  refuses('scope-malformed', () => withScope('/web', '/web/db'));
  refuses('scope-malformed', () => withScope('/', '/web'));
  assert.equal(parseScope(['/web', '/ci', '/web']), ['/ci', '/web'], 'people need not sort');
  const many = (count: number) => Array.from({ length: count }, (_, i) => `/p${100 + i}`);
  withScope(...many(SCOPE_PATHS_MAX));
  refuses('document-malformed', () => withScope(...many(SCOPE_PATHS_MAX + 1)));
  refuses('scope-malformed', () => parseScope(many(SCOPE_PATHS_MAX + 1)));
});

terms('demand a reader that knows each restriction which they say it must', () => {
  const body = termsBody(WHOLE_TERMS);
  read({ ...body, hours: '08-17' });
  read({ ...body, must: ['scope', 'notAfter'] });
  refuses('document-must', () => read({ ...body, hours: '08-17', must: ['hours'] }));
});

terms('honour a path and all below it, of machines that are known well enough', () => {
  const judge = (id: string, granted: Partial<RelationTerms>) =>
    checkHonoured(
      { ...WHOLE_TERMS, ...granted, domain: RED },
      { spiffeId: parseSpiffeId(id), assurance: 'vtpm' },
    );
  const scope = ['/ci', '/web'];
  for (const path of ['/web', '/web/db', '/ci']) judge(`spiffe://red.example${path}`, { scope });
  for (const path of ['', '/we', '/webmail', '/web.db', '/x/web', '/Web']) {
    refuses('relation-scope', () => judge(`spiffe://red.example${path}`, { scope }), path);
  }
  refuses('relation-scope', () => judge('spiffe://red.example/web', { scope: [] }));
  judge('spiffe://red.example/web', { minAssurance: 'vtpm' });
  refuses('relation-assurance', () => judge('spiffe://red.example/web', { minAssurance: 'tpm' }));
  // A cell names its own paths, which are not those of the domain.
  judge('spiffe://cell7.red.example/web', {});
  refuses('relation-scope', () => judge('spiffe://cell7.red.example/web', { scope }));
});

terms('are no wider than others if each grant is no more', () => {
  const limits = { freshForMs: 10, degradedForMs: 20, survivalForMs: 30 };
  const held: RelationTerms = {
    ...{ scope: ['/ci', '/web'], minAssurance: 'vtpm', limits, notAfter: unixMs(1_000) },
    ...{ survivalForeign: false, peering: true, serveBundle: false, budgetMib: 8 },
  };
  const narrower: readonly Partial<RelationTerms>[] = [
    ...[{}, { scope: [] }, { scope: ['/web/db'] }, { minAssurance: 'tpm' as const }],
    ...[{ limits: { ...limits, freshForMs: 9 } }, { notAfter: unixMs(999) }, { peering: false }],
    { budgetMib: 7 },
  ];
  for (const change of narrower) assert.ok(isNoWider({ ...held, ...change }, held));
  const wider: readonly Partial<RelationTerms>[] = [
    ...[{ scope: ['/'] }, { scope: ['/ci', '/db'] }, { minAssurance: 'software' as const }],
    ...[{ limits: null }, { limits: { ...limits, survivalForMs: 31 } }, { notAfter: null }],
    ...[{ notAfter: unixMs(1_001) }, { survivalForeign: true }, { serveBundle: true }],
    { budgetMib: 9 },
  ];
  for (const change of wider) assert.not.ok(isNoWider({ ...held, ...change }, held));
});

terms.run();
