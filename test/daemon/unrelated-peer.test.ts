/**
 * Two live daemons whose domains are not related on both sides: the handshake ends, each log says
 * so, and neither learns a thing about the other.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DaemonProcess } from '../daemon-process.ts';
import { controlling, eventually, fileBeside, type, withDaemons } from './live.ts';

const strangers = suite('daemon/unrelated-peer');

const BLUE = 'blue.example';
const RED = 'red.example';

/** The daemon's log has to say that a handshake was refused. */
function refusedLink(daemon: DaemonProcess): Promise<string> {
  return eventually(`${daemon.domain} refuses`, () =>
    daemon.said.find((line) => line.includes(' link.refused ')),
  );
}

async function statusOf(daemon: DaemonProcess) {
  return await controlling(daemon, (control) => control.call('status', {}));
}

async function addressOf(daemon: DaemonProcess): Promise<string> {
  const [address = ''] = (await statusOf(daemon)).listen;
  return address;
}

/** Knows nobody but itself, and has no peer. */
async function checkAlone(daemon: DaemonProcess, partners: readonly string[] = []): Promise<void> {
  const { domains, peers } = await statusOf(daemon);
  assert.equal(
    domains.map(({ domain }) => domain),
    [daemon.domain, ...partners],
  );
  assert.equal(peers, []);
}

strangers('are refused inside the handshake, on either side', async () => {
  await withDaemons([BLUE], async (blue: DaemonProcess) => {
    const dialler = `[network]\npeers = ["${await addressOf(blue)}"]\n`;
    await withDaemons(
      [RED],
      async (red: DaemonProcess) => {
        assert.match(await refusedLink(blue), 'code=peer-unadmitted');
        await eventually('red dials again', () => {
          const tries = red.said.filter((line) => line.includes(' link.unreachable ')).length;
          return tries >= 2 ? true : undefined;
        });
        await checkAlone(blue);
        await checkAlone(red);
        assert.is(red.said.filter((line) => line.includes(BLUE)).length, 0, 'not even the name');
      },
      dialler,
    );
  });
});

strangers('are refused by who trusts them while they do not trust back', async () => {
  await withDaemons([BLUE, RED], async (blue: DaemonProcess, red: DaemonProcess) => {
    const file = fileBeside(blue, 'red.bundle', (await type(red, 'bundle', 'export')).out);
    const before = (await statusOf(red)).domains[0]?.epoch;
    await type(blue, 'federation', 'add', file, '--peer', await addressOf(red));
    const refusal = await refusedLink(red);
    assert.match(refusal, 'code=peer-unadmitted');
    assert.match(refusal, `domain=${BLUE}`);
    await checkAlone(red);
    await checkAlone(blue, [RED]);
    // What red publishes from now on does not reach blue.
    const line = ['--spiffe-id', `spiffe://${RED}/web`, '--selector', 'unix:uid:0'];
    await type(red, 'entry', 'create', ...line);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const seen = (await statusOf(blue)).domains.find(({ domain }) => domain === RED);
    assert.is(seen?.epoch, before);
  });
});

strangers('are linked as soon as the relation goes both ways', async () => {
  await withDaemons([BLUE, RED], async (blue: DaemonProcess, red: DaemonProcess) => {
    const ofRed = fileBeside(blue, 'red.bundle', (await type(red, 'bundle', 'export')).out);
    await type(blue, 'federation', 'add', ofRed, '--peer', await addressOf(red));
    await refusedLink(red);
    const ofBlue = fileBeside(red, 'blue.bundle', (await type(blue, 'bundle', 'export')).out);
    await type(red, 'federation', 'add', ofBlue);
    for (const daemon of [blue, red]) {
      await eventually('a link', async () => {
        return (await statusOf(daemon)).peers.length === 1 ? true : undefined;
      });
    }
  });
});

strangers.run();
