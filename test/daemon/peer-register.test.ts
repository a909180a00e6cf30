/** The network's door to the state machine: who may come in, who is in, and what they sent. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { addMs } from '../../core/time.ts';
import { PeerRegister } from '../../daemon/peer-register.ts';
import { admissionOf, admittedPeer } from '../fakes/admitted.ts';
import { keysOf } from '../fakes/coalition.ts';
import { temporaryFolder } from '../folder.ts';
import { refuses } from '../refused.ts';
import { DOMAIN, driverRig, settle } from './driver-rig.ts';

/** An authority on a link that has said nothing yet. */
const QUIET = { class: 'authority', bitsPerS: null, heardMs: 0, heardBytes: 0 };

const registers = suite('daemon/peer-register');

const HASH = new Uint8Array(32).fill(7);
const OTHER_HASH = new Uint8Array(32).fill(8);
const GARBAGE = new Uint8Array(43);

async function withRegister(
  body: (register: PeerRegister, rig: Awaited<ReturnType<typeof driverRig>>) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  await using rig = await driverRig(folder);
  await rig.publish();
  await body(new PeerRegister(rig.node, rig.driver, rig.clock), rig);
}

registers('admit a proof of this handshake and this role, and no other', async () => {
  await withRegister(async (register) => {
    const proof = register.prove('initiator', HASH);
    const { admitted } = register.admit('initiator', HASH, proof);
    assert.is(admitted?.domain, DOMAIN);
    assert.is(admitted?.node, keysOf('blue').node.keyId);
    refuses('peer-unadmitted', () => register.admit('responder', HASH, proof), 'role');
    refuses('peer-unadmitted', () => register.admit('initiator', OTHER_HASH, proof), 'handshake');
    refuses('truncated', () => register.admit('initiator', HASH, proof.slice(0, -1)), 'cut');
  });
});

registers('refuse a lease of a domain without a relation', async () => {
  await withRegister(async (register, { clock }) => {
    await using folder = await temporaryFolder();
    await using stranger = await driverRig(folder, 'red');
    await stranger.publish();
    const proof = stranger.node.prove(clock.now(), 'initiator', HASH);
    refuses('peer-unadmitted', () => register.admit('initiator', HASH, proof));
  });
});

registers('say who is linked, for how long, in one order', async () => {
  await withRegister(async (register, { clock, driver }) => {
    const admitted = admittedPeer({ domain: DOMAIN });
    const { domain, node } = admitted;
    register.peerUp('b', { admitted, claims: DOMAIN, bitsPerS: null }, HASH);
    clock.advance(500);
    register.peerUp('a', { admitted, claims: DOMAIN, bitsPerS: null }, OTHER_HASH);
    assert.equal(register.peers, [
      { peer: 'a', domain, node, sinceMs: 0, ...QUIET },
      { peer: 'b', domain, node, sinceMs: 500, ...QUIET, heardMs: 500 },
    ]);
    register.peerDown('b');
    await driver.input({ kind: 'wake' });
    assert.equal(
      register.peers.map(({ peer }) => peer),
      ['a'],
    );
  });
});

registers('name those whose domain has no place here any more', async () => {
  await withRegister(async (register) => {
    register.peerUp('ours', admissionOf({ domain: DOMAIN }), HASH);
    const domain = parseTrustDomain('red.example');
    register.peerUp('former', admissionOf({ domain }), HASH);
    assert.equal(register.displaced, ['former']);
  });
});

registers('name those whose lease has ended since they were admitted', async () => {
  await withRegister(async (register, { clock }) => {
    const notAfter = addMs(clock.now().wall, 500);
    register.peerUp('ours', admissionOf({ domain: DOMAIN, notAfter }), HASH);
    clock.advance(499);
    assert.equal(register.displaced, []);
    clock.advance(1);
    assert.equal(register.displaced, ['ours']);
  });
});

registers('pass on what was admitted, and tell late from wrong', async () => {
  await withRegister(async (register, { network, store, clock }) => {
    assert.is(await register.gossip('a', GARBAGE), 'ignore', 'a tick of an unknown beacon');
    assert.is(await register.gossip('a', Uint8Array.of(1, 2, 3)), 'reject');
    const beacon = network.published.at(-1) ?? GARBAGE;
    assert.is(await register.gossip('a', beacon), 'ignore', 'held already');
    store.writable = false;
    clock.advance(2_000);
    await settle();
    assert.is(await register.gossip('a', GARBAGE), 'ignore', 'our own disk is nobody’s fault');
  });
});

registers.run();
