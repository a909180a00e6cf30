/** Who comes back is told at once what came about meanwhile, and nothing that it knows. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { digestOf, sha256 } from '../../core/digest.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { newBelief } from '../../federation/belief.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { decodeFrame } from '../../federation/message.ts';
import { Partings } from '../../federation/partings.ts';
import { STOP_INDEX, TICK_BYTES } from '../../federation/tick.ts';
import { linkedCouple, type Machine } from '../fakes/coalition.ts';

const partings = suite('federation/partings');

const GOING = newBelief(parseTrustDomain('blue.example'), digestOf(toUtf8('root')));
const STOPPED = { ...GOING, stop: new Uint8Array(TICK_BYTES) };

/** What blue says when red is linked again, before red says a word. */
function saidToRed(blue: Machine, red: Machine, isSlow: boolean): readonly string[] {
  blue.sent.length = 0;
  const { domain, groups } = red;
  const binding = sha256(toUtf8('again'));
  blue.input({ kind: 'peer-up', peer: 'red', domain, groups, binding, isSlow });
  return blue.sent.splice(0).map(({ frame }) => {
    const said = decodeFrame(frame);
    if (said.kind === 'envelope') return decodeEnvelope(said.bytes).type;
    const isStop = said.kind === 'tick' && said.bytes.subarray(8, 11).every((byte) => byte === 255);
    return isStop ? `tick ${STOP_INDEX}` : said.kind;
  });
}

partings('a peer that comes back is told the beacon that it missed, before it says a word', () => {
  const { world, blue, red } = linkedCouple(2_000);
  world.cut(blue, red);
  blue.publish([]);
  world.advance(1_000);
  assert.equal(saidToRed(blue, red, false), ['interest', 'beacon']);
  world.cut(blue, red);
  world.link(blue, red);
  assert.is(red.view(blue.domain).beacon, blue.view(blue.domain).beacon);
});

partings('a peer that missed nothing is told nothing', () => {
  const { world, blue, red } = linkedCouple(2_000);
  world.cut(blue, red);
  assert.equal(saidToRed(blue, red, false), ['interest']);
});

partings('a peer that is back on a slow link asks for what it wants', () => {
  const { world, blue, red } = linkedCouple(2_000);
  world.cut(blue, red);
  blue.publish([]);
  world.advance(1_000);
  assert.equal(saidToRed(blue, red, true), ['interest']);
});

partings('a stop is told to who comes back, where nothing has followed it', () => {
  const book = new Partings();
  book.note('red', [GOING]);
  const [news] = book.newsFor('red', [STOPPED]);
  assert.is(news?.kind, 'tick');
  assert.equal(book.newsFor('red', [STOPPED]), [], 'it is told once');
  book.note('red', [STOPPED]);
  assert.equal(book.newsFor('red', [STOPPED]), []);
});

partings('of more peers than are kept the longest gone is forgotten', () => {
  const book = new Partings();
  for (let i = 0; i <= 1_024; i++) book.note(`peer ${i}`, [GOING]);
  assert.equal(book.newsFor('peer 0', [STOPPED]), []);
  assert.is(book.newsFor('peer 1', [STOPPED]).length, 1);
});

partings.run();
