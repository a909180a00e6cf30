/**
 * Our own vectors of reading (PROTOCOL §1, §6): bytes, what they are read as, and what comes of it.
 * What is read without a refusal is written again as the same bytes. The files in protocol/ are
 * what this makes.
 */

import { concat, fromUtf8, toBase64, toUtf8, Writer } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { KEM_SEED_BYTES, kemKeyOf } from '../../core/hybrid-kem.ts';
import {
  DOCUMENT_BYTES_MAX,
  PROOF_BYTES_MAX,
  RELATION_PROPOSAL_MS_MAX,
} from '../../core/limits.ts';
import { SIGNATURE_PAIR_BYTES } from '../../core/suite.ts';
import { wordsOf } from '../../daemon/text/fingerprint-words.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { encodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { encodeEquivocation } from '../../federation/equivocation.ts';
import { encodeFrame, NO_TAG } from '../../federation/message.ts';
import { termsBody, WHOLE_TERMS } from '../../federation/relation.ts';
import { forgeBeacon, forgeRoot, KEYS, NOW } from '../federation/forge.ts';
import { courierOf } from './example-courier.ts';
import { EVIDENCE, enrolment, IDENTITIES_ASKED } from './example-enrolment.ts';
import type { Reading } from './readings.ts';
import { still } from './still.ts';
import { namedBytes, SEALED_TO } from './still-kem.ts';

const first = still(forgeBeacon().bytes);
const second = still(forgeBeacon({ seed: 'rival' }).bytes);
const later = still(forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000 }).bytes);
const tick = forgeBeacon().tick(1);
const id = new Uint8Array(32).fill(7);

/** An unsigned envelope around this text. */
function around(payload: string, type = 'bundle'): Uint8Array {
  const bytes = toUtf8(payload);
  const head = new Writer().raw(toUtf8('HFE1')).u8(type.length).raw(toUtf8(type)).u8(0);
  return head.u32(bytes.length).raw(bytes).finish();
}

/** The head of an envelope that says it has so many slots, and those. */
function slotted(count: number, ...ids: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer().raw(toUtf8('HFE1')).u8(6).raw(toUtf8('beacon')).u8(count);
  for (const each of ids) writer.raw(each).raw(new Uint8Array(SIGNATURE_PAIR_BYTES));
  return writer.u32(2).raw(toUtf8('{}')).finish();
}

const BODY = '{"domain":"blue.example","type":"bundle"}';
const root = encodeBlock('root', still(forgeRoot()));

/** A proposal of blue to red, with these members in it. */
function relation(members: JsonObject): Uint8Array {
  const times = { issuedAt: String(NOW), notAfter: String(NOW + RELATION_PROPOSAL_MS_MAX) };
  const asked = { domain: 'blue.example', to: 'red.example', asks: termsBody(WHOLE_TERMS) };
  const body = { ...asked, addresses: ['/dns4/node.blue.example/tcp/7717'], ...times, ...members };
  return still(signEnvelope('relation', body, [KEYS.documents]));
}

/** The same bytes with one bit turned. */
function bent(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const part = toUtf8(encodeBlock('tick', tick));
const courier = courierOf(part);
const OTHERS = SEALED_TO.map((to) => ({ ...to, node: KEYS.root.keyId }));
// Sealed to a key that the node does not have: the KEM gives another secret, and the box is shut.
const mistaken = courierOf(part, [
  { node: KEYS.node.keyId, key: kemKeyOf(namedBytes('blue/other/kem', KEM_SEED_BYTES)) },
]);
const blank = toUtf8(`${fromUtf8(IDENTITIES_ASKED)} `);
const [request = new Uint8Array()] = enrolment(part);
const swapped = bent(request, request.length - 2);

/** A table row: the case, how it is read, its bytes, and what becomes of it. */
const ROWS: readonly (readonly [string, Reading, Uint8Array, string])[] = [
  ['a beacon', 'envelope', first, 'read'],
  ['an envelope without slots', 'envelope', around(BODY), 'read'],
  ['nothing', 'envelope', new Uint8Array(), 'truncated'],
  ['another version', 'envelope', concat(toUtf8('HFE2'), first.subarray(4)), 'envelope-malformed'],
  ['an envelope that is cut', 'envelope', first.subarray(0, -1), 'truncated'],
  ['a byte too many', 'envelope', concat(first, Uint8Array.of(0)), 'trailing-bytes'],
  ['a type that nobody knows', 'envelope', around(BODY, 'bungle'), 'document-unknown'],
  ['another type outside than inside', 'envelope', around(BODY, 'policy'), 'document-type'],
  ['a key that signs twice', 'envelope', slotted(2, id, id), 'signer-duplicate'],
  ['slots in another order', 'envelope', slotted(2, id, new Uint8Array(32)), 'envelope-malformed'],
  ['seventeen signers', 'envelope', slotted(17), 'signer-surplus'],
  ['a domain with a path', 'envelope', domained('blue.example/../x'), 'trust-domain-invalid'],
  ['a domain with a question', 'envelope', domained('blue.example?x'), 'trust-domain-invalid'],
  ['a domain with a fragment', 'envelope', domained('blue.example#x'), 'trust-domain-invalid'],
  ['no domain', 'envelope', around('{"type":"bundle"}'), 'document-malformed'],
  ['a payload with a blank', 'envelope', around(`${BODY} `), 'not-canonical'],
  ['a payload that is no JSON', 'envelope', around('{'), 'json-syntax'],
  ['a member twice', 'envelope', around('{"a":1,"a":2}'), 'json-duplicate-key'],
  ['half a character', 'envelope', around('{"a":"\\ud800"}'), 'json-lone-surrogate'],
  ['a number of 2^53', 'envelope', around('{"a":9007199254740992}'), 'json-number'],
  [
    'thirty-three levels',
    'envelope',
    around(`${'['.repeat(33)}1${']'.repeat(33)}`),
    'json-too-deep',
  ],
  [
    'a malformed sequence of UTF-8',
    'envelope',
    encodeEnvelope('bundle', [], Uint8Array.of(0x22, 0xc3, 0x28, 0x22)),
    'bad-encoding',
  ],
  ['a tick', 'tick', tick, 'read'],
  ['half a tick', 'tick', tick.subarray(0, 42), 'truncated'],
  ['a tick and more', 'tick', concat(tick, tick), 'trailing-bytes'],
  ['a frame of a tick', 'frame', encodeFrame({ kind: 'tick', bytes: tick }), 'read'],
  [
    'a frame of ranges',
    'frame',
    encodeFrame({
      kind: 'ranges',
      tag: NO_TAG,
      notes: [
        { kind: 'sum', prefix: '0a1', sum: '0f'.repeat(16) },
        { kind: 'ids', prefix: 'a', ids: ['ab'.repeat(32)] },
      ],
    }),
    'read',
  ],
  [
    'a frame of what is lacking',
    'frame',
    encodeFrame({
      kind: 'lack',
      wants: [{ tag: NO_TAG, what: 'manifest', argument: 'ab'.repeat(32) }],
    }),
    'read',
  ],
  [
    'a frame that asks the standby',
    'frame',
    encodeFrame({ kind: 'turn', tag: NO_TAG, nonce: new Uint8Array(32) }),
    'read',
  ],
  ['a frame of no kind', 'frame', Uint8Array.of(0x0f), 'frame-unknown'],
  [
    'a frame that wants what nobody gives',
    'frame',
    concat(Uint8Array.of(4, 0, 1), new Uint8Array(16), Uint8Array.of(99), new Uint8Array(32)),
    'frame-malformed',
  ],
  ['a frame of nothing', 'frame', new Uint8Array(), 'truncated'],
  ['a digest that is cut', 'frame', new Uint8Array(20).fill(2, 0, 1), 'truncated'],
  ['a proof', 'proof', encodeEquivocation(first, second), 'read'],
  ['a proof of two numbers', 'proof', encodeEquivocation(first, later), 'proof-malformed'],
  ['a proof of one statement', 'proof', encodeEquivocation(first, first), 'proof-malformed'],
  ['a bundle file of a Root', 'file', toUtf8(root), 'read'],
  ['a bundle file that is cut', 'file', toUtf8(root.slice(0, -2)), 'truncated'],
  ['a bundle file of Windows', 'file', toUtf8(root.replaceAll('\n', '\r\n')), 'envelope-malformed'],
  ['a relation that is proposed', 'relation', relation({}), 'read'],
  [
    'a relation proposed to a path',
    'relation',
    relation({ to: 'red.example/web' }),
    'trust-domain-invalid',
  ],
  [
    'a relation proposed to paths with a query',
    'relation',
    relation({ asks: { ...termsBody(WHOLE_TERMS), scope: ['/web?x'] } }),
    'scope-malformed',
  ],
  [
    'a relation proposed for longer than may be',
    'relation',
    relation({ notAfter: String(NOW + RELATION_PROPOSAL_MS_MAX + 1) }),
    'document-malformed',
  ],
  ['a beacon as a relation', 'relation', first, 'document-type'],
  ['a courier file of another version', 'courier', bent(courier, 3), 'courier-malformed'],
  ['a courier file with another key in its head', 'courier', bent(courier, 5), 'courier-broken'],
  ['a courier file with a part that is bent', 'courier', bent(courier, 60), 'courier-broken'],
  ['a courier file that ends too early', 'courier', courierOf(part, [], false), 'truncated'],
  ['a courier file that is cut', 'courier', courier.subarray(0, -1), 'truncated'],
  ['a courier file for another node', 'courier', courierOf(part, OTHERS), 'courier-sealed'],
  ['a courier file to another key of the node', 'courier', mistaken, 'courier-broken'],
  [
    'a message of another class',
    'padded',
    new Uint8Array(72).fill(0x80, 9, 10),
    'handshake-failed',
  ],
  ['a message that is not padded', 'padded', new Uint8Array(64).fill(1), 'handshake-failed'],
  ['no courier file', 'courier', toUtf8(root), 'courier-malformed'],
  ['a request for identities with a blank', 'identities request', blank, 'issuing-malformed'],
  ['evidence with another label', 'evidence', bent(EVIDENCE, 0), 'evidence-malformed'],
  ['evidence that is cut', 'evidence', EVIDENCE.subarray(0, -1), 'evidence-malformed'],
  ['a request to enrol with another part', 'enrolment', swapped, 'enrol-part'],
  [
    'twenty-three words',
    'fingerprint words',
    toUtf8(wordsOf(KEYS.node.keyId).slice(1).join(' ')),
    'enrol-fingerprint',
  ],
  ['a proposal without a proposal', 'proposal', toUtf8(root), 'proposal-malformed'],
];

function domained(domain: string): Uint8Array {
  return around(`{"domain":"${domain}","type":"bundle"}`);
}

/** The file `protocol/decoding.json`. */
export function decodingVectors(): JsonObject {
  const cases = ROWS.map(([name, as, bytes, outcome]): JsonObject => {
    return { name, as, bytes: toBase64(bytes), outcome };
  });
  const large: readonly JsonObject[] = [
    { name: 'a mebibyte and a byte', as: 'envelope', zeros: DOCUMENT_BYTES_MAX + 1 },
    { name: 'a proof of more than two beacons', as: 'proof', zeros: PROOF_BYTES_MAX + 1 },
  ];
  return {
    about: 'PROTOCOL §1, §5.2, §6 and §7. Bytes are base64, or as many zeros as it says.',
    holdfast: 'decoding',
    key: KEYS.beacon[0].keyId,
    cases: [...cases, ...large.map((each) => ({ ...each, outcome: 'too-large' }))],
  };
}
