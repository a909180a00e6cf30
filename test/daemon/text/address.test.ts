/** Addresses by form. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isDialAddress, isListenAddress } from '../../../daemon/text/address.ts';

const address = suite('daemon/text/address');
const PEER = '12D3KooWGC6TvWhfagifX6JHqCcZ5zhYsHxVJmVvfpNN6pVeqfRL';

address('takes IP literals for both uses', () => {
  for (const text of ['/ip4/127.0.0.1/tcp/7717', '/ip6/::1/tcp/1', '/ip4/0.0.0.0/tcp/65535']) {
    assert.ok(isListenAddress(text), text);
    assert.ok(isDialAddress(text), text);
  }
});

address('lets the kernel choose a port to listen at, and dials none', () => {
  assert.ok(isListenAddress('/ip4/127.0.0.1/tcp/0'));
  assert.not(isDialAddress('/ip4/127.0.0.1/tcp/0'));
});

address('takes names and peers only to dial', () => {
  for (const text of ['/dns4/node-1.example/tcp/7717', `/ip4/10.0.0.1/tcp/7717/p2p/${PEER}`]) {
    assert.ok(isDialAddress(text), text);
    assert.not(isListenAddress(text), text);
  }
});

address('takes no other form', () => {
  const forms = [
    '',
    '127.0.0.1:7717',
    '/ip4/127.0.0.1',
    '/ip4/127.0.0.256/tcp/1',
    '/ip4/::1/tcp/1',
    '/ip6/fe80::1%eth0/tcp/1',
    '/ip4/127.0.0.1/tcp/65536',
    '/ip4/127.0.0.1/tcp/01',
    '/ip4/127.0.0.1/tcp/-1',
    '/ip4/127.0.0.1/udp/1',
    '/ip4/127.0.0.1/tcp/1/ws',
    '/ip4/127.0.0.1/tcp/1/',
    '/dns4/a..b/tcp/1',
    '/dns4/-a/tcp/1',
    '/dns4/a b/tcp/1',
    '/ip4/127.0.0.1/tcp/1/p2p/0OIl',
    `/dns4/${'a'.repeat(500)}/tcp/1`,
  ];
  for (const text of forms) {
    assert.not(isDialAddress(text), text);
    assert.not(isListenAddress(text), text);
  }
});

address.run();
