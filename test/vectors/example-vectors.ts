/**
 * One of everything that PROTOCOL describes, as the page shows it: what the code makes of the keys
 * of the vectors. test/docs/protocol-examples.test.ts compares the page with these.
 */

import { concat, toBase64, toBase64Url, toUtf8, Writer } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { digestOf } from '../../core/digest.ts';
import { kemKeyOf } from '../../core/hybrid-kem.ts';
import { pad } from '../../core/padding.ts';
import { unixMs } from '../../core/time.ts';
import { tickLink } from '../../daemon/commands/tick.ts';
import { encodeAnswered, encodeRefused } from '../../daemon/network/desk.ts';
import { encodePace } from '../../daemon/network/pace.ts';
import { fingerprintLink, wordsOf } from '../../daemon/text/fingerprint-words.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { encodeBundleFile } from '../../federation/bundle-file.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { encodeEquivocation } from '../../federation/equivocation.ts';
import { encodeFrame, type Frame, tagOf, versionArgument } from '../../federation/message.ts';
import { GUEST_PROOF, makeProof } from '../../federation/peer-proof.ts';
import { encodeProposal } from '../../federation/proposal.ts';
import { noteOf } from '../../federation/ranges.ts';
import { encodeRecipient } from '../../federation/recipient.ts';
import { SharedRows } from '../../federation/shared-rows.ts';
import { rowOf } from '../../federation/summary.ts';
import { waitingFor } from '../../federation/tether.ts';
import { signAnswer } from '../../federation/time-answer.ts';
import { Climber } from '../federation/climber.ts';
import { DOMAIN, NOW } from '../federation/forge.ts';
import { courierOf } from './example-courier.ts';
import * as documents from './example-documents.ts';
import { BEACON, FORGED, LEASE, NODE, RED, ROOT } from './example-documents.ts';
import { EVIDENCE, enrolment, IDENTITIES_ASKED, IDENTITIES_GIVEN } from './example-enrolment.ts';
import type { Reading } from './readings.ts';
import { stillSigner } from './still.ts';
import { KEM_SEED, namedBytes, SEALED_TO } from './still-kem.ts';

/** The handshake hash of every example. */
const HASH = new Uint8Array(32);
const TAG = tagOf(DOMAIN, HASH);
const TICK = FORGED.tick(2);
const FINGERPRINT = decodeEnvelope(ROOT).digest;
const PROOF = encodeEquivocation(BEACON, documents.RIVAL);

const beginner = new Climber(ROOT).take(ROOT).belief;
const holder = new Climber(ROOT)
  .take(ROOT, BEACON, documents.MANIFEST, documents.BUNDLE)
  .wait(2_000)
  .take(TICK).belief;
const file = toUtf8(encodeBundleFile(beginner));
const [request, challenge, answer, grant] = enrolment(file);

const READING = {
  tag: TAG,
  isGuest: false,
  isSparse: false,
  isOwnNode: false,
  groups: 'none',
} as const;
const ROW = rowOf(holder, READING);
const STATEMENT = {
  nonce: namedBytes('nonce', 32),
  basis: 'wall',
  place: { lineage: 0n, rank: 0, epoch: 1n },
  beacon: FORGED.digest,
  time: unixMs(NOW),
} as const;
const byKey = signAnswer(DOMAIN, STATEMENT, { signer: stillSigner('blue/beacon-0'), lease: null });
const standby = { own: holder, keys: [stillSigner('blue/beacon-1')] };
const waiting = waitingFor(standby, STATEMENT.nonce);
const byNode = signAnswer(DOMAIN, STATEMENT, { signer: NODE, lease: LEASE });

const DOCUMENTS: readonly (readonly [string, Uint8Array])[] = [
  ['a Root', ROOT],
  ['a beacon', BEACON],
  ['a manifest', documents.MANIFEST],
  ['a bundle', documents.BUNDLE],
  ['a policy', documents.POLICY],
  ['entries', documents.ENTRIES],
  ['references', documents.REFERENCES],
  ['revocations', documents.REVOCATIONS],
  ['an override', documents.OVERRIDE],
  ['a recall', documents.RECALL],
  ['a lease', LEASE],
];

/** The frames, by the number that they begin with. */
const FRAMES: readonly Frame[] = [
  { kind: 'interest', tags: [TAG, tagOf(RED, HASH)] },
  { kind: 'digest', digest: new SharedRows().digest([{ belief: holder, reading: READING }]) },
  { kind: 'summary', rows: [ROW] },
  {
    kind: 'want',
    wants: [
      { tag: TAG, what: 'root', argument: versionArgument(2n) },
      { tag: TAG, what: 'document', argument: decodeEnvelope(documents.BUNDLE).digest },
    ],
  },
  { kind: 'envelope', bytes: BEACON },
  { kind: 'tick', bytes: TICK },
  { kind: 'question', tag: TAG, nonce: STATEMENT.nonce },
  { kind: 'answer', tag: TAG, bytes: byKey },
  { kind: 'proof', bytes: PROOF },
  { kind: 'ticks', ticks: [TICK, FORGED.stop] },
  {
    kind: 'ranges',
    tag: TAG,
    notes: [
      noteOf([digestOf(toUtf8('two'))], '3'),
      { kind: 'ids', prefix: '7', ids: [digestOf(toUtf8('one'))] },
    ],
  },
  { kind: 'lack', wants: [{ tag: TAG, what: 'root', argument: versionArgument(2n) }] },
  { kind: 'turn', tag: TAG, nonce: STATEMENT.nonce },
  { kind: 'waiting', tag: TAG, bytes: waiting ?? new Uint8Array() },
];

const ENROLMENT: readonly (readonly [string, Uint8Array | undefined])[] = [
  ['a request to enrol', request],
  ['a challenge', challenge],
  ['an answer to a challenge', answer],
  ['a grant', grant],
];

/** Name, what it is read as, and its bytes. */
export const EXAMPLES: readonly (readonly [string, Reading, Uint8Array])[] = [
  ['an envelope', 'envelope', BEACON],
  ['a block', 'file', toUtf8(encodeBlock('beacon', BEACON))],
  ...DOCUMENTS.map(([name, bytes]) => [name, 'document', bytes] as const),
  ['a proposal', 'proposal', toUtf8(encodeProposal(beginner, documents.NEXT_ROOT))],
  ['a proposal of a relation', 'relation', documents.RELATION_PROPOSAL],
  ['a tick', 'tick', TICK],
  ['a stop', 'tick', FORGED.stop],
  ['an answer by the beacon key', 'time answer', byKey],
  ['an answer by a node', 'time answer', byNode],
  ['a proof', 'proof', PROOF],
  ...FRAMES.map((frame) => {
    const bytes = encodeFrame(frame);
    return [`frame ${bytes[0]?.toString(16).padStart(2, '0')}`, 'frame', bytes] as const;
  }),
  ['a proof of a peer', 'admission', makeProof(NODE, LEASE, 'initiator', HASH)],
  ['a proof of a guest', 'guest', GUEST_PROOF],
  ['a verdict', 'verdict', concat(Uint8Array.of(1), encodePace(9_600))],
  ['a bundle file', 'file', toUtf8(encodeBundleFile(holder))],
  ['a fingerprint to scan', 'fingerprint link', toUtf8(fingerprintLink(FINGERPRINT))],
  ['a fingerprint to read', 'fingerprint words', toUtf8(wordsOf(FINGERPRINT).join(' '))],
  ['a tick to scan', 'tick link', toUtf8(tickLink(toBase64Url(TICK)))],
  ['an answer at the desk', 'desk answer', encodeAnswered(IDENTITIES_GIVEN)],
  ['a refusal at the desk', 'desk answer', encodeRefused('desk-busy')],
  ['a recipient', 'recipient', toUtf8(encodeRecipient(NODE, LEASE, kemKeyOf(KEM_SEED)))],
  ['a courier file for anybody', 'courier', courierOf(file)],
  ['a courier file for one node', 'courier', courierOf(file, SEALED_TO)],
  ['a padded stop', 'padded', pad(framed({ kind: 'tick', bytes: FORGED.stop }))],
  ['a padded beacon', 'padded', pad(framed({ kind: 'envelope', bytes: BEACON }))],
  ...ENROLMENT.map(([name, bytes]) => [name, 'enrolment', bytes ?? new Uint8Array()] as const),
  ['evidence', 'evidence', EVIDENCE],
  ['a request for identities', 'identities request', IDENTITIES_ASKED],
  ['identities', 'identities answer', IDENTITIES_GIVEN],
];

/** A frame with its length before it, as it stands in its stream. */
function framed(frame: Frame): Uint8Array {
  const bytes = encodeFrame(frame);
  return new Writer().u32(bytes.length).raw(bytes).finish();
}

/** The file `protocol/examples.json`. */
export function exampleVectors(): JsonObject {
  return {
    about: 'What docs/PROTOCOL.md shows: each is read as it says, and written again the same.',
    holdfast: 'decoding',
    cases: EXAMPLES.map(([name, as, bytes]): JsonObject => {
      return { name, as, bytes: toBase64(bytes), outcome: 'read' };
    }),
  };
}
