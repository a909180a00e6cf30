/** Frames of the control protocol, both ways. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import {
  type Answer,
  encodeAnswer,
  encodeRequest,
  parseAnswer,
  parseRequest,
} from '../../../daemon/control/frames.ts';
import { refused } from '../../trouble.ts';

const frames = suite('daemon/control/frames');

frames('reads back the request it writes', () => {
  const { id, method, params } = parseRequest(toUtf8(encodeRequest(7, 'audit.tail', { lines: 5 })));
  assert.is(id, 7);
  assert.is(method, 'audit.tail');
  assert.equal({ ...params }, { lines: 5 });
});

frames('takes a request without params as one with none', () => {
  const request = parseRequest(toUtf8('{"jsonrpc":"2.0","id":0,"method":"status"}'));
  assert.equal(request.params, {});
});

frames('refuses what is no request', async () => {
  for (const text of [
    '[]',
    'null',
    '[{"jsonrpc":"2.0","id":1,"method":"status"}]',
    '{"jsonrpc":"1.0","id":1,"method":"status"}',
    '{"id":1,"method":"status"}',
    '{"jsonrpc":"2.0","method":"status"}',
    '{"jsonrpc":"2.0","id":null,"method":"status"}',
    '{"jsonrpc":"2.0","id":"1","method":"status"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"status"}',
    '{"jsonrpc":"2.0","id":-1,"method":"status"}',
    '{"jsonrpc":"2.0","id":1,"method":5}',
    '{"jsonrpc":"2.0","id":1,"method":"status","params":[]}',
    '{"jsonrpc":"2.0","id":1,"method":"status","params":null}',
    '{"jsonrpc":"2.0","id":1,"method":"status","extra":1}',
  ]) {
    await refused(() => parseRequest(toUtf8(text)), 'control-request');
  }
  await refused(() => parseRequest(toUtf8('{')), 'json-syntax');
  await refused(
    () => parseRequest(toUtf8('{"jsonrpc":"2.0","id":1,"id":2,"method":"status"}')),
    'json-duplicate-key',
  );
});

frames('reads back every kind of answer', () => {
  const trouble = {
    code: 'entry-unknown',
    message: 'no entry has that name',
    details: { id: 'e-1' },
    mend: 'holdfast entry list',
  } as const;
  const answers: readonly Answer[] = [
    { kind: 'result', id: 1, result: { text: 'a' } },
    { kind: 'error', id: 2, trouble },
    { kind: 'error', id: null, trouble },
    { kind: 'notification', notification: { method: 'changed', params: {} } },
  ];
  for (const answer of answers) {
    const again = parseAnswer(toUtf8(encodeAnswer(answer)));
    assert.is(JSON.stringify(sorted(again)), JSON.stringify(sorted(answer)));
  }
});

frames('writes a bigint among details as text', () => {
  const trouble = {
    code: 'epoch-rolled-back',
    message: 'm',
    details: { got: 3n },
    mend: '',
  } as const;
  const answer = parseAnswer(toUtf8(encodeAnswer({ kind: 'error', id: 1, trouble })));
  assert.ok(answer.kind === 'error');
  assert.is(answer.trouble.details.got, '3');
});

frames('refuses what is no answer', async () => {
  for (const text of ['[]', '{}', '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":1}']) {
    await refused(() => parseAnswer(toUtf8(text)), 'control-request');
  }
  const unasked = '{"jsonrpc":"2.0","method":"other","params":{}}';
  await refused(() => parseAnswer(toUtf8(unasked)), 'control-request');
});

/** Members in one order, prototypes aside. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .map(([name, inner]) => [name, sorted(inner)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

frames.run();
