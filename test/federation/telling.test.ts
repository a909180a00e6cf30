/** What is told unasked: what withdraws goes on at once but never back, and news is said once. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes, toHex, toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { NEWS_SETTLES_MS, ROWS_PAUSE_MS, WANT_TIMEOUT_MS } from '../../core/limits.ts';
import { DAY_MS, SECOND_MS, unixMs } from '../../core/time.ts';
import { encodeEquivocation } from '../../federation/equivocation.ts';
import { decodeFrame, encodeFrame, tagOf } from '../../federation/message.ts';
import { linkedCouple, type Machine } from '../fakes/coalition.ts';
import { forgeBeacon } from './forge.ts';
import { BINDING, framesTo, linkSpy } from './spy.ts';

const telling = suite('federation/telling');

/** Red, linked to blue and to a spy that has an interest in blue. */
function overheard({ isSlow = false } = {}) {
  const { world, blue, red } = linkedCouple(2_000);
  const say = linkSpy(red, undefined, { isSlow });
  const tag = tagOf(blue.domain, BINDING);
  say({ kind: 'interest', tags: [tag] });
  world.advance(2 * ROWS_PAUSE_MS);
  for (const machine of [blue, red]) machine.sent.length = 0;
  return { world, blue, red, say, tag };
}

/** Red is given a frame by a peer; to whom it passes those very bytes on. */
function passedOn(red: Machine, frame: Uint8Array, giver: string): readonly string[] {
  red.effects.length = 0;
  red.input({ kind: 'frame', peer: giver, bytes: frame });
  const told = red.effects.flatMap((effect) => (effect.kind === 'send' ? [effect] : []));
  return told.filter((sent) => equalBytes(sent.frame, frame)).map(({ peer }) => peer);
}

/** What blue has to say to red about a leaf that it takes back: a stop, and the document. */
function withdrawal(blue: Machine): readonly Uint8Array[] {
  blue.effects.length = 0;
  blue.revoke({ class: 'leaf', target: '0a', notAfter: unixMs(blue.wallMs + DAY_MS) });
  return blue.effects.flatMap((effect) =>
    effect.kind === 'send' && effect.isUrgent ? [effect.frame] : [],
  );
}

telling('passes a stop and a revocation on to all but their giver', () => {
  const { blue, red } = overheard();
  const frames = withdrawal(blue);
  assert.equal(
    frames.map((frame) => decodeFrame(frame).kind),
    ['tick', 'envelope'],
  );
  for (const frame of frames) assert.equal(passedOn(red, frame, 'blue'), ['spy']);
});

telling('passes a proof on to all but its giver', () => {
  const { blue, red } = overheard();
  const plan = { issuedAt: blue.wallMs, epoch: 800_000 };
  const [one, other] = ['a', 'b'].map((seed) => forgeBeacon({ ...plan, seed }).bytes);
  assert.ok(one && other);
  const frame = encodeFrame({ kind: 'proof', bytes: encodeEquivocation(one, other) });
  assert.equal(passedOn(red, frame, 'spy'), ['blue']);
});

telling('sends a proof to whoever gave a beacon that became half of it', () => {
  const { red } = overheard();
  const plan = { issuedAt: red.wallMs, epoch: 800_000 };
  const [one, other] = ['a', 'b'].map((seed) => forgeBeacon({ ...plan, seed }).bytes);
  assert.ok(one && other);
  red.input({ kind: 'gossip', peer: 'blue', bytes: one });
  red.sent.length = 0;
  const bytes = encodeFrame({ kind: 'envelope', bytes: other });
  red.input({ kind: 'frame', peer: 'spy', bytes });
  const proofs = red.sent.filter(({ frame }) => decodeFrame(frame).kind === 'proof');
  assert.equal(proofs.map(({ peer }) => peer).sort(), ['blue', 'spy']);
});

/** Blue publishes; red hears of it the beacon alone. */
function tellBeacon(blue: Machine, red: Machine): void {
  const body = { keys: [], spiffe_refresh_hint: blue.bootNowMs };
  blue.gossiped.length = 0;
  blue.publish([{ type: 'bundle', name: 'bundle', body }]);
  const beacon = blue.gossiped.find((bytes) => bytes.length > 3_000);
  assert.ok(beacon);
  red.input({ kind: 'gossip', peer: 'blue', bytes: beacon });
  assert.is(red.view(blue.domain).beacon, blue.view().beacon);
  assert.not(red.view(blue.domain).isComplete);
}

/** The beacons of the rows that red said to the spy since the last call. */
function beaconsSaid(red: Machine): readonly string[] {
  return framesTo(red, 'spy').flatMap((frame) =>
    frame.kind === 'summary' ? frame.rows.map(({ beacon }) => beacon) : [],
  );
}

function wait(machine: Machine, ms: number): void {
  machine.bootNowMs += ms;
  machine.input({ kind: 'wake' });
}

telling('says the row of a beacon alone a moment later, and no moment after that', () => {
  const { blue, red } = overheard();
  tellBeacon(blue, red);
  assert.equal(beaconsSaid(red), []);
  wait(red, ROWS_PAUSE_MS - 1);
  assert.equal(beaconsSaid(red), []);
  wait(red, 1);
  assert.equal(beaconsSaid(red), [blue.view().beacon]);
});

telling('lets no beacon put off the row of the one before it', () => {
  const { blue, red } = overheard();
  const halfMs = ROWS_PAUSE_MS / 2;
  tellBeacon(blue, red);
  for (const machine of [blue, red]) machine.wallMs += SECOND_MS; // beacons are dated apart
  wait(red, halfMs);
  tellBeacon(blue, red);
  assert.equal(beaconsSaid(red), []);
  wait(red, halfMs);
  assert.equal(beaconsSaid(red), [blue.view().beacon]);
});

telling('says the row of a beacon at once on a sparse link, which has no gossip', () => {
  const { blue, red } = overheard({ isSlow: true });
  tellBeacon(blue, red);
  assert.equal(beaconsSaid(red), [blue.view().beacon]);
});

/** A spy that says row after row of blue, and whether red says its sum upon each. */
function weighing() {
  const { blue, red, say, tag } = overheard();
  const [mine] = say({ kind: 'interest', tags: [tag] });
  assert.ok(mine?.kind === 'summary');
  const [row] = mine.rows;
  assert.ok(row);
  const isWeighed = (contents: string): boolean =>
    say({ kind: 'summary', rows: [{ ...row, contents }] }).some(({ kind }) => kind === 'ranges');
  return {
    ...{ blue, red, say, row },
    agrees: () => isWeighed(row.contents),
    differs: (how: number) => isWeighed(how.toString(16).padStart(16, '0')),
  };
}

telling('says its sum by the first row of a link, and by one said again, on no news', () => {
  assert.is(weighing().differs(1), true);
  const { agrees, differs } = weighing();
  assert.is(agrees(), false);
  assert.is(differs(1), false, 'it is on its way');
  assert.is(differs(2), false);
  assert.is(differs(2), true);
});

telling('takes another beacon for news as it does other contents', () => {
  const { say, row, agrees } = weighing();
  agrees();
  const rows = [{ ...row, beacon: toHex(sha256(toUtf8('next'))) as never }];
  const kinds = () => say({ kind: 'summary', rows }).map(({ kind }) => kind);
  assert.not(kinds().includes('ranges'));
  assert.ok(kinds().includes('ranges'));
});

telling('says its sum on news too where contents have differed for a while', () => {
  const { red, agrees, differs } = weighing();
  agrees();
  for (const how of [1, 2, 3]) {
    assert.is(differs(how), false);
    wait(red, NEWS_SETTLES_MS / 3);
  }
  assert.is(differs(4), true);
  wait(red, WANT_TIMEOUT_MS); // it may be said again
  assert.is(agrees(), false);
  assert.is(differs(5), false, 'they agreed in between');
});

telling('finds a revocation that was lost though the beacon changes every second', () => {
  const { world, blue, red } = linkedCouple(2_000);
  withdrawal(blue);
  for (const said of [blue.sent, blue.gossiped]) said.length = 0;
  const isFound = (): boolean => red.view(blue.domain).revocations.union.has('leaf/0a');
  for (let second = 0; second < 5; second++) {
    const body = { keys: [], spiffe_refresh_hint: second };
    blue.publish([{ type: 'bundle', name: 'bundle', body }]);
    world.advance(SECOND_MS);
    if (second === 0) assert.is(isFound(), false);
  }
  assert.is(isFound(), true);
});

telling.run();
