/**
 * A peer with a real lease of a related domain that floods a live daemon with frames and gossip:
 * first with what is only late, which costs it its budget, then with what is provably wrong, which
 * costs it its place. Meanwhile memory stays bounded, an honest peer is served, and the audit log
 * describes the flood in a few lines.
 */

import type { Libp2p, Stream } from '@libp2p/interface';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { GOSSIP_TOPIC } from '../../daemon/network/gossip.ts';
import type { Services } from '../../daemon/network/libp2p-settings.ts';
import { encodeFrame } from '../../federation/message.ts';
import { relate } from '../daemon-process.ts';
import { DOMAIN } from '../federation/forge.ts';
import { checkServed, framed, peersOf, withIntruder } from './intruder.ts';
import { auditOf, eventually, withDaemons } from './live.ts';

const floods = suite('daemon/flood');

const MEBIBYTE = 2 ** 20;
const FLOOD_FRAMES = 10_000;
const FLOOD_MESSAGES = 2_000;
const GROWTH_BYTES_MAX = 64 * MEBIBYTE;
/** Audit entries that a flood may cause: the first refusal of each kind, once more a minute. */
const LINES_MAX = 12;
/** Says that a digest follows, and ends: no version of the protocol has such a frame. */
const DIGEST_CUT_SHORT = Uint8Array.of(0x02);

/** Sends frames as fast as the stream takes them, and gossip beside. */
async function flood(
  node: Libp2p<Services>,
  stream: Stream,
  frameOf: (round: number) => Uint8Array,
  messageOf: (round: number) => Uint8Array,
): Promise<void> {
  const every = FLOOD_FRAMES / FLOOD_MESSAGES;
  for (let round = 0; round < FLOOD_FRAMES; round++) {
    if (stream.status !== 'open') return;
    if (!stream.send(framed(frameOf(round)))) await drained(stream);
    if (round % every === 0) await node.services.gossip.publish(GOSSIP_TOPIC, messageOf(round));
  }
}

function drained(stream: Stream): Promise<unknown> {
  return new Promise((resolve) => {
    for (const event of ['drain', 'close'] as const) {
      stream.addEventListener(event, resolve, { once: true });
    }
  });
}

/** 43 bytes of a beacon that nobody holds. */
function unknownTick(round: number): Uint8Array {
  const noise = sha256(toUtf8(`flood ${round}`));
  return concat(noise.slice(0, 8), Uint8Array.of(0, 0, 1), noise);
}

floods('from an admitted peer spend its own budget, and then its place', async () => {
  await withDaemons(['home.example', 'red.example'], async (home, red) => {
    await relate(home, red);
    await withIntruder(home, async ({ node, stream }) => {
      const before = { bytes: home.residentBytes(), lines: auditOf(home).length };
      const late = (round: number) => encodeFrame({ kind: 'tick', bytes: unknownTick(round) });
      const message = (round: number) => unknownTick(round + FLOOD_FRAMES);
      const flooding = flood(node, stream, late, message);
      await checkServed(home, red, 'during');
      await flooding;
      assert.is(await peersOf(home, DOMAIN), 1, 'what is only late costs no place');
      // Its budget is spent: of what is wrong only a little gets through, and that is enough.
      await eventually('the intruder is banned', async () => {
        if (stream.status === 'open') stream.send(framed(DIGEST_CUT_SHORT));
        return (await peersOf(home, DOMAIN)) === 0 ? true : undefined;
      });
      await checkServed(home, red, 'after');

      const added = auditOf(home).slice(before.lines);
      const peer = node.peerId.toString();
      const ours = added.filter(({ fields }) => fields.peer === peer);
      assert.ok(ours.length <= LINES_MAX, `${ours.length} lines for a flood`);
      const codes = ours.map(({ fields }) => fields.code);
      assert.ok(codes.includes('tick-unknown-beacon'), codes.join());
      assert.is(ours.filter(({ event }) => event === 'peer.banned').length, 1);
      const grown = home.residentBytes() - before.bytes;
      const grownMiB = (grown / MEBIBYTE).toFixed(1);
      console.log(`took: ${grownMiB} MiB more, ${ours.length} audit lines`);
      assert.ok(grown < GROWTH_BYTES_MAX, `grew by ${grownMiB} MiB`);
    });
    assert.ok(home.said.filter((line) => line.includes('link.budget')).length < 10);
    assert.is(home.process.exitCode, null);
  });
});

floods.run();
