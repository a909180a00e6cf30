/** Places: half for our own, an eighth for each foreign domain and for all guests together. */

import { multiaddr } from '@multiformats/multiaddr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CONNECTIONS_MAX, GUESTS_PER_ADDRESS_MAX } from '../../../core/limits.ts';
import { Refusal, refusalOf } from '../../../core/refusal.ts';
import { GUEST_HOSTS_MAX, GuestAllowances } from '../../../daemon/network/guest-allowance.ts';
import { hostIn } from '../../../daemon/network/peer-address.ts';
import {
  type Applicant,
  DOMAIN_SLOTS_MAX,
  FOREIGN_SLOTS_MAX,
  Slots,
} from '../../../daemon/network/slots.ts';
import { admittedPeer } from '../../fakes/admitted.ts';

const places = suite('daemon/network/slots');

const OWN = 'blue.example';

function applicant(peer: string, domain: string | null, host = peer): Applicant {
  const admitted = domain === null ? null : admittedPeer({ domain, node: peer });
  return { peer, admission: { admitted, claims: domain }, role: 'responder', host };
}

/** How many of `count` peers of this domain, each at its own host, find a place. */
function seated(slots: Slots, domain: string | null, count: number): number {
  const outcomes = Array.from({ length: count }, (_, i) =>
    refusalOf(() => slots.take(applicant(`${domain}/${i}`, domain))),
  );
  const refused = outcomes.filter((outcome) => outcome instanceof Refusal);
  assert.ok(refused.every(({ code }) => code === 'peer-slots'));
  return count - refused.length;
}

places('are kept for our own, whoever else comes first', () => {
  const slots = new Slots(OWN);
  for (const domain of ['a', 'b', 'c', 'd', 'e']) seated(slots, `${domain}.example`, 20);
  seated(slots, null, 20);
  assert.is(seated(slots, OWN, CONNECTIONS_MAX), CONNECTIONS_MAX - FOREIGN_SLOTS_MAX);
});

places('are an eighth for one foreign domain, and for all guests', () => {
  const slots = new Slots(OWN);
  assert.is(seated(slots, 'red.example', 20), DOMAIN_SLOTS_MAX);
  assert.is(seated(slots, null, 20), DOMAIN_SLOTS_MAX);
  assert.is(seated(slots, 'green.example', 20), DOMAIN_SLOTS_MAX);
  assert.is(DOMAIN_SLOTS_MAX * 8, CONNECTIONS_MAX);
});

places('are a peer’s, however many connections it has, until the last one ends', () => {
  const slots = new Slots(OWN);
  assert.is(seated(slots, 'red.example', DOMAIN_SLOTS_MAX - 1), DOMAIN_SLOTS_MAX - 1);
  const last = applicant('last', 'red.example');
  const leaves = [slots.take(last), slots.take(last)];
  assert.is(seated(slots, 'red.example', 20), DOMAIN_SLOTS_MAX - 1, 'those who are seated');
  leaves[0]?.();
  assert.is(seated(new Slots(OWN), 'red.example', 1), 1);
  assert.ok(refusalOf(() => slots.take(applicant('new', 'red.example'))) instanceof Refusal);
  leaves[1]?.();
  assert.not(refusalOf(() => slots.take(applicant('new', 'red.example'))) instanceof Refusal);
});

places('of guests are few for one host, and none are needed where we dialled', () => {
  const slots = new Slots(OWN);
  for (let i = 0; i < GUESTS_PER_ADDRESS_MAX; i++) slots.take(applicant(`${i}`, null, 'h'));
  const one = applicant('one more', null, 'h');
  assert.ok(refusalOf(() => slots.take(one)) instanceof Refusal);
  slots.take({ ...one, role: 'initiator' });
  slots.take(applicant('elsewhere', null, 'k'));
});

places('name a host by its address, and an IPv6 household by its network', () => {
  const host = (text: string) => hostIn(multiaddr(text));
  assert.is(host('/ip4/192.0.2.7/tcp/9000'), '192.0.2.7');
  assert.is(host('/ip6/2001:db8::7/tcp/9000'), '2001:db8:0:0');
  assert.is(host('/ip6/2001:db8:1:2:3:4:5:6/tcp/9000'), '2001:db8:1:2');
  assert.is(host('/ip6/::1/tcp/9000'), '0:0:0:0');
});

places('give the guests of a host bytes until they are spent, and again with time', () => {
  const allowances = new GuestAllowances();
  assert.ok(allowances.spend('h', 1_000));
  allowances.forfeit('h');
  assert.not(allowances.spend('h', 1_000));
  assert.ok(allowances.spend('k', 1_000), 'another host has its own');
  allowances.refill(1_000);
  assert.ok(allowances.spend('h', 1_000));
  for (let i = 0; i < 2 * GUEST_HOSTS_MAX; i++) allowances.spend(`${i}`, 1);
  assert.ok(allowances.size <= GUEST_HOSTS_MAX);
});

places.run();
