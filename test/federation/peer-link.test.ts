/** What one side of a link remembers of what the peer showed. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { bootMs } from '../../core/time.ts';
import { PeerLink, type Reader } from '../../federation/peer-link.ts';
import { rowOf } from '../../federation/summary.ts';
import { settled } from './climber.ts';
import { DOMAIN, forgeBeacon, NOW } from './forge.ts';

const test = suite('federation/peer-link');

const OWN: Reader = { domain: DOMAIN, groups: 'every' };

/** A link whose peer showed no gap in what a node believes. */
function gapless() {
  const node = settled();
  const linked = { ...OWN, peer: 'peer', binding: sha256(toUtf8('handshake')) };
  const at = bootMs(1_000);
  const link = new PeerLink(linked, DOMAIN, { upAt: at, compareAt: at });
  const row = rowOf(node.belief, link.reading(node.belief, OWN));
  link.says(node.belief, row);
  link.noteGapless(node.belief);
  return { node, link, row };
}

test('shows a gap nowhere, and none that a tick alone could open', () => {
  const { node, link } = gapless();
  assert.ok(link.isGapless(node.belief));
  const before = node.belief;
  node.wait(2_000).take(forgeBeacon().tick(2));
  assert.is.not(node.belief, before);
  assert.ok(link.isGapless(node.belief));
});

test('may show a gap where we come to hold anything but a tick', () => {
  const { node, link } = gapless();
  node.wait(2_000).take(forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000 }).bytes);
  assert.not(link.isGapless(node.belief));
});

test('may show a gap by its next row', () => {
  const { node, link, row } = gapless();
  link.says(node.belief, row);
  assert.not(link.isGapless(node.belief));
});

test('may show a gap to whoever reads for another group from now on', () => {
  const { node, link } = gapless();
  link.reading(node.belief, OWN);
  assert.ok(link.isGapless(node.belief));
  link.reading(node.belief, { ...OWN, groups: 'none' });
  assert.not(link.isGapless(node.belief));
});

test.run();
