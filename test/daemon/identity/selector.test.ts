/** Selectors: the one spelling of each kind, and what looks like one. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSelector, selectorOf } from '../../../daemon/identity/selector.ts';
import { refused } from '../refused.ts';

const selectors = suite('daemon/identity/selector');

const HEX = '0123456789abcdef'.repeat(4);

selectors('takes each kind in its one spelling', () => {
  for (const text of [
    'unix:uid:0',
    'unix:uid:4294967294',
    'unix:gid:1000',
    'unix:path:/usr/bin/web',
    'unix:path:/opt/a b/ü:c',
    `unix:sha256:${HEX}`,
    'unix:user:web',
    'unix:group:www-data',
    'unix:supplementary_gid:0',
    'unix:supplementary_group:docker',
    'cgroup:path:/system.slice/web.service',
    'systemd:id:web@1.service',
    'systemd:fragment_path:/etc/systemd/system/web.service',
    'docker:label:com.example.role:web:1',
    'docker:env:ROLE=web',
    'docker:image_id:example.com/web:1.0',
  ]) {
    assert.is(parseSelector(text), text);
  }
});

const MALFORMED: readonly string[] = [
  'unix:user:',
  'unix:user:a:b',
  'unix:user:a b',
  'unix:supplementary_gid:007',
  'systemd:id:web',
  'systemd:id:a/b.service',
  'systemd:fragment_path:web.service',
  'cgroup:path:/a/../b',
  'docker:label:web',
  'docker:label::web',
  'docker:env:ROLE',
  'docker:env:=web',
  'docker:image_id:',
  'docker:image_id:a\nb',
  'docker:to_string:x',
  '',
  'unix',
  'unix:uid:',
  'unix:uid:-1',
  'unix:uid:007',
  'unix:uid:+7',
  'unix:uid:1e3',
  'unix:uid:0x10',
  'unix:uid: 7',
  'unix:uid:7\n',
  'unix:uid:4294967295',
  'unix:uid:99999999999',
  'Unix:uid:7',
  'unix:path:',
  'unix:path:/',
  'unix:path:bin/web',
  'unix:path:/usr//bin',
  'unix:path:/usr/./bin',
  'unix:path:/usr/../bin',
  'unix:path:/usr/bin/',
  'unix:path:/usr/\u0000',
  'unix:path:/usr/a\nb',
  'unix:path:/usr/\ufffd',
  'unix:path:/usr/\ud800',
  `unix:path:/${'a'.repeat(4_095)}`,
  `unix:sha256:${HEX.slice(1)}`,
  `unix:sha256:${HEX}0`,
  `unix:sha256:${HEX.toUpperCase()}`,
];

for (const text of MALFORMED) {
  selectors(`refuses ${JSON.stringify(text.slice(0, 40))}`, async () => {
    await refused(() => parseSelector(text), 'selector-malformed');
  });
}

selectors('has none for a path with two spellings', () => {
  assert.is(selectorOf('unix:path', '/usr/bin/web'), 'unix:path:/usr/bin/web');
  assert.is(selectorOf('unix:path', '/usr/bin/\ufffd'), undefined);
});

selectors.run();
