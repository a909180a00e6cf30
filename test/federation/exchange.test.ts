/** What flows over a link, and what must not: stops first, private documents never. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { ROWS_PAUSE_MS, SYNC_INTERVAL_MS, WANT_TIMEOUT_MS } from '../../core/limits.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  tagOf,
  WANT_KINDS,
  type Want,
} from '../../federation/message.ts';
import { STOP_INDEX } from '../../federation/tick.ts';
import { linkedCouple } from '../fakes/coalition.ts';
import { BINDING, framesTo, linkSpy, STRANGE } from './spy.ts';

const exchange = suite('federation/exchange');

exchange('sends the stop to peers directly, before the beacon that follows it', () => {
  const { blue } = linkedCouple(2_000);
  blue.effects.length = 0;
  blue.publish([], true);
  const sent = blue.effects.flatMap((effect) =>
    effect.kind === 'send' ? [decodeFrame(effect.frame)] : [],
  );
  const isStop = (frame: Frame | undefined): boolean =>
    frame?.kind === 'tick' && frame.bytes[8] === 0xff && frame.bytes[10] === 0xff;
  assert.ok(isStop(sent[0]));
  const gossip = blue.effects.flatMap((e) => (e.kind === 'gossip' ? [e.message] : []));
  assert.is(gossip[0]?.length, 43);
  assert.ok((gossip[1]?.length ?? 0) > 3_000);
});

exchange('names domains by tags that say nothing to whoever does not know them', () => {
  const { blue, red } = linkedCouple(2_000);
  const [interest] = (() => {
    blue.input({
      kind: 'peer-up',
      peer: 'spy',
      domain: STRANGE,
      groups: 'every',
      binding: BINDING,
    });
    return framesTo(blue, 'spy');
  })();
  assert.is(interest?.kind, 'interest');
  const tags = interest?.kind === 'interest' ? interest.tags : [];
  assert.equal([...tags].sort(), [blue.domain, red.domain].map((d) => tagOf(d, BINDING)).sort());
  const other = sha256(toUtf8('another handshake'));
  assert.not.ok(tags.includes(tagOf(blue.domain, other)));
});

exchange('tells a peer of no domain that it did not name', () => {
  const { blue, red } = linkedCouple(2_000);
  const say = linkSpy(blue);
  assert.equal(say({ kind: 'interest', tags: [tagOf(STRANGE, BINDING)] }), []);
  assert.equal(say({ kind: 'digest', digest: '0'.repeat(64) }).length <= 1, true);
  const [summary] = say({ kind: 'interest', tags: [tagOf(blue.domain, BINDING)] });
  assert.is(summary?.kind, 'summary');
  const rows = summary?.kind === 'summary' ? summary.rows : [];
  assert.equal(
    rows.map((row) => row.tag),
    [tagOf(blue.domain, BINDING)],
  );
  assert.ok(red.domain !== blue.domain);
});

exchange('answers no want under the tag of another link, or for a domain nobody knows', () => {
  const { blue, red } = linkedCouple(2_000);
  const say = linkSpy(blue);
  const beacon = blue.view(red.domain).beacon ?? '';
  const elsewhere = tagOf(red.domain, sha256(toUtf8('another link')));
  for (const tag of [elsewhere, tagOf(STRANGE, BINDING)]) {
    const want: Want = { tag, what: 'beacon', argument: beacon };
    assert.equal(say({ kind: 'want', wants: [want] }), []);
  }
});

exchange('takes a want or a row for the interest that was lost on the way', () => {
  const { blue, red } = linkedCouple(2_000);
  const say = linkSpy(blue);
  const tag = tagOf(red.domain, BINDING);
  const want: Want = { tag, what: 'beacon', argument: blue.view(red.domain).beacon ?? '' };
  const kinds = say({ kind: 'want', wants: [want] }).map((frame) => frame.kind);
  assert.equal(kinds, ['envelope']);
});

exchange('names its interests with each comparison until the peer has named its own', () => {
  const { blue, red } = linkedCouple(2_000);
  const say = linkSpy(blue);
  const [tag, other] = [red.domain, blue.domain].map((domain) => tagOf(domain, BINDING));
  const namedInAnInterval = (): boolean => {
    blue.bootNowMs += 1.2 * SYNC_INTERVAL_MS;
    blue.input({ kind: 'wake' });
    return framesTo(blue, 'spy').some(({ kind }) => kind === 'interest');
  };
  // The peer's interest was lost. What it asks for shows one domain that it knows, and no more.
  const want: Want = { tag: tag ?? '', what: 'beacon', argument: '0'.repeat(64) };
  say({ kind: 'want', wants: [want] });
  assert.is(namedInAnInterval(), true);
  const tags = [tag ?? '', other ?? ''];
  // One that was under way when the link before this ended names nothing on this one.
  const before = tagOf(red.domain, sha256(toUtf8('the handshake before')));
  assert.equal(say({ kind: 'interest', tags: [before] }), []);
  assert.is(namedInAnInterval(), true);
  const kinds = say({ kind: 'interest', tags }).map(({ kind }) => kind);
  assert.equal(kinds, ['summary'], 'ours was named a moment ago');
  assert.is(namedInAnInterval(), false);
  const again = say({ kind: 'interest', tags }).map(({ kind }) => kind);
  assert.equal(again, ['interest', 'summary'], 'who names his interests may lack ours');
});

exchange('hands a foreign peer bundle and manifest, and private documents never', () => {
  const { blue } = linkedCouple(2_000);
  const say = linkSpy(blue);
  const tag = tagOf(blue.domain, BINDING);
  say({ kind: 'interest', tags: [tag] });
  const answers = [...blue.view().documents].map(([name, { digest }]) => {
    const wants = WANT_KINDS.map((what): Want => ({ tag, what, argument: digest }));
    const given = say({ kind: 'want', wants }).filter(({ kind }) => kind === 'envelope');
    return [name, given.length] as const;
  });
  assert.equal(Object.fromEntries(answers), { bundle: 1, policy: 0, 'entries/default': 0 });
});

exchange('hands a node of the own domain its private documents too', () => {
  const { blue } = linkedCouple(2_000);
  const say = linkSpy(blue, blue.domain);
  const tag = tagOf(blue.domain, BINDING);
  say({ kind: 'interest', tags: [tag] });
  const argument = blue.view().documents.get('policy')?.digest ?? '';
  const [answer] = say({ kind: 'want', wants: [{ tag, what: 'document', argument }] });
  assert.is(answer?.kind === 'envelope' ? decodeEnvelope(answer.bytes).type : '', 'policy');
});

exchange('lets no private document out in a life of two linked domains', () => {
  const { world, blue, red } = linkedCouple(2_000);
  blue.publish([
    { type: 'entries', name: 'entries/default', body: { group: 'default', entries: [1] } },
    { type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: 7 } },
  ]);
  world.advance(60_000);
  const out = blue.effects.flatMap((effect) => {
    if (effect.kind === 'gossip' && effect.message.length > 43) return [effect.message];
    const frame = effect.kind === 'send' ? decodeFrame(effect.frame) : null;
    return frame?.kind === 'envelope' ? [frame.bytes] : [];
  });
  const types = new Set(out.map((bytes) => decodeEnvelope(bytes).type));
  assert.ok(types.has('bundle') && types.has('manifest'));
  assert.not.ok(types.has('policy') || types.has('entries'));
  for (const view of red.view(blue.domain).documents.keys()) assert.is(view, 'bundle');
});

exchange('asks again, and of another, when a peer does not answer', () => {
  const { world, blue, red } = linkedCouple(2_000);
  world.cut(blue, red);
  const say = linkSpy(red, blue.domain);
  const tag = tagOf(blue.domain, BINDING);
  const row = {
    ...{ tag, rootVersion: 1n, lineage: 0n, rank: 0, epoch: 900n, tick: 0 },
    ...{ beacon: toHex(sha256(toUtf8('beacon'))) as never, contents: '0'.repeat(16) },
  };
  const asked = (frames: readonly Frame[]): number =>
    frames.filter((frame) => frame.kind === 'want').length;
  assert.is(asked(say({ kind: 'summary', rows: [row] })), 1);
  assert.is(asked(say({ kind: 'summary', rows: [row] })), 0);
  red.bootNowMs += WANT_TIMEOUT_MS;
  red.input({ kind: 'wake' });
  assert.is(asked(say({ kind: 'summary', rows: [row] })), 1);
});

exchange('says what it cannot give, be it not held or not to be read', () => {
  const { blue } = linkedCouple(2_000);
  const say = linkSpy(blue);
  const tag = tagOf(blue.domain, BINDING);
  const secret = blue.view().documents.get('policy')?.digest ?? '';
  const wants = [secret, toHex(sha256(toUtf8('nothing')))].map(
    (argument): Want => ({ tag, what: 'document', argument }),
  );
  assert.equal(say({ kind: 'want', wants }), [{ kind: 'lack', wants }]);
});

exchange('asks the next at once where a peer lacks it, and that one again by its next row', () => {
  const { world, blue, red } = linkedCouple(2_000);
  world.cut(blue, red);
  const say = linkSpy(red, blue.domain);
  const tag = tagOf(blue.domain, BINDING);
  const row = (beacon: string) => ({
    ...{ tag, rootVersion: 1n, lineage: 0n, rank: 0, epoch: 900n, tick: 0 },
    ...{ beacon: toHex(sha256(toUtf8(beacon))) as never, contents: '0'.repeat(16) },
  });
  const wanted = (frames: readonly Frame[]): readonly Want[] =>
    frames.flatMap((frame) => (frame.kind === 'want' ? frame.wants : []));
  const wants = wanted(say({ kind: 'summary', rows: [row('one')] }));
  assert.is(wants.length, 1);
  const binding = sha256(toUtf8('another'));
  const { domain } = blue;
  red.input({ kind: 'peer-up', peer: 'next', domain, groups: 'every', binding });
  const same = { ...row('one'), tag: tagOf(domain, binding) };
  const bytes = encodeFrame({ kind: 'summary', rows: [same] });
  red.input({ kind: 'frame', peer: 'next', bytes });
  assert.equal(wanted(framesTo(red, 'next')), [], 'one is asked at a time');
  red.input({ kind: 'frame', peer: 'spy', bytes: encodeFrame({ kind: 'lack', wants }) });
  const [asked] = wanted(framesTo(red, 'next'));
  assert.is(asked?.argument, wants[0]?.argument);
  const codes = red.refused.map(({ code }) => code);
  assert.not.ok(codes.includes('want-unanswered'), 'who says so owes nothing');
  assert.is(wanted(say({ kind: 'summary', rows: [row('two')] })).length, 1);
});

exchange('says rows that change one shortly after another together', () => {
  const { world, blue } = linkedCouple(2_000);
  const say = linkSpy(blue);
  say({ kind: 'interest', tags: [tagOf(blue.domain, BINDING)] });
  const rows = (): number =>
    framesTo(blue, 'spy').filter((frame) => frame.kind === 'summary').length;
  const change = (hint: number): void => {
    const body = { keys: [], spiffe_refresh_hint: hint };
    blue.publish([{ type: 'bundle', name: 'bundle', body }]);
  };
  world.advance(2 * ROWS_PAUSE_MS);
  framesTo(blue, 'spy');
  for (let hint = 1; hint <= 4; hint++) change(hint);
  assert.is(rows(), 1, 'the first at once');
  blue.bootNowMs += ROWS_PAUSE_MS;
  blue.input({ kind: 'wake' });
  assert.is(rows(), 1, 'the rest a moment later');
});

exchange('mends within an interval what gossip and frames lost', () => {
  const { world, blue, red } = linkedCouple(2_000);
  blue.publish([{ type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: 7 } }]);
  blue.sent.length = 0;
  blue.gossiped.length = 0;
  world.advance(1.2 * SYNC_INTERVAL_MS);
  assert.is(red.view(blue.domain).epoch, blue.view().epoch);
  assert.ok(red.view(blue.domain).isComplete);
});

exchange('brings a stop to who was away when it was revealed', () => {
  const { world, blue, red } = linkedCouple(2_000);
  world.cut(blue, red);
  blue.drawsLate = true; // the successor does not come
  blue.publish([], true);
  world.link(blue, red);
  world.advance(1_000);
  assert.is(red.view(blue.domain).tick <= STOP_INDEX, true);
  assert.ok(red.view(blue.domain).standing.stopped);
  assert.is(red.view(blue.domain).standing.tier, 'DEGRADED');
});

exchange('has nothing to say to a peer that is not linked', () => {
  const { blue } = linkedCouple(2_000);
  blue.sent.length = 0;
  for (const frame of [
    { kind: 'interest', tags: [tagOf(blue.domain, BINDING)] },
    { kind: 'digest', digest: '0'.repeat(64) },
    { kind: 'summary', rows: [] },
    { kind: 'want', wants: [] },
  ] as const) {
    blue.input({ kind: 'frame', peer: 'nobody', bytes: encodeFrame(frame) });
  }
  assert.equal(framesTo(blue, 'nobody'), []);
});

exchange('says a digest back at once where it has not said it yet, and only then', () => {
  const { blue } = linkedCouple(2_000);
  const interest: Frame = { kind: 'interest', tags: [tagOf(blue.domain, BINDING)] };
  linkSpy(blue)(interest);
  blue.bootNowMs += 1.2 * SYNC_INTERVAL_MS;
  blue.input({ kind: 'wake' });
  const said = framesTo(blue, 'spy').find(({ kind }) => kind === 'digest');
  assert.ok(said !== undefined);
  // A new link of the same peer: nothing was said on it.
  const say = linkSpy(blue);
  say(interest);
  assert.equal(say(said), [said]);
  for (let i = 0; i < 5; i++) assert.equal(say(said), []);
});

exchange.run();
