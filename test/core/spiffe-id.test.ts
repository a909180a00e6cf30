/** SPIFFE IDs by SPIFFE-ID §2: every byte value in every position that a grammar tells apart. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  parseSpiffeId,
  parseTrustDomain,
  pathOf,
  spiffeId,
  trustDomainOf,
} from '../../core/spiffe-id.ts';
import { refuses } from '../refused.ts';

const spiffeIds = suite('core/spiffe-id');

const BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
const IN_DOMAIN = /[a-z0-9._-]/;
const IN_PATH = /[a-zA-Z0-9._-]/;

spiffeIds('take 39 byte values in a trust domain, in any position', () => {
  let taken = 0;
  for (const character of BYTES) {
    const names = [character, `${character}ab`, `a${character}b`, `ab${character}`];
    const isAllowed = IN_DOMAIN.test(character);
    if (isAllowed) taken += 1;
    for (const name of names) {
      const about = JSON.stringify(name);
      if (isAllowed) {
        assert.is(parseTrustDomain(name), name);
        assert.is(parseSpiffeId(`spiffe://${name}`), `spiffe://${name}`);
        assert.is(trustDomainOf(parseSpiffeId(`spiffe://${name}/a`)), name);
      } else {
        refuses('trust-domain-invalid', () => parseTrustDomain(name), about);
        // A slash ends the name: what follows is judged as a path.
        if (character !== '/') {
          refuses('spiffe-id-invalid', () => parseSpiffeId(`spiffe://${name}`), about);
          refuses('spiffe-id-invalid', () => parseSpiffeId(`spiffe://${name}/a`), about);
        }
      }
    }
  }
  assert.is(taken, 39);
});

spiffeIds('take 65 byte values in a path, in any position', () => {
  let taken = 0;
  for (const character of BYTES) {
    const isAllowed = IN_PATH.test(character);
    if (isAllowed) taken += 1;
    for (const path of [
      `/${character}ab`,
      `/a${character}b`,
      `/ab${character}`,
      `/a/${character}b`,
    ]) {
      const text = `spiffe://td${path}`;
      const isSeparator = path === '/a/b'; // a slash between two segments
      if (isAllowed || isSeparator) assert.is(pathOf(parseSpiffeId(text)), path);
      else refuses('spiffe-id-invalid', () => parseSpiffeId(text), JSON.stringify(text));
    }
  }
  assert.is(taken, 65);
});

spiffeIds('refuse characters beyond one byte, and what looks like ASCII', () => {
  for (const character of ['ａ', 'а', 'ß', 'ſ', 'İ', '٠', '\u{1d41a}', '\u200b', '\ud800']) {
    refuses('trust-domain-invalid', () => parseTrustDomain(`a${character}`));
    refuses('spiffe-id-invalid', () => parseSpiffeId(`spiffe://td/a${character}`));
  }
});

spiffeIds('refuse empty and dot segments, and take what only resembles them', () => {
  const wrong = ['/', '//', '/a/', '//a', '/a//b', '/.', '/..', '/./a', '/a/.', '/a/../b', '/a/..'];
  for (const path of wrong) {
    refuses('spiffe-id-invalid', () => parseSpiffeId(`spiffe://td${path}`), path);
  }
  for (const path of [
    '',
    '/...',
    '/.a',
    '/a.',
    '/..a',
    '/a..',
    '/-',
    '/_',
    '/.a/..b',
    '/A/b/C.1',
  ]) {
    assert.is(pathOf(parseSpiffeId(`spiffe://td${path}`)), path);
  }
});

spiffeIds('refuse every other scheme and every other part of a URI', () => {
  const schemes = ['', 'td/a', '//td/a', 'spiffe:/td', 'SPIFFE://td', 'Spiffe://td', 'http://td'];
  const parts = ['spiffe://u@td/a', 'spiffe://u:p@td', 'spiffe://td:80/a', 'spiffe://td/a?b'];
  const spaces = [
    ' spiffe://td',
    'spiffe://td ',
    'spiffe://td\n',
    'spiffe://td/a\n',
    'spiffe:// td',
  ];
  const escapes = ['spiffe://td/a%2fb', 'spiffe://t%64', 'spiffe://[::1]/a', 'spiffe://td/a#b'];
  for (const text of [...schemes, ...parts, ...spaces, ...escapes, 'spiffe://', 'spiffe:///a']) {
    refuses('spiffe-id-invalid', () => parseSpiffeId(text), JSON.stringify(text));
  }
});

spiffeIds('take names that DNS would not', () => {
  for (const name of ['1.2.3.4', 'a..b', '.a', 'a.', '-a', '_', '-', '.', '..', 'a_b']) {
    assert.is(parseTrustDomain(name), name);
  }
});

spiffeIds('take 255 bytes of trust domain and refuse 256', () => {
  const longest = 'a'.repeat(255);
  assert.is(trustDomainOf(parseSpiffeId(`spiffe://${parseTrustDomain(longest)}/x`)), longest);
  refuses('trust-domain-invalid', () => parseTrustDomain(`${longest}a`));
  refuses('trust-domain-invalid', () => parseTrustDomain(''));
  refuses('spiffe-id-invalid', () => parseSpiffeId(`spiffe://${longest}a`));
});

spiffeIds('take 2048 bytes in all and refuse 2049', () => {
  const text = `spiffe://td/${'a'.repeat(2048 - 12)}`;
  assert.is(parseSpiffeId(text).length, 2048);
  refuses('spiffe-id-invalid', () => parseSpiffeId(`${text}a`));
});

spiffeIds('are composed of a domain and a path', () => {
  const domain = parseTrustDomain('home.example');
  assert.is(spiffeId(domain, ''), 'spiffe://home.example');
  assert.is(spiffeId(domain, '/web/db'), 'spiffe://home.example/web/db');
  assert.is(pathOf(spiffeId(domain, '')), '');
  assert.is(trustDomainOf(spiffeId(domain, '')), 'home.example');
  for (const path of ['web', '.evil/x', '/', ':80', '@evil', '/a/../b']) {
    refuses('spiffe-id-invalid', () => spiffeId(domain, path), path);
  }
});

spiffeIds.run();
