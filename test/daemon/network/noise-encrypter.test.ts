/** The handshake as a whole: who gets a channel, and that nothing tampered with ever does. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal, type RefusalCode } from '../../../core/refusal.ts';
import { type Direction, encrypterOf, openDoor, shake } from './handshake-rig.ts';

const noise = suite('daemon/network/noise-encrypter');

function codeOf(outcome: PromiseSettledResult<unknown>): RefusalCode | 'admitted' {
  if (outcome.status === 'fulfilled') return 'admitted';
  assert.instance(outcome.reason, Refusal);
  return outcome.reason.code;
}

/** Two who admitted each other, and what is known of both sessions. */
async function joined() {
  const sessions = new WeakMap();
  const [a, b] = await Promise.all([
    encrypterOf('a', { sessions }),
    encrypterOf('b', { sessions }),
  ]);
  const { initiator, responder } = await shake({ initiator: a, responder: b });
  if (initiator.status !== 'fulfilled' || responder.status !== 'fulfilled') throw new Error('no');
  return { left: initiator.value, right: responder.value, sessions };
}

noise('joins two admitted peers under one binding', async () => {
  const { left, right, sessions } = await joined();
  const mine = sessions.get(left.remotePeer);
  const theirs = sessions.get(right.remotePeer);
  assert.equal(mine.binding, theirs.binding);
  assert.is(mine.binding.length, 32);
  assert.is(mine.terms.admitted.node, 'responder');
  assert.is(theirs.terms.admitted.node, 'initiator');
  assert.is(left.streamMuxer?.protocol, '/yamux/1.0.0');

  const heard: number[] = [];
  right.connection.addEventListener('message', ({ data }) => heard.push(data.byteLength));
  left.connection.send(new Uint8Array(200_000));
  while (heard.reduce((sum, count) => sum + count, 0) < 200_000) {
    await new Promise((resolve) => right.connection.addEventListener('message', resolve));
  }
  assert.is(theirs.heard, 2 + 4); // proof and confirmation, then four sealed chunks
  left.connection.abort(new Error('test over'));
  right.connection.abort(new Error('test over'));
});

noise('seals what is sent in one turn as one message, and all of it before it ends', async () => {
  const { left, right, sessions } = await joined();
  const theirs = sessions.get(right.remotePeer);
  const before = theirs.heard;
  const heard: number[] = [];
  right.connection.addEventListener('message', ({ data }) => heard.push(...data.subarray()));
  const sent = Array.from({ length: 20 }, (_, i) => i);
  for (const byte of sent.slice(0, 10)) left.connection.send(Uint8Array.of(byte));
  await new Promise((resolve) => right.connection.addEventListener('message', resolve));
  assert.is(theirs.heard - before, 1);
  for (const byte of sent.slice(10)) left.connection.send(Uint8Array.of(byte));
  const closing = left.connection.close();
  await new Promise((resolve) => right.connection.addEventListener('message', resolve));
  assert.equal(heard, sent);
  assert.is(theirs.heard - before, 2);
  right.connection.abort(new Error('test over'));
  await closing;
});

function impossible(what: string): never {
  throw new Error(`never: ${what}`);
}

/** Lengths of the messages of a healthy handshake, so that a flip can name a place in each. */
const A = { direction: 'to-responder', index: 0, name: 'A' } as const;
const B = { direction: 'to-initiator', index: 0, name: 'B' } as const;
const C = { direction: 'to-responder', index: 1, name: 'C' } as const;
const PROOF_I = { direction: 'to-responder', index: 2, name: 'proof of the initiator' } as const;
const PROOF_R = { direction: 'to-initiator', index: 1, name: 'proof of the responder' } as const;
const YES_I = { direction: 'to-responder', index: 3, name: 'consent of the initiator' } as const;

const PREFIX_BYTES = 2;

async function lengthsOf(): Promise<Map<string, number>> {
  const [a, b] = await Promise.all([encrypterOf('a'), encrypterOf('b')]);
  const lengths = new Map<string, number>();
  const { ends } = await shake({ initiator: a, responder: b }, (bytes, direction, index) => {
    lengths.set(`${direction} ${index}`, bytes.length);
    return bytes;
  });
  ends.initiator.abort(new Error('test over'));
  return lengths;
}

async function flip(at: { direction: Direction; index: number }, place: number) {
  const [a, b] = await Promise.all([encrypterOf('a'), encrypterOf('b')]);
  return await shake({ initiator: a, responder: b }, (bytes, direction, index) => {
    if (direction !== at.direction || index !== at.index) return bytes;
    const changed = bytes.slice();
    changed[place] = (changed[place] ?? 0) ^ (1 << (place % 8));
    return changed;
  });
}

for (const message of [A, B, C, PROOF_I, PROOF_R, YES_I]) {
  noise(`fails on both sides for a flip anywhere in ${message.name}`, async () => {
    const length = (await lengthsOf()).get(`${message.direction} ${message.index}`) ?? 0;
    assert.ok(length > PREFIX_BYTES, `${message.name} has ${length} bytes`);
    const places = Array.from({ length: length - PREFIX_BYTES }, (_, i) => PREFIX_BYTES + i);
    const lanes = Array.from({ length: 64 }, async () => {
      for (let place = places.pop(); place !== undefined; place = places.pop()) {
        const { initiator, responder } = await flip(message, place);
        assert.is(codeOf(initiator), 'handshake-failed', `initiator, byte ${place}`);
        assert.is(codeOf(responder), 'handshake-failed', `responder, byte ${place}`);
      }
    });
    await Promise.all(lanes);
  });
}

noise('fails the initiator for a flip in the last confirmation', async () => {
  const last = { direction: 'to-initiator', index: 2 } as const;
  assert.is(codeOf((await flip(last, 5)).initiator), 'handshake-failed');
});

noise('refuses a length prefix past every message of the handshake', async () => {
  const [a, b] = await Promise.all([encrypterOf('a'), encrypterOf('b')]);
  const { initiator, responder } = await shake({ initiator: a, responder: b }, (bytes) =>
    Uint8Array.of(0xff, ...bytes.subarray(1)),
  );
  assert.is(codeOf(responder), 'too-large');
  assert.is(codeOf(initiator), 'handshake-failed');
});

noise('waits for missing bytes no longer than the signal allows', async () => {
  const [a, b] = await Promise.all([encrypterOf('a'), encrypterOf('b')]);
  const patience = new AbortController();
  setTimeout(() => patience.abort(new Error('out of patience')), 100);
  const sides = { initiator: a, responder: b, signal: patience.signal };
  const { initiator, responder } = await shake(sides, (bytes, direction) =>
    direction === 'to-responder' ? bytes.subarray(0, 100) : bytes,
  );
  assert.is(codeOf(responder), 'handshake-failed');
  assert.is(codeOf(initiator), 'handshake-failed');
});

noise('admits on neither side whom the responder refuses', async () => {
  const refusals: string[] = [];
  const a = await encrypterOf('a', { refused: (refusal) => refusals.push(`a ${refusal.code}`) });
  const b = await encrypterOf('b', {
    admitter: {
      ...openDoor,
      prove: () => impossible('a proof for a stranger'),
      admit: () => {
        throw new Refusal('peer-unadmitted');
      },
    },
    refused: (refusal, role) => refusals.push(`b ${role} ${refusal.code}`),
  });
  const { initiator, responder } = await shake({ initiator: a, responder: b });
  assert.is(codeOf(responder), 'peer-unadmitted');
  assert.is(codeOf(initiator), 'handshake-failed');
  assert.equal(refusals.sort(), ['a handshake-failed', 'b responder peer-unadmitted']);
});

noise('admits on neither side whom the initiator refuses', async () => {
  const a = await encrypterOf('a', {
    admitter: {
      ...openDoor,
      admit: () => {
        throw new Refusal('lease-expired');
      },
    },
  });
  const { initiator, responder } = await shake({ initiator: a, responder: await encrypterOf('b') });
  assert.is(codeOf(initiator), 'lease-expired');
  assert.is(codeOf(responder), 'handshake-failed');
});

noise('refuses a banned peer before anything is proved to it', async () => {
  const b = await encrypterOf('b', {
    isBanned: () => true,
    admitter: { ...openDoor, admit: () => impossible('a judgement on a banned peer') },
  });
  const { initiator, responder } = await shake({ initiator: await encrypterOf('a'), responder: b });
  assert.is(codeOf(responder), 'peer-unadmitted');
  assert.is(codeOf(initiator), 'handshake-failed');
});

noise.run();
