/** The supervisor on a clock driven by hand: it dials again for as long as it is asked to. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DIAL_MS_MAX, REDIAL_MS_MAX, REDIAL_MS_MIN } from '../../../core/limits.ts';
import { HOUR_MS } from '../../../core/time.ts';
import { CONNECT_MS_MAX, STABLE_MS } from '../../../daemon/network/link-policy.ts';
import { LinkSupervisor } from '../../../daemon/network/link-supervisor.ts';
import type { PeerName } from '../../../daemon/ports.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const supervisor = suite('daemon/network/link-supervisor');

const ADDRESS = '/ip4/192.0.2.7/tcp/9000';
const OTHER = '/ip4/192.0.2.8/tcp/9000';

/** A supervisor whose dials a test answers; jitter is always the most it can be. */
/** A dial under way, to be answered by the test. */
interface Dial {
  readonly at: number;
  readonly signal: AbortSignal;
  readonly taken: () => void;
  readonly answer: (peer: PeerName) => void;
}

function rig() {
  const clock = new FakeClock();
  const up = new Set<PeerName>();
  const dials: Dial[] = [];
  let refuses = true;
  const keeper = new LinkSupervisor({
    self: 'a',
    clock,
    random: { bytes: (count) => new Uint8Array(count).fill(0xff) },
    log: { info: () => undefined, warn: () => undefined },
    isSlow: () => false,
    isUp: (peer) => up.has(peer),
    dial: (_address, signal, taken) =>
      new Promise((resolve, reject) => {
        dials.push({ at: clock.now().boot, signal, taken, answer: resolve });
        signal.addEventListener('abort', () => reject(signal.reason));
        if (refuses) reject(new Error('refused'));
      }),
  });
  const advance = async (ms: number) => {
    for (let left = ms; left > 0; left -= REDIAL_MS_MIN) {
      clock.advance(Math.min(left, REDIAL_MS_MIN));
      await new Promise((resolve) => setImmediate(resolve)); // a dial answers in its own time
    }
  };
  const listen = () => {
    refuses = false;
  };
  return { keeper, clock, up, dials, advance, listen };
}

supervisor('dials a silent address for ever, no more often than the cap allows', async () => {
  const { keeper, dials, advance } = rig();
  keeper.link(ADDRESS);
  keeper.link(ADDRESS);
  await advance(HOUR_MS);
  const least = HOUR_MS / (REDIAL_MS_MAX + REDIAL_MS_MIN);
  const most = HOUR_MS / REDIAL_MS_MAX + 10; // the first ones come sooner
  assert.ok(dials.length >= least && dials.length < most, `${dials.length} dials`);
  keeper.close();
  const before = dials.length;
  await advance(HOUR_MS);
  assert.is(dials.length, before);
});

supervisor('does not wait for a kernel whose SYNs are lost: it dials anew', async () => {
  const { keeper, dials, advance, listen } = rig();
  listen();
  keeper.link(ADDRESS);
  await advance(REDIAL_MS_MIN + CONNECT_MS_MAX + REDIAL_MS_MIN);
  assert.is(dials[0]?.signal.aborted, true);
  await advance(2 * REDIAL_MS_MIN);
  assert.is(dials.length, 2);
  keeper.close();
});

supervisor('gives a handshake up when its time is over, and dials again', async () => {
  const { keeper, dials, advance, listen } = rig();
  listen();
  keeper.link(ADDRESS);
  await advance(REDIAL_MS_MIN);
  dials[0]?.taken();
  await advance(CONNECT_MS_MAX + REDIAL_MS_MIN);
  assert.is(dials[0]?.signal.aborted, false);
  await advance(DIAL_MS_MAX);
  assert.is(dials[0]?.signal.aborted, true);
  await advance(2 * REDIAL_MS_MIN);
  assert.is(dials.length, 2);
  keeper.close();
});

supervisor('leaves an address alone while its peer is up, whoever dialled', async () => {
  const { keeper, up, dials, advance, listen } = rig();
  listen();
  keeper.link(ADDRESS);
  await advance(REDIAL_MS_MIN);
  up.add('b');
  keeper.peerUp('b');
  dials[0]?.answer('b');
  await advance(HOUR_MS);
  assert.is(dials.length, 1);

  up.delete('b');
  keeper.peerDown('b');
  up.add('b'); // it dialled us while we waited
  keeper.peerUp('b');
  await advance(HOUR_MS);
  assert.is(dials.length, 1);
  keeper.close();
});

supervisor('dials at once after a link that lasted, and later after one that did not', async () => {
  const { keeper, up, dials, advance, listen } = rig();
  listen();
  keeper.link(ADDRESS);
  await advance(REDIAL_MS_MIN);
  up.add('b');
  dials[0]?.answer('b');
  await advance(STABLE_MS + REDIAL_MS_MIN);
  up.delete('b');
  keeper.peerDown('b');
  await advance(REDIAL_MS_MIN);
  assert.is(dials.length, 2);

  up.add('b');
  dials[1]?.answer('b');
  await advance(REDIAL_MS_MIN);
  up.delete('b');
  keeper.peerDown('b');
  await advance(REDIAL_MS_MIN);
  assert.is(dials.length, 2);
  await advance(REDIAL_MS_MIN);
  assert.is(dials.length, 3);
  keeper.close();
});

supervisor('keeps addresses apart', async () => {
  const { keeper, dials, advance, listen } = rig();
  listen();
  keeper.link(ADDRESS);
  keeper.link(OTHER);
  keeper.unlink(ADDRESS);
  keeper.unlink('/never/linked');
  await advance(REDIAL_MS_MIN);
  assert.is(dials.length, 1);
  keeper.unlink(OTHER);
  assert.is(dials[0]?.signal.aborted, true);
  await advance(HOUR_MS);
  assert.is(dials.length, 1);
});

supervisor.run();
