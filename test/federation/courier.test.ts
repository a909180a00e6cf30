/** The courier file: whole or refused, for its recipients or for anybody (PROTOCOL §6.8). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { encryptAesGcm } from '../../core/ciphers.ts';
import { KEM_SEED_BYTES, kemKeyOf } from '../../core/hybrid-kem.ts';
import { COURIER_RECIPIENTS_MAX } from '../../core/limits.ts';
import { pad } from '../../core/padding.ts';
import {
  type CourierKey,
  courierKey,
  courierRandomBytes,
  headerLength,
  newCourier,
  openHeader,
  openPart,
  recipientsOf,
  sealPart,
  unsealHeader,
} from '../../federation/courier.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { refuses } from '../refused.ts';
import { KEYS, STRANGER } from './forge.ts';

const couriers = suite('federation/courier');

const random = new SeededRandom('courier');
const SEED = random.bytes(KEM_SEED_BYTES);
const NODE = KEYS.node.keyId;
const BOX = { node: NODE, key: kemKeyOf(SEED) };
const PARTS = ['first', 'second', 'third'].map(toUtf8);

const sealedTo = (...recipients: readonly (typeof BOX)[]) =>
  newCourier(recipients, random.bytes(courierRandomBytes(recipients.length)));

const seal = (key: CourierKey): readonly Uint8Array[] =>
  PARTS.map((part, index) => sealPart(key, { index, isLast: index === 2 }, part));

couriers('for anybody open by what stands in them', () => {
  const { header, key } = sealedTo();
  assert.is(headerLength(header), header.length);
  assert.equal(recipientsOf(header), []);
  const fileKey = openHeader(header);
  assert.ok(fileKey);
  const opened = courierKey(header, fileKey);
  seal(key).forEach((sealed, index) => {
    assert.equal(openPart(opened, { index, isLast: index === 2 }, sealed), PARTS[index]);
  });
});

couriers('that are sealed open for each recipient, and for nobody else', () => {
  const other = random.bytes(KEM_SEED_BYTES);
  const second = { node: KEYS.documents.keyId, key: kemKeyOf(other) };
  const { header, key } = sealedTo(BOX, second);
  assert.equal(recipientsOf(header), [NODE, second.node]);
  assert.is(openHeader(header), null);
  assert.equal(unsealHeader(header, NODE, SEED), key.fileKey);
  assert.equal(unsealHeader(header, second.node, other), key.fileKey);
  refuses('courier-sealed', () => unsealHeader(header, STRANGER.keyId, SEED));
  refuses('courier-broken', () => unsealHeader(header, NODE, other));
});

couriers('that were cut, continued or put in another order are refused at that place', () => {
  const { key } = sealedTo(BOX);
  const [first, second, third] = seal(key);
  assert.ok(first && second && third);
  refuses('truncated', () => openPart(key, { index: 1, isLast: true }, second));
  refuses('trailing-bytes', () => openPart(key, { index: 2, isLast: false }, third));
  refuses('courier-broken', () => openPart(key, { index: 0, isLast: false }, second));
  refuses('courier-broken', () => openPart(key, { index: 0, isLast: false }, third));
  refuses('courier-broken', () => openPart(key, { index: 0, isLast: false }, new Uint8Array(15)));
  for (let at = 0; at < first.length; at++) {
    const bent = first.slice();
    bent[at] = (bent[at] ?? 0) ^ 1;
    refuses('courier-broken', () => openPart(key, { index: 0, isLast: false }, bent), `${at}`);
  }
});

couriers('that are padded otherwise are refused', () => {
  const { key } = sealedTo(BOX);
  const place = { index: 0, isLast: true };
  const nonce = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
  const bare = { key: key.fileKey, nonce, bound: key.bound };
  const [part] = PARTS;
  assert.ok(part);
  assert.equal(openPart(key, place, encryptAesGcm({ ...bare, bytes: pad(part) })), part);
  for (const bytes of [part, concat(pad(part), new Uint8Array(8))]) {
    refuses('courier-broken', () => openPart(key, place, encryptAesGcm({ ...bare, bytes })));
  }
});

couriers('whose head was changed open no part', () => {
  const { header, key } = sealedTo(BOX);
  const [first] = seal(key);
  assert.ok(first);
  const wider = sealedTo(BOX, BOX).header;
  const elsewhere = courierKey(wider, key.fileKey);
  refuses('courier-broken', () => openPart(elsewhere, { index: 0, isLast: false }, first));
  const bent = header.slice();
  bent[header.length - 1] = (bent[header.length - 1] ?? 0) ^ 1;
  refuses('courier-broken', () => unsealHeader(bent, NODE, SEED));
});

couriers('say by their first bytes what they are', () => {
  const { header } = sealedTo();
  refuses('courier-malformed', () => headerLength(new Uint8Array()));
  refuses('courier-malformed', () => headerLength(header.subarray(0, 4)));
  refuses('courier-malformed', () => headerLength(toUtf8('HFC2\0')));
  refuses('courier-malformed', () => recipientsOf(header.subarray(0, 20)));
  const crowd = header.slice(0, 5);
  crowd[4] = COURIER_RECIPIENTS_MAX + 1;
  refuses('too-large', () => headerLength(crowd));
  refuses('too-large', () => sealedTo(...Array(COURIER_RECIPIENTS_MAX + 1).fill(BOX)));
});

couriers.run();
