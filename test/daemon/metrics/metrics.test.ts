/** A running daemon scraped over its socket and over loopback, and what is refused. */

import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isListenAddress } from '../../../daemon/text/address.ts';
import { DaemonProcess, relate } from '../../daemon-process.ts';
import { temporaryFolder } from '../../folder.ts';
import { ROOT } from '../../root.ts';
import { BRISK, type } from '../live.ts';

const metrics = suite('daemon/metrics/metrics');

const YEAR_S = 365 * 86_400;

/** One rule of Prometheus as the example spells it, behind `- alert: `. */
const ALERT_RULE = new RegExp(
  [
    String.raw`^(?<name>Holdfast\w+)\n {8}expr: (?<expr>[^\n]+)\n`,
    String.raw`(?: {8}for: \d+[smh]\n)?`,
    String.raw` {8}labels: \{ severity: (?<severity>\w+) \}\n`,
    String.raw` {8}annotations:\n {10}summary: '(?<summary>[^'\n]+)'\n`,
    String.raw`(?: {10}mend: '[^'\n]+'\n)?$`,
  ].join(''),
);

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

metrics('a daemon tells of each peer, and of what ends unless it is rotated', async () => {
  await using folder = await temporaryFolder();
  const socketPath = join(folder.path, 'metrics.sock');
  await withMetrics(socketPath, async (blue) => {
    const red = new DaemonProcess('red.example', BRISK);
    try {
      await red.start();
      await relate(blue, red);
      const { text } = await ask({ socketPath });
      const peer = String.raw`\{peer="\w+",domain="red\.example"`;
      for (const name of ['link_seconds', 'heard_seconds', 'heard_bytes']) {
        assert.match(text, new RegExp(`^holdfast_peer_${name}${peer}\\} \\d`, 'm'));
      }
      for (const way of ['sync', 'gossip']) {
        assert.match(
          text,
          new RegExp(`^holdfast_peer_budget_ratio${peer},way="${way}"\\} \\d`, 'm'),
        );
      }
    } finally {
      await red.remove();
    }
    const { text } = await ask({ socketPath });
    const left = text.matchAll(/^holdfast_authority_left_seconds\{.*use="(\w+)".*\} (\d+)/gm);
    const years = [...left].map(([, use, seconds]) => [use, Math.round(Number(seconds) / YEAR_S)]);
    assert.equal(years.sort(), [
      ['jwt', 1],
      ['x509', 1],
    ]);
    assert.match(text, /^holdfast_lease_left_seconds \d+/m);
  });
});

metrics('every rule of the example alerts is whole, and asks for what is told', async () => {
  await using folder = await temporaryFolder();
  const socketPath = join(folder.path, 'metrics.sock');
  await withMetrics(socketPath, async () => {
    const { text } = await ask({ socketPath });
    const rules = alertRules();
    assert.ok(rules.length > 10);
    assert.is(new Set(rules.map(({ name }) => name)).size, rules.length);
    for (const { name, expr, severity, summary } of rules) {
      assert.ok(['page', 'warn'].includes(severity), name);
      assert.ok(summary.length > 10, name);
      const asked = expr.match(/holdfast_[a-z_]+/g) ?? [];
      assert.ok(asked.length > 0, name);
      for (const metric of asked) assert.ok(text.includes(`# TYPE ${metric} gauge`), metric);
    }
  });
});

interface AlertRule {
  readonly name: string;
  readonly expr: string;
  readonly severity: string;
  readonly summary: string;
}

/** The rules of the example, whose lines are all of a kind: one that is of another fails. */
function alertRules(): readonly AlertRule[] {
  const file = readFileSync(join(ROOT, 'docs/alerts.yaml'), 'utf8');
  const [head = '', ...blocks] = file.split(/^ {6}- alert: /m);
  assert.match(head, /^(#.*\n)*groups:\n {2}- name: holdfast\n {4}rules:\n$/);
  return blocks.map((block) => {
    const parts = ALERT_RULE.exec(block)?.groups ?? {};
    const { name = '', expr = '', severity = '', summary = '' } = parts;
    assert.ok(name !== '', `no rule that a Prometheus server reads: ${block}`);
    return { name, expr, severity, summary };
  });
}

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
