/** Places for handshakes that others began: who gets one, and who gives his up. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HANDSHAKE_YIELDS_MS, HANDSHAKES_PER_HOST_MAX } from '../../../core/limits.ts';
import { bootMs } from '../../../core/time.ts';
import { Arrivals } from '../../../daemon/network/arrivals.ts';
import { refuses } from '../../refused.ts';

const places = suite('daemon/network/arrivals');

const [HERE, THERE] = ['192.0.2.7', '192.0.2.8'];

/** Arrivals of one host, each a millisecond after the one before; who had to yield, by number. */
function rig() {
  const arrivals = new Arrivals();
  const yielded: number[] = [];
  let begun = 0;
  const enter = (host: string, at = begun) => {
    const number = begun++;
    return arrivals.enter(host, { from: bootMs(at), yields: () => yielded.push(number) });
  };
  const fill = () => Array.from({ length: HANDSHAKES_PER_HOST_MAX }, () => enter(HERE));
  return { arrivals, yielded, enter, fill };
}

places('are taken until a host has as many as it may, and each host has its own', () => {
  const { enter, fill, yielded } = rig();
  const [leave] = fill();
  refuses('peer-slots', () => enter(HERE));
  enter(THERE);
  leave?.();
  enter(HERE);
  refuses('peer-slots', () => enter(HERE));
  assert.equal(yielded, []);
});

places('go from the oldest to a newcomer once it has lasted long, and no sooner', () => {
  const { enter, fill, yielded } = rig();
  fill();
  refuses('peer-slots', () => enter(HERE, HANDSHAKE_YIELDS_MS - 1));
  enter(HERE, HANDSHAKE_YIELDS_MS);
  refuses('peer-slots', () => enter(HERE, HANDSHAKE_YIELDS_MS)); // the second began a moment later
  enter(HERE, HANDSHAKE_YIELDS_MS + 1);
  assert.equal(yielded, [0, 1]);
});

places('leave nothing behind, whoever yielded and whoever left', () => {
  const { arrivals, enter, fill } = rig();
  const leaves = [...fill(), enter(HERE, HANDSHAKE_YIELDS_MS), enter(THERE)];
  for (const leave of [...leaves, ...leaves]) leave();
  assert.is(arrivals.hosts, 0);
});

places.run();
