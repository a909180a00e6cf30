/**
 * Sections of OPERATIONS whose lines name addresses of an example, done as they are told at free
 * addresses of this machine: the first start, and a partner that speaks SPIFFE alone, in whose
 * place stands a daemon that shows its bundle at such an endpoint.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BRISK, controlling, eventually, withDaemons } from '../daemon/live.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { wordsOf } from './lines.ts';
import { freeAddress, linesOf, statusOf, typeAt, walk, walkAt } from './walk.ts';

const addresses = suite('docs/addresses');

const BLUE = 'blue.example';
const RED = 'red.example';

addresses('the line under "Install and run" founds the domain that it names', async () => {
  const [line, ...more] = linesOf('OPERATIONS: Install and run');
  assert.equal(more, []);
  const address = await freeAddress();
  const [holdfast, run, ...words] = wordsOf(line?.text ?? '');
  assert.equal([holdfast, run], ['holdfast', 'run']);
  const daemon = new DaemonProcess('another.example', BRISK);
  try {
    daemon.spawn(words.map((word) => (word === '/ip4/192.0.2.10/tcp/7717' ? address : word)));
    const { domain, listen } = await eventually('the daemon', () =>
      statusOf(daemon).catch(() => undefined),
    );
    assert.is(domain, BLUE);
    assert.ok(
      listen.some((at) => at.startsWith(`${address}/p2p/`)),
      listen.join(' '),
    );
  } finally {
    await daemon.remove();
  }
});

addresses('those under "Add a partner that speaks SPIFFE alone" add one, and poll it', async () => {
  const endpoint = '[bundle_endpoint]\nlisten = "/ip4/127.0.0.1/tcp/0"\n';
  await withDaemons(
    [BLUE, RED],
    async (blue, red) => {
      const bundle = { format: 'spiffe' } as const;
      const { text } = await controlling(red, (control) => control.call('bundle.export', bundle));
      writeFileSync(join(blue.folder, 'red.json'), text);
      const filled = new Map([
        ['https://spire.red.example:8443', (await statusOf(red)).bundleEndpoint],
        [`spiffe://${RED}/spire/server`, `spiffe://${RED}/bundle-endpoint`],
      ]);
      const how = walkAt(blue, '', { filled });
      await walk('OPERATIONS: Add a partner that speaks SPIFFE alone', how);
      await typeAt(blue, how, `holdfast federation refresh ${RED}`);
      assert.match(await typeAt(blue, how, 'holdfast federation list'), /red\.example +spiffe/);
      const { domains } = await statusOf(blue);
      assert.is(domains.find(({ domain }) => domain === RED)?.tier, 'FRESH');
    },
    BRISK + endpoint,
  );
});

addresses.run();
