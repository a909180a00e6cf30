/**
 * Relations of running daemons that grant less than everything: accepted by a file, narrowed at
 * once, withdrawn; what workloads, tokens and links see of it (PROTOCOL §2.4).
 *
 * Timeout: 180 s
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConnectError } from '@connectrpc/connect';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { auditOf, controlling, eventually, fileBeside, type, withDaemons } from './live.ts';
import { connectApi } from './workload-api/rig.ts';

const relations = suite('daemon/relation-terms');

const BLUE = 'blue.example';
const RED = 'red.example';

/** What a command said, or the code it was refused with. */
async function said(daemon: DaemonProcess, ...args: readonly string[]) {
  const { code, out, err } = await type(daemon, ...args);
  return { code, out, err, refusal: /^holdfast: ([a-z-]+):/m.exec(err)?.[1] ?? '' };
}

async function bundleOf(daemon: DaemonProcess, beside: DaemonProcess): Promise<string> {
  const { out } = await type(daemon, 'bundle', 'export');
  return fileBeside(beside, `${daemon.domain}.bundle`, out);
}

async function statusOf(daemon: DaemonProcess) {
  return controlling(daemon, (control) => control.call('status', {}));
}

async function entry(daemon: DaemonProcess, path: string, partner: string): Promise<void> {
  const selectors = [`unix:uid:${process.getuid?.()}`];
  const spiffeId = `spiffe://${daemon.domain}${path}`;
  await controlling(daemon, (control) =>
    control.call('entry.create', { spiffeId, selectors, federatesWith: [partner] }),
  );
}

/** Domains whose bundle the Workload API hands out. */
async function served(daemon: DaemonProcess): Promise<readonly string[]> {
  const client = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
  try {
    return [...(await client.fetchX509Svids()).federatedBundles.keys()];
  } finally {
    client.close();
  }
}

relations('are reviewed with their words, and accepted with a typed yes alone', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    const file = await bundleOf(red, blue);
    const { fingerprint } = await statusOf(red);
    const line = [file, '--scope', '/web', '--min-assurance', 'vtpm', '--budget', '4'];
    const seen = await said(blue, 'relation', 'review', ...line);
    assert.is(seen.code, 0, seen.err);
    assert.match(seen.out, new RegExp(`^fingerprint +${fingerprint}$`, 'm'));
    assert.match(seen.out, /^in words +(?:[a-z]+ ?){6}$/m);
    assert.match(seen.out, /^identities +- +\/web$/m);
    assert.match(seen.out, /^bundle handed out +- +no$/m);
    assert.match(seen.out, /^budget +- +4 MiB$/m);
    const machine = JSON.parse((await said(blue, 'relation', 'review', ...line, '--json')).out);
    assert.equal([machine.from, machine.to.scope], [null, ['/web']]);

    const unsure = await said(blue, 'relation', 'accept', ...line);
    assert.is(unsure.code, 2, 'nobody can be asked');
    assert.is((await said(blue, 'relation', 'accept', file, '--yes')).code, 2, 'what for?');
    assert.equal(JSON.parse((await said(blue, 'relation', 'list', '--json')).out).relations, []);

    assert.is((await said(blue, 'relation', 'accept', ...line, '--yes')).code, 0);
    const shown = JSON.parse((await said(blue, 'relation', 'show', RED, '--json')).out);
    const { scope, minAssurance, peering, serveBundle, budgetMib } = shown.terms;
    assert.equal([scope, minAssurance], [['/web'], 'vtpm']);
    assert.equal([peering, serveBundle, budgetMib], [false, false, 4]);
    assert.match((await said(blue, 'federation', 'list')).out, /^red\.example .* 4 MiB /m);
    for (const [bad, code] of [
      ['/web/../db', 'scope-malformed'],
      ['/web?x', 'scope-malformed'],
      ['/web#x', 'scope-malformed'],
    ] as const) {
      const refused = await said(blue, 'relation', 'narrow', RED, '--scope', bad, '--yes');
      assert.is(refused.refusal, code, bad);
    }
    for (const more of [
      ['--scope', '/'],
      ['--budget', '5'],
    ]) {
      const wider = await said(blue, 'relation', 'narrow', RED, ...more, '--yes');
      assert.is(wider.refusal, 'relation-wider', more.join(' '));
    }
    for (const outside of ['1', '257', '0x4']) {
      const refused = await said(blue, 'relation', 'narrow', RED, '--budget', outside, '--yes');
      assert.is(refused.code, 2, outside);
    }
    const still = JSON.parse((await said(blue, 'relation', 'show', RED, '--json')).out);
    assert.equal(still.terms, shown.terms);
  });
});

relations('that are narrowed keep back the bundle and refuse the rest at once', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    await entry(blue, '/api', RED);
    await entry(red, '/web', BLUE);
    await entry(red, '/db', BLUE);
    const accept = ['relation', 'accept', await bundleOf(red, blue), '--scope', '/', '--yes'];
    assert.is((await said(blue, ...accept)).code, 0);
    await eventually('the bundle of red', async () =>
      (await served(blue)).includes(RED) ? true : undefined,
    );
    const [ofRed, ofBlue] = [connectApi(red.workloadSocket), connectApi(blue.workloadSocket)];
    using open = new DisposableStack();
    for (const { close } of [ofRed, ofBlue]) open.defer(close);
    const judge = async (path: string): Promise<string> => {
      const spiffeId = `spiffe://${RED}${path}`;
      const { svids } = await ofRed.api.fetchJWTSVID({ audience: ['db'], spiffeId });
      const svid = svids[0]?.svid ?? '';
      return ofBlue.api.validateJWTSVID({ audience: 'db', svid }).then(
        () => 'honoured',
        (error: unknown) => ConnectError.from(error).rawMessage.split(':')[0] ?? '',
      );
    };
    assert.equal([await judge('/web'), await judge('/db')], ['honoured', 'honoured']);
    const narrowed = await said(blue, 'relation', 'narrow', RED, '--scope', '/web', '--yes');
    assert.is(narrowed.code, 0, narrowed.err);
    assert.match(narrowed.out, /^identities +\/ +\/web$/m);
    assert.equal([await judge('/web'), await judge('/db')], ['honoured', 'relation-scope']);
    assert.equal(await served(blue), [], 'a bundle knows no paths');
    await said(blue, 'relation', 'narrow', RED, '--min-assurance', 'tpm', '--yes');
    assert.is(await judge('/web'), 'relation-assurance');

    assert.is((await said(blue, 'relation', 'withdraw', RED, '--yes')).code, 0);
    assert.is(await judge('/web'), 'jwt-untrusted');
    assert.is((await said(blue, 'relation', 'withdraw', RED, '--yes')).refusal, 'relation-unknown');
    const events = auditOf(blue).map(({ event }) => event);
    const told = events.filter((event) => event.startsWith('relation.'));
    const [added, narrow, removed] = ['relation.added', 'relation.narrowed', 'relation.removed'];
    assert.equal(told, [added, narrow, narrow, removed]);
  });
});

relations('grant links apart from identities, and take them back', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    const [listen = ''] = (await statusOf(red)).listen;
    const blues = await bundleOf(blue, red);
    const line = ['--scope', 'none', '--peering', 'yes', '--yes'];
    assert.is((await said(red, 'relation', 'accept', blues, ...line)).code, 0);
    const reds = await bundleOf(red, blue);
    assert.is((await said(blue, 'relation', 'accept', reds, ...line, '--peer', listen)).code, 0);
    const linked = (count: number) =>
      eventually(`${count} links`, async () =>
        (await statusOf(blue)).peers.length === count ? true : undefined,
      );
    await linked(1);
    const raised = await said(red, 'relation', 'narrow', BLUE, '--min-assurance', 'tpm', '--yes');
    assert.is(raised.code, 0, raised.err);
    await linked(0);
    const wide = ['--scope', 'none', '--min-assurance', 'software', '--yes'];
    assert.is((await said(red, 'relation', 'accept', blues, ...wide)).code, 0);
    await linked(1);
    await said(red, 'relation', 'narrow', BLUE, '--peering', 'no', '--yes');
    await linked(0);
  });
});

relations('are proposed by a file that says all, and by a link once there is one', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    const [listen = ''] = (await statusOf(blue)).listen;
    const file = join(blue.folder, 'blue.proposal');
    const asks = ['--scope', 'none', '--peering', 'yes', '--peer', listen];
    assert.is((await said(blue, 'relation', 'propose', RED, '--scope', '/')).code, 2, 'how?');
    const written = await said(blue, 'relation', 'propose', RED, file, ...asks);
    assert.is(written.code, 0, written.err);
    assert.match(written.out, /^in words +(?:[a-z]+ ?){6}$/m, 'to read aloud');
    const seen = JSON.parse((await said(red, 'relation', 'review', file, '--json')).out);
    assert.equal([seen.domain, seen.asked.peering, seen.to.peering], [BLUE, true, true]);
    assert.equal([seen.addresses, seen.from], [[listen], null]);
    assert.is((await said(blue, 'relation', 'review', file)).refusal, 'domain-mismatch');
    const inside = /(BEGIN HOLDFAST RELATION-----\n(?:.{64}\n){2}.{9})(.)/;
    const bent = readFileSync(file, 'utf8').replace(inside, (_, before: string, one: string) => {
      return `${before}${one === 'A' ? 'B' : 'A'}`;
    });
    const forged = await said(red, 'relation', 'accept', fileBeside(red, 'bent', bent), '--yes');
    assert.is(forged.refusal, 'signature-invalid');
    assert.is((await said(red, 'relation', 'accept', file, '--yes')).code, 0);

    const back = await bundleOf(red, blue);
    const peering = ['--scope', 'none', '--peering', 'yes', '--yes'];
    assert.is((await said(blue, 'relation', 'accept', back, ...peering)).code, 0);
    await eventually('a link', async () =>
      (await statusOf(blue)).peers.length === 1 ? true : undefined,
    );
    const unasked = await said(red, 'relation', 'accept', '--from', BLUE, '--yes');
    assert.is(unasked.refusal, 'relation-unproposed');
    const sent = await said(blue, 'relation', 'propose', RED, '--scope', '/web', '--send');
    assert.is(sent.code, 0, sent.err);
    const again = await said(blue, 'relation', 'propose', RED, '--scope', '/', '--send');
    assert.is(again.refusal, 'desk-busy');
    await red.kill('SIGKILL');
    await red.start();
    const { proposals } = JSON.parse((await said(red, 'relation', 'list', '--json')).out);
    assert.equal(
      proposals.map(({ domain }: { domain: string }) => domain),
      [BLUE],
    );
    const reviewed = await said(red, 'relation', 'review', '--from', BLUE);
    assert.match(reviewed.out, /^in words +(?:[a-z]+ ?){6}$/m);
    assert.match(reviewed.out, /^identities +none +\/web$/m);
    const answered = await said(
      red,
      'relation',
      'accept',
      '--from',
      BLUE,
      '--until',
      '2100-01-01T00:00:00Z',
      '--yes',
      '--json',
    );
    assert.is(answered.code, 0, answered.err);
    const { scope, notAfter } = JSON.parse(answered.out).terms;
    assert.equal([scope, notAfter], [['/web'], '2100-01-01T00:00:00Z']);
    assert.match((await said(red, 'relation', 'list')).out, /2100-01-01T00:00:00Z/);
    const twice = await said(red, 'relation', 'accept', '--from', BLUE, '--yes');
    assert.is(twice.refusal, 'relation-unproposed');
  });
});

relations('wait among the ceremonies with what they would change', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    await relate(blue, red);
    await eventually('a link', async () =>
      (await statusOf(blue)).peers.length === 1 ? true : undefined,
    );
    const asked = async (scope: string) => {
      const sent = await said(blue, 'relation', 'propose', RED, '--scope', scope, '--send');
      assert.is(sent.code, 0, sent.err);
      const { ceremonies } = JSON.parse((await said(red, 'ceremony', 'list', '--json')).out);
      assert.is(ceremonies.length, 1);
      return ceremonies[0];
    };
    const scopeNow = async () =>
      JSON.parse((await said(red, 'relation', 'show', BLUE, '--json')).out).terms.scope;
    const first = await asked('/web');
    assert.equal([first.kind, first.by], ['relation', 'word']);
    assert.ok(first.changes.includes('identities: /web instead of /'), first.changes.join());
    assert.is((await said(red, 'ceremony', 'refuse', first.id, '--yes')).code, 0);
    assert.equal(await scopeNow(), ['/']);
    assert.is(
      (await said(red, 'relation', 'accept', '--from', BLUE)).refusal,
      'relation-unproposed',
    );
    const second = await asked('/api');
    assert.is(
      (await said(red, 'ceremony', 'approve', first.id, '--yes')).refusal,
      'ceremony-unknown',
    );
    assert.is((await said(red, 'ceremony', 'approve', second.id, '--yes')).code, 0);
    assert.equal(await scopeNow(), ['/api']);
    const events = auditOf(red).map(({ event }) => event);
    assert.ok(events.includes('ceremony.refused') && events.includes('relation.changed'));
  });
});

relations.run();
