/** Log lines, above all what a value from outside cannot do to them. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type LogFormat, openLog } from '../../../daemon/host/log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const log = suite('daemon/host/log');

function lineOf(format: LogFormat, fields: Record<string, string | number | bigint | boolean>) {
  const lines: string[] = [];
  const opened = openLog({
    settings: { logFormat: format, logLevel: 'info' },
    clock: new FakeClock(),
    write: (line) => lines.push(line),
  });
  opened.info('link.up', fields);
  assert.is(lines.length, 1);
  return lines[0];
}

log('writes one line of text with its fields in order', () => {
  assert.is(
    lineOf('text', { peer: 'abc', links: 2 }),
    '2026-01-01T00:00:00.000Z info link.up peer=abc links=2\n',
  );
});

log('quotes a value that could be read as another field', () => {
  assert.is(
    lineOf('text', { peer: 'a b=c "d"' }),
    '2026-01-01T00:00:00.000Z info link.up peer="a b=c \\"d\\""\n',
  );
});

log('escapes control characters, so that no value forges a line', () => {
  assert.is(
    lineOf('text', { peer: 'a\n\u001b[2Jb\u202e' }),
    '2026-01-01T00:00:00.000Z info link.up peer=a\\u{a}\\u{1b}[2Jb\\u{202e}\n',
  );
});

log('writes JSON whose own members a field cannot replace', () => {
  const line = lineOf('json', { level: 'forged', epoch: 12n });
  assert.equal(JSON.parse(line ?? ''), {
    time: '2026-01-01T00:00:00.000Z',
    level: 'info',
    event: 'link.up',
    epoch: '12',
  });
});

log('leaves out what is below its level, and takes other settings while it is open', () => {
  const lines: string[] = [];
  const settings = { logFormat: 'text', logLevel: 'warn' } as const;
  const opened = openLog({
    ...{ settings, clock: new FakeClock() },
    write: (line) => lines.push(line),
  });
  opened.info('left.out');
  opened.warn('told');
  opened.configure({ logFormat: 'json', logLevel: 'info' });
  opened.info('told.too');
  assert.is(lines[0], '2026-01-01T00:00:00.000Z warn told\n');
  assert.is(JSON.parse(lines[1] ?? '').event, 'told.too');
  assert.is(lines.length, 2);
});

log.run();
