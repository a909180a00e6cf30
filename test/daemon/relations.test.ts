/** Relations of running daemons: made, listed, ended, made again, and what workloads see of it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { auditOf, controlling, eventually, fileBeside, type, withDaemons } from './live.ts';

const relations = suite('daemon/relations');

const BLUE = 'blue.example';
const RED = 'red.example';
const GREEN = 'green.example';

function withBoth(body: (blue: DaemonProcess, red: DaemonProcess) => Promise<void>): Promise<void> {
  return withDaemons([BLUE, RED], body);
}

async function exported(daemon: DaemonProcess): Promise<string> {
  const { out, code } = await type(daemon, 'bundle', 'export');
  assert.is(code, 0);
  return out;
}

/** Domains whose bundle the Workload API of this daemon hands out to us. */
async function served(daemon: DaemonProcess): Promise<readonly string[]> {
  const client = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
  try {
    const { federatedBundles } = await client.fetchX509Svids();
    return [...federatedBundles.keys()];
  } finally {
    client.close();
  }
}

async function statusOf(daemon: DaemonProcess) {
  return await controlling(daemon, (control) => control.call('status', {}));
}

/** Waits until the status is as it should be. */
function sees(
  daemon: DaemonProcess,
  what: string,
  isSo: (status: Awaited<ReturnType<typeof statusOf>>) => boolean,
): Promise<true> {
  const ask = async () => (isSo(await statusOf(daemon)) ? true : undefined);
  return eventually(`${daemon.domain}: ${what}`, ask);
}

relations('are refused with oneself, twice, and ended only where they are', async () => {
  await withBoth(async (blue, red) => {
    const file = fileBeside(blue, 'red.bundle', await exported(red));
    const own = fileBeside(blue, 'own.bundle', await exported(blue));
    const outcomes: string[] = [];
    for (const line of [
      ['federation', 'remove', RED],
      ['federation', 'add', own],
      ['federation', 'add', file],
      ['federation', 'add', file],
      ['federation', 'remove', RED],
      ['federation', 'remove', RED],
    ]) {
      const { code, err } = await type(blue, ...line);
      outcomes.push(code === 0 ? 'done' : (/^holdfast: ([a-z-]+)/.exec(err)?.[1] ?? ''));
    }
    const unknown = 'relation-unknown';
    const expected = [unknown, 'relation-self', 'done', 'relation-exists', 'done', unknown];
    assert.equal(outcomes, expected);
    const events = auditOf(blue).map(({ event }) => event);
    assert.is(events.filter((event) => event === 'relation.added').length, 1);
    assert.is(events.filter((event) => event === 'relation.removed').length, 1);
  });
});

relations('are listed with fingerprint, tier and the addresses given', async () => {
  await withBoth(async (blue, red) => {
    const { fingerprint } = await statusOf(red);
    const file = fileBeside(blue, 'red.bundle', await exported(red));
    const peer = '/ip4/127.0.0.1/tcp/9';
    await type(blue, 'federation', 'add', file, '--peer', peer, '--survival');
    const { out } = await type(blue, 'federation', 'list', '--json');
    const listed = JSON.parse(out).relations;
    assert.is(listed.length, 1);
    const { domain, peers, terms, tier } = listed[0];
    assert.equal([domain, peers, terms.survivalForeign, tier], [RED, [peer], true, 'FRESH']);
    assert.is(listed[0].fingerprint, fingerprint);
    await blue.kill('SIGTERM');
    await blue.start();
    const again = JSON.parse((await type(blue, 'federation', 'list', '--json')).out);
    assert.equal(again.relations[0].peers, [peer], 'addresses outlive the process');
  });
});

relations('that end take the bundle and the link along, and can be made again', async () => {
  await withBoth(async (blue, red) => {
    const selectors = [`unix:uid:${process.getuid?.()}`];
    const web = { spiffeId: `spiffe://${BLUE}/web`, selectors, federatesWith: [RED] };
    await controlling(blue, (control) => control.call('entry.create', web));
    await relate(red, blue);
    await eventually('the bundle of red', async () => {
      return (await served(blue)).includes(RED) ? true : undefined;
    });

    assert.is((await type(blue, 'federation', 'remove', RED)).code, 0);
    assert.equal(await served(blue), [], 'gone when the command says so');
    await sees(blue, 'no link', ({ peers }) => peers.length === 0);
    const { domains } = await statusOf(blue);
    assert.equal(
      domains.map(({ domain }) => domain),
      [BLUE],
    );
    assert.equal(JSON.parse((await type(blue, 'federation', 'list', '--json')).out).relations, []);

    const file = fileBeside(blue, 'red.bundle', await exported(red));
    const { listen } = await statusOf(red);
    const again = await type(blue, 'federation', 'add', file, '--peer', listen[0] ?? '');
    assert.is(again.code, 0, again.err);
    await sees(blue, 'a link again', ({ peers }) => peers.length === 1);
    await sees(blue, 'red fresh', (status) => {
      return status.domains.some(({ domain, tier }) => domain === RED && tier === 'FRESH');
    });
    await eventually('the bundle of red again', async () => {
      return (await served(blue)).includes(RED) ? true : undefined;
    });
  });
});

relations('made at once, in one epoch, keep their addresses apart', async () => {
  const slow = '[limits]\nmin_epoch = "1s"\n';
  const three = async (blue: DaemonProcess, red: DaemonProcess, green: DaemonProcess) => {
    const [ofRed, ofGreen] = [await exported(red), await exported(green)];
    const address = (port: number) => [`/ip4/127.0.0.1/tcp/${port}`];
    const made = await controlling(blue, (control) =>
      Promise.all([
        control.call('federation.add', { text: ofRed, peers: address(1) }),
        control.call('federation.add', { text: ofGreen, peers: address(2) }),
      ]),
    );
    assert.equal(
      made.map(({ domain, peers }) => ({ domain, peers })),
      [
        { domain: RED, peers: address(1) },
        { domain: GREEN, peers: address(2) },
      ],
    );
  };
  await withDaemons([BLUE, RED, GREEN], three, slow);
});

relations.run();
