/** A writer tied to its standby: when it speaks, when it falls silent, and whose word counts. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '../../core/digest.ts';
import { QUESTIONS_MAX, WRITER_FOR_MS_MAX, WRITER_FOR_MS_MIN } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { bootMs, unixMs } from '../../core/time.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { readRoot } from '../../federation/root.ts';
import { type Party, Tether, waitingFor } from '../../federation/tether.ts';
import { SUITE, signerOf } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { Climber } from './climber.ts';
import { forgeRevocations, forgeRoot, KEYS, NOW } from './forge.ts';
import { authorityTarget, withStandby } from './takeover-rig.ts';

const tethers = suite('federation/tether');

const FOR_MS = WRITER_FOR_MS_MIN;
const WRITER = [KEYS.beacon[0]];
const STANDBY = [KEYS.beacon[1]];
const NONCE = sha256(Uint8Array.of(1));
const T0 = bootMs(1_000_000);
const tied = new Climber(forgeRoot({ members: { writerForMs: FOR_MS } })).take(
  forgeRoot({ members: { writerForMs: FOR_MS } }),
).belief;
const free = new Climber().take(forgeRoot()).belief;
/** The tether of a writer that Root ties to a standby, unless said otherwise. */
function tetherOf(party: Partial<Party> = {}): Tether {
  return new Tether(() => ({ own: tied, keys: WRITER, ...party }));
}
const word = (): Uint8Array => waitingFor({ own: tied, keys: STANDBY }, NONCE) ?? new Uint8Array();

tethers('tie nobody where Root says nothing, or no other machine could take over', () => {
  assert.ok(tetherOf({ own: free }).holds(T0));
  assert.is(tetherOf({ own: free }).askAt, Number.POSITIVE_INFINITY);
  assert.ok(tetherOf({ keys: KEYS.beacon }).holds(T0), 'both keys lie on this machine');
  assert.not.ok(tetherOf().holds(T0));
});

tethers('hold for so long after the question, whenever the answer came', () => {
  const tether = tetherOf();
  tether.ask(NONCE, T0);
  tether.take(SUITE, word());
  assert.ok(tether.holds(bootMs(T0 + FOR_MS - 1)));
  assert.not.ok(tether.holds(bootMs(T0 + FOR_MS)));
});

tethers('are not shortened by an answer to an earlier question', () => {
  const tether = tetherOf();
  const later = sha256(Uint8Array.of(2));
  tether.ask(NONCE, T0);
  tether.ask(later, bootMs(T0 + 1_000));
  tether.take(SUITE, waitingFor({ own: tied, keys: STANDBY }, later) ?? new Uint8Array());
  tether.take(SUITE, word());
  assert.is(tether.endsInMs(bootMs(T0 + 1_000)), FOR_MS);
});

tethers('take the word of the next rank alone, to a question of their own', () => {
  const tether = tetherOf();
  const take = (bytes: Uint8Array) => () => tether.take(SUITE, bytes);
  refuses('answer-unasked', take(word()));
  tether.ask(NONCE, T0);
  refuses('truncated', take(word().subarray(0, 100)));
  const spoilt = word().slice();
  spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1;
  refuses('signature-invalid', take(spoilt));
  const third = [...KEYS.beacon, signerOf('third/beacon')];
  const members = { writerForMs: FOR_MS };
  const wide = forgeRoot({ beacon: third, members });
  const { belief: own } = new Climber(wide).take(wide);
  const past = waitingFor({ own, keys: third.slice(2) }, NONCE) ?? new Uint8Array();
  const among = tetherOf({ own });
  among.ask(NONCE, T0);
  refuses('answer-voice', () => among.take(SUITE, past));
  assert.not.ok(tether.holds(T0));
});

tethers('remember so many questions and no more', () => {
  const tether = tetherOf();
  tether.ask(NONCE, T0);
  for (let i = 0; i < QUESTIONS_MAX; i++) tether.ask(sha256(Uint8Array.of(9, i)), T0);
  refuses('answer-unasked', () => tether.take(SUITE, word()));
});

tethers('get no word from who has taken over, or could never', () => {
  const target = { ...authorityTarget(KEYS.beacon[0]), at: unixMs(NOW) };
  const root = forgeRoot({ members: { writerForMs: FOR_MS } });
  const revoked = forgeRevocations([target], { signers: KEYS.revocation });
  const { belief: own } = new Climber(root).take(root, revoked);
  assert.is(waitingFor({ own, keys: STANDBY }, NONCE), null);
  assert.is(waitingFor({ own: tied, keys: WRITER }, NONCE), null);
  assert.is(waitingFor({ own: tied, keys: [signerOf('nobody')] }, NONCE), null);
});

tethers('are of lengths within bounds', () => {
  const read = (writerForMs: number) => () =>
    readRoot(decodeEnvelope(forgeRoot({ members: { writerForMs } })));
  for (const inside of [WRITER_FOR_MS_MIN, WRITER_FOR_MS_MAX]) read(inside)();
  for (const outside of [WRITER_FOR_MS_MIN - 1, WRITER_FOR_MS_MAX + 1]) {
    refuses('document-malformed', read(outside));
  }
});

const writerFor = { kind: 'writer-for', ms: FOR_MS } as const;

tethers('silence a writer that is cut off from its standby, and no other', () => {
  const { coalition, blue, red, standby } = withStandby(writerFor);
  coalition.advance(2 * FOR_MS);
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
  coalition.cut(blue, standby);
  coalition.cut(red, standby);
  coalition.advance(FOR_MS);
  const last = red.view(blue.domain).tick;
  coalition.advance(2 * FOR_MS);
  assert.is(red.view(blue.domain).tick, last, 'no tick leaves');
  const refused = blue.replies.get(blue.publish([]));
  assert.is(refused instanceof Refusal ? refused.code : 'taken', 'standby-silent');
  const told = blue.alarms.filter((a) => a.kind === 'alarm' && a.code === 'standby-silent');
  assert.is(told.length, 1, 'its people are told, once');
  blue.revoke({ class: 'leaf', target: '0a', notAfter: unixMs(coalition.nowMs + 900_000) });
  coalition.settle();
  assert.ok(red.view(blue.domain).revocations.union.has('leaf/0a'), 'it may take back');
  coalition.link(blue, standby);
  coalition.advance(2_000);
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
  assert.is(blue.node.hasVoice, true);
});

tethers('end what a deposed writer says to those who hear nobody else', () => {
  const { coalition, blue, red, standby } = withStandby(writerFor);
  coalition.cut(blue, standby);
  coalition.cut(red, standby);
  standby.revoke(authorityTarget(blue.keys.beacon[0]));
  coalition.advance(FOR_MS);
  const heard = red.view(blue.domain);
  coalition.advance(20_000);
  const later = red.view(blue.domain);
  assert.equal([later.epoch, later.tick], [heard.epoch, heard.tick]);
  assert.is.not(later.standing.tier, 'FRESH');
});

tethers.run();
