/** Endpoint texts: what is taken, and everything else that a URL could say. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { endpointText, parseEndpoint } from '../../../daemon/workload-api/endpoint.ts';
import { refused } from '../refused.ts';

const endpoints = suite('daemon/workload-api/endpoint');

endpoints('takes an absolute socket path', () => {
  for (const path of ['/foo', '/run/holdfast/workload.sock', '/a b/ü']) {
    const endpoint = parseEndpoint(`unix://${path}`);
    assert.equal(endpoint, { kind: 'unix', path });
    assert.is(endpointText(endpoint), `unix://${path}`);
  }
});

endpoints('takes an IP address with a port', () => {
  assert.equal(parseEndpoint('tcp://1.2.3.4:5'), { kind: 'tcp', host: '1.2.3.4', port: 5 });
  assert.equal(parseEndpoint('tcp://[::1]:65535'), { kind: 'tcp', host: '::1', port: 65_535 });
  for (const text of ['tcp://1.2.3.4:5', 'tcp://[::1]:65535']) {
    assert.is(endpointText(parseEndpoint(text)), text);
  }
});

const REFUSED: readonly string[] = [
  '',
  '/run/workload.sock',
  'blah',
  'http://1.2.3.4:5',
  'unix:foo',
  'unix:/foo',
  'unix://',
  'unix:///',
  'unix://foo',
  'unix://host/foo',
  'unix://john:doe@foo/path',
  'unix:///foo?whatever',
  'unix:///foo#whatever',
  'unix:///foo%20bar',
  'unix:///foo\u0000',
  'UNIX:///foo',
  `unix:///${'a'.repeat(107)}`,
  'tcp:1.2.3.4:5',
  'tcp://',
  'tcp://1.2.3.4',
  'tcp://1.2.3.4:',
  'tcp://:5',
  'tcp://1.2.3.4:0',
  'tcp://1.2.3.4:05',
  'tcp://1.2.3.4:65536',
  'tcp://1.2.3.4:http',
  'tcp://1.2.3:5',
  'tcp://256.1.1.1:5',
  'tcp://01.2.3.4:5',
  'tcp://localhost:5',
  'tcp://::1:5',
  'tcp://[1.2.3.4]:5',
  'tcp://[::1%eth0]:5',
  'tcp://john:doe@1.2.3.4:5',
  'tcp://1.2.3.4:5/path',
  'tcp://1.2.3.4:5?whatever',
  'tcp://1.2.3.4:5#whatever',
  ' tcp://1.2.3.4:5',
  'tcp://1.2.3.4:5\n',
];

for (const text of REFUSED) {
  endpoints(`refuses ${JSON.stringify(text.slice(0, 40))}`, async () => {
    await refused(() => parseEndpoint(text), 'config-value');
  });
}

endpoints.run();
