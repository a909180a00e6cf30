/** Control parameters: what each method takes, and nothing besides. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../../../core/canonical.ts';
import type { Method } from '../../../daemon/control/calls.ts';
import { isMethod, parseParams } from '../../../daemon/control/params.ts';
import { refused } from '../../trouble.ts';

const params = suite('daemon/control/params');

const GOOD: readonly (readonly [Method, JsonObject])[] = [
  ['status', {}],
  ['entry.create', { spiffeId: 'spiffe://a/b', selectors: ['unix:uid:1'] }],
  [
    'entry.create',
    { spiffeId: 's', selectors: [], x509SvidTtlMs: 1, federatesWith: ['a'], hint: 'h' },
  ],
  ['entry.list', {}],
  ['entry.delete', { id: 'e-1' }],
  ['bundle.show', {}],
  ['bundle.show', { domain: 'a' }],
  ['bundle.export', { format: 'spiffe' }],
  ['bundle.export', { domain: 'a', format: 'holdfast' }],
  ['bundle.import', { text: '' }],
  ['federation.add', { text: 'x', peers: [] }],
  ['federation.add', { text: 'x', peers: ['a'], survivalForeign: true }],
  ['federation.list', {}],
  ['federation.remove', { domain: 'a' }],
  ['audit.tail', { lines: 1_000 }],
  ['subscribe', {}],
];

params('takes what each method takes, and adds nothing', () => {
  for (const [method, value] of GOOD) assert.equal(parseParams(method, value), value, method);
});

params('refuses a member that nobody knows, on every method', async () => {
  for (const [method, value] of GOOD) {
    const refusal = await refused(
      () => parseParams(method, { ...value, surplus: 1 }),
      'control-params',
    );
    assert.is(refusal.details.member, 'surplus');
  }
});

params('refuses a member of another type, on every method', async () => {
  for (const [method, value] of GOOD) {
    for (const name of Object.keys(value)) {
      for (const wrong of [null, {}, [1], -1, 0.5]) {
        const refusal = await refused(
          () => parseParams(method, { ...value, [name]: wrong }),
          'control-params',
        );
        assert.is(refusal.details.member, name);
      }
    }
  }
});

params('refuses where a member is absent that has to be there', async () => {
  const needed: readonly (readonly [Method, string])[] = [
    ['entry.create', 'spiffeId'],
    ['entry.delete', 'id'],
    ['bundle.export', 'format'],
    ['bundle.import', 'text'],
    ['federation.add', 'text'],
    ['federation.remove', 'domain'],
    ['audit.tail', 'lines'],
  ];
  for (const [method, member] of needed) {
    const refusal = await refused(() => parseParams(method, {}), 'control-params');
    assert.is(refusal.details.member, member);
  }
});

params('bounds numbers, lists and texts', async () => {
  for (const [method, value] of [
    ['audit.tail', { lines: 0 }],
    ['audit.tail', { lines: 1_001 }],
    ['entry.create', { spiffeId: 's'.repeat(2_049), selectors: [] }],
    ['entry.create', { spiffeId: 's', selectors: Array(33).fill('a') }],
    ['federation.add', { text: '', peers: Array(65).fill('a') }],
    ['federation.remove', { domain: 'a'.repeat(256) }],
    ['bundle.export', { format: 'pem' }],
  ] as const) {
    await refused(() => parseParams(method, value), 'control-params');
  }
});

params('knows its methods, and no name that every object has', () => {
  assert.ok(isMethod('status'));
  for (const name of ['', 'Status', 'toString', '__proto__', 'entry']) assert.not(isMethod(name));
});

params.run();
