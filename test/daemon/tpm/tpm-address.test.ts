/** Where a TPM is, as people write it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatTpmAddress, parseTpmAddress } from '../../../daemon/tpm/tpm-address.ts';

const addresses = suite('daemon/tpm/tpm-address');

addresses('read back as they were written', () => {
  for (const text of [
    '/dev/tpmrm0',
    'swtpm:unix:/run/swtpm/sock',
    'swtpm:unix:/run/with: colon',
    'swtpm:tcp:127.0.0.1:2321',
    'swtpm:tcp:tpm-host.example:65535',
    'swtpm:tcp:[::1]:2321',
  ]) {
    const address = parseTpmAddress(text);
    assert.ok(address, text);
    assert.is(formatTpmAddress(address), text);
  }
});

addresses('of files count from the working folder', () => {
  assert.equal(parseTpmAddress('/dev/../dev/tpm0'), { kind: 'device', path: '/dev/tpm0' });
});

addresses('that are none are not guessed at', () => {
  for (const text of [
    '',
    'swtpm:',
    'swtpm:unix:',
    'swtpm:tcp:host',
    'swtpm:tcp:host:0',
    'swtpm:tcp:host:65536',
    'swtpm:tcp::2321',
    'swtpm:tcp:::1:2321',
    'swtpm:tcp:host:2321 ',
    'swtpm:udp:host:2321',
  ]) {
    assert.is(parseTpmAddress(text), undefined, text);
  }
});

addresses.run();
