/** A running daemon scraped over its socket and over loopback, and what is refused. */

import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isListenAddress } from '../../../daemon/address.ts';
import { DaemonProcess } from '../../daemon-process.ts';
import { temporaryFolder } from '../../folder.ts';
import { ROOT } from '../../root.ts';
import { BRISK, type } from '../live.ts';

const metrics = suite('daemon/metrics/metrics');

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function ask(at: { readonly socketPath: string } | { readonly port: number }, path = '/metrics') {
  return new Promise<Answered>((resolve, reject) => {
    get({ ...at, host: '127.0.0.1', path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, type: headers['content-type'] ?? '', text });
      });
    }).on('error', reject);
  });
}

async function withMetrics(listen: string, body: (daemon: DaemonProcess) => Promise<void>) {
  const daemon = new DaemonProcess('blue.example', `${BRISK}[metrics]\nlisten = "${listen}"\n`);
  try {
    await daemon.start();
    await body(daemon);
  } finally {
    await daemon.remove();
  }
}

metrics(
  'a daemon tells its tiers, ages, refusals and health on a socket of its owner',
  async () => {
    await using folder = await temporaryFolder();
    const socketPath = join(folder.path, 'metrics.sock');
    await withMetrics(socketPath, async (daemon) => {
      await type(daemon, 'bundle', 'import', join(ROOT, 'README.md'));
      const { status, type: contentType, text } = await ask({ socketPath });
      assert.is(status, 200);
      assert.ok(contentType.startsWith('application/openmetrics-text; version=1.0.0'));
      assert.ok(
        text.includes('holdfast_domain_tier{domain="blue.example",relation="own",tier="FRESH"} 1'),
      );
      assert.match(text, /^holdfast_domain_cliff_seconds\{.*tier="DEGRADED"\} \d/m);
      assert.match(
        text,
        /^holdfast_events_total\{event="daemon.started"\}|holdfast_refusals_total\{/m,
      );
      assert.match(text, /^holdfast_node_disk_free_bytes \d+$/m);
      assert.match(text, /^process_resident_memory_bytes \d+$/m);
      assert.ok(text.endsWith('# EOF\n'));
      assert.is((await ask({ socketPath }, '/')).status, 404);
    });
  },
);

metrics('every metric that an example alert asks for is there', async () => {
  await using folder = await temporaryFolder();
  const socketPath = join(folder.path, 'metrics.sock');
  const rules = readFileSync(join(ROOT, 'docs/alerts.yaml'), 'utf8');
  const asked = [...rules.matchAll(/^ *expr: (.*)$/gm)].map(([, expr]) => expr ?? '');
  assert.ok(asked.length > 5);
  await withMetrics(socketPath, async () => {
    const { text } = await ask({ socketPath });
    for (const name of asked.join('\n').match(/holdfast_[a-z_]+/g) ?? []) {
      assert.ok(text.includes(`# TYPE ${name} gauge`), name);
    }
  });
});

metrics('refuses to be scraped from beyond the machine', async () => {
  const beyond = '/ip4/0.0.0.0/tcp/9464';
  assert.ok(isListenAddress(beyond));
  const daemon = new DaemonProcess('blue.example', `${BRISK}[metrics]\nlisten = "${beyond}"\n`);
  try {
    await assertRefused(daemon, 'config-value');
  } finally {
    await daemon.remove();
  }
});

async function assertRefused(daemon: DaemonProcess, code: string): Promise<void> {
  const outcome = await daemon.start().then(
    () => 'started',
    (error: unknown) => String(error),
  );
  assert.ok(outcome.includes(code), outcome);
}

metrics.run();
