/**
 * Bundle files that no partner would send, carried to live daemons through the two commands that
 * read files: the exit code, the refusal, the audit entry, and a daemon that believes what it did.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromUtf8, toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX, DOCUMENT_BYTES_MAX, SIGNERS_MAX } from '../../core/limits.ts';
import type { RefusalCode } from '../../core/refusal.ts';
import { ED25519_SIGNATURE_BYTES } from '../../core/suite.ts';
import {
  decodeEnvelope,
  encodeEnvelope,
  type SignatureSlot,
  signEnvelope,
} from '../../federation/envelope.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { forgeRoot, KEYS, STRANGER } from '../federation/forge.ts';
import { auditOf, BRISK, controlling, fileBeside, type } from './live.ts';
import { PARTNER, partnerBeacon, partnerFile } from './partner.ts';

const files = suite('daemon/bad-files');

/** Knows no partner: judges what `federation add` is given. */
const stranger = new DaemonProcess('home.example', BRISK);
/** Has the partner already: judges what `bundle import` is given. */
const friend = new DaemonProcess('here.example', BRISK);

files.before(async () => {
  await Promise.all([stranger.start(), friend.start()]);
  const good = fileBeside(friend, 'good.bundle', partnerFile());
  assert.is((await type(friend, 'federation', 'add', good)).code, 0);
});

files.after(async () => {
  await Promise.all([stranger.remove(), friend.remove()]);
});

/** A beacon newer than the one held, so that it is judged by what is wrong with it. */
const NEWER = partnerBeacon({ epoch: 101 }).bytes;
const ELSEWHERE = 'elsewhere.example';

/** What is wrong · the text · how `bundle import` refuses it · `federation add`, if otherwise. */
const BAD: readonly (readonly [string, string, RefusalCode, RefusalCode?])[] = [
  ['cut within a line', partnerFile().slice(0, -200), 'truncated'],
  ['cut between two lines', partnerFile().replace(/(?:[^\n]*\n){9}$/, ''), 'truncated'],
  ['empty', '', 'truncated'],
  ['no bundle file at all', 'hello\n', 'envelope-malformed'],
  [
    'with the beacon of another domain',
    fileWith(partnerBeacon({ domain: ELSEWHERE }).bytes),
    ...(['domain-unrelated', 'domain-mismatch'] as const),
  ],
  ['with the Ed25519 leg blank', fileWith(withSlots(NEWER, blankClassical)), 'signature-invalid'],
  ['with the ML-DSA leg blank', fileWith(withSlots(NEWER, blankPostQuantum)), 'signature-invalid'],
  ['with the ML-DSA leg stripped', fileWith(withSlots(NEWER, stripPostQuantum)), 'truncated'],
  ['with an extra signature', fileWith(signedTwice(NEWER)), 'signer-surplus'],
  ['with no signature', fileWith(withSlots(NEWER, () => [])), 'threshold-unmet'],
  ['signed by a stranger', fileWith(signedByStranger()), 'signer-unknown'],
  ['with a duplicate key', fileWith(withPayload(NEWER, duplicateDomain)), 'json-duplicate-key'],
  ['with a space in its payload', fileWith(withPayload(NEWER, addSpace)), 'not-canonical'],
  ['with a document beyond the cap', fileWith(withPadding(NEWER)), 'too-large'],
  ['with a million nested arrays', fileWith(around('['.repeat(1_000_000))), 'json-too-deep'],
  ['with seventeen signers', fileWith(withSlots(NEWER, crowd)), 'signer-surplus'],
  ['with a domain that climbs', fileWith(named('blue.example/../x')), 'trust-domain-invalid'],
  ['with a domain and a question', fileWith(named('blue.example?x')), 'trust-domain-invalid'],
  ['with a domain and a fragment', fileWith(named('blue.example#x')), 'trust-domain-invalid'],
];

function fileWith(beacon: Uint8Array): string {
  return partnerFile({ beacon });
}

type Change = (slot: SignatureSlot) => readonly SignatureSlot[];

function withSlots(bytes: Uint8Array, change: Change): Uint8Array {
  const { type: label, slots, payload } = decodeEnvelope(bytes);
  return encodeEnvelope(label, slots.flatMap(change), payload);
}

/** As many slots as no document may have, each of another key. */
function crowd(slot: SignatureSlot): readonly SignatureSlot[] {
  return Array.from({ length: SIGNERS_MAX + 1 }, (_, i) => {
    const keyId = i.toString(16).padStart(64, '0') as SignatureSlot['keyId'];
    return { ...slot, keyId };
  });
}

/** An envelope that nobody signed around this text. */
function around(payload: string): Uint8Array {
  return encodeEnvelope('beacon', [], toUtf8(payload));
}

function named(domain: string): Uint8Array {
  return around(`{"domain":"${domain}","type":"beacon"}`);
}

function blankClassical(slot: SignatureSlot): readonly SignatureSlot[] {
  return [{ ...slot, signature: slot.signature.slice().fill(0, 0, ED25519_SIGNATURE_BYTES) }];
}

function blankPostQuantum(slot: SignatureSlot): readonly SignatureSlot[] {
  return [{ ...slot, signature: slot.signature.slice().fill(0, ED25519_SIGNATURE_BYTES) }];
}

function stripPostQuantum(slot: SignatureSlot): readonly SignatureSlot[] {
  return [{ ...slot, signature: slot.signature.slice(0, ED25519_SIGNATURE_BYTES) }];
}

function signedTwice(bytes: Uint8Array): Uint8Array {
  const { type: label, members } = decodeEnvelope(bytes);
  return signEnvelope(label, members.json(), [KEYS.beacon[0], STRANGER]);
}

function signedByStranger(): Uint8Array {
  return partnerBeacon({ epoch: 101, signer: STRANGER }).bytes;
}

function withPayload(bytes: Uint8Array, change: (text: string) => string): Uint8Array {
  const { type: label, slots, payload } = decodeEnvelope(bytes);
  return encodeEnvelope(label, slots, toUtf8(change(fromUtf8(payload))));
}

function duplicateDomain(text: string): string {
  return text.replace('{', `{"domain":"${PARTNER}",`);
}

function addSpace(text: string): string {
  return text.replace('{', '{ ');
}

function withPadding(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array(DOCUMENT_BYTES_MAX));
}

/** What a daemon believes and was told to do, without what time alone changes. */
async function beliefsOf(daemon: DaemonProcess): Promise<unknown> {
  return await controlling(daemon, async (control) => {
    const { domains, entries, alarms } = await control.call('status', {});
    const { relations } = await control.call('federation.list', {});
    return {
      domains: domains.map(({ domain, epoch, beacon, rootVersion, stopped }) => {
        return { domain, epoch, beacon, rootVersion, stopped };
      }),
      relations: relations.map(({ domain, fingerprint, peers }) => ({
        domain,
        fingerprint,
        peers,
      })),
      entries,
      alarms,
    };
  });
}

/** Codes of the refusals in the audit log: the first of a kind stands there at once. */
function auditedRefusals(daemon: DaemonProcess): readonly unknown[] {
  return auditOf(daemon)
    .filter(({ event }) => event === 'refused')
    .map(({ fields }) => fields.code);
}

for (const [what, text, imported, added = imported] of BAD) {
  files(`${what}: import says ${imported}, add says ${added}`, async () => {
    for (const [daemon, command, code] of [
      [friend, ['bundle', 'import'], imported],
      [stranger, ['federation', 'add'], added],
    ] as const) {
      const before = await beliefsOf(daemon);
      const outcome = await type(daemon, ...command, fileBeside(daemon, 'bad.bundle', text));
      assert.is(outcome.code, 1);
      assert.match(outcome.out + outcome.err, new RegExp(`\\b${code}\\b`));
      assert.equal(await beliefsOf(daemon), before);
      assert.ok(auditedRefusals(daemon).includes(code), `${command.join(' ')} is audited`);
    }
  });
}

files('larger than the cap are refused before they are read, and by the daemon too', async () => {
  const text = 'x'.repeat(BUNDLE_FILE_BYTES_MAX + 1);
  const path = fileBeside(friend, 'large.bundle', text);
  for (const command of [
    ['bundle', 'import'],
    ['federation', 'add'],
  ]) {
    const { code, err } = await type(friend, ...command, path);
    assert.is(code, 1);
    assert.match(err, /^holdfast: too-large: /);
  }
  await controlling(stranger, async (control) => {
    const asked = await Promise.allSettled([
      control.call('bundle.import', { text }),
      control.call('federation.add', { text, peers: [] }),
    ]);
    for (const answer of asked) {
      assert.is(answer.status === 'rejected' && answer.reason.code, 'control-params');
    }
  });
});

files('of a domain that is no partner teach nothing, whatever they hold', async () => {
  const before = await beliefsOf(stranger);
  const path = fileBeside(stranger, 'unrelated.bundle', partnerFile());
  const { code, out } = await type(stranger, 'bundle', 'import', path, '--json');
  assert.is(code, 1);
  const outcomes = JSON.parse(out).documents.map(({ outcome }: { outcome: string }) => outcome);
  assert.equal([...new Set(outcomes)], ['domain-unrelated']);
  assert.equal(await beliefsOf(stranger), before);
});

files('that begin with a document, or with our own Root, relate to nobody', async () => {
  const before = await beliefsOf(stranger);
  const own = await type(stranger, 'bundle', 'export');
  for (const [text, code] of [
    [partnerFile().slice(partnerFile({}).indexOf('-----BEGIN HOLDFAST BEACON')), 'root-unknown'],
    [own.out, 'relation-self'],
  ] as const) {
    const path = fileBeside(stranger, 'headless.bundle', text);
    const outcome = await type(stranger, 'federation', 'add', path);
    assert.is(outcome.code, 1);
    assert.match(outcome.err, new RegExp(`^holdfast: ${code}: `));
  }
  assert.equal(await beliefsOf(stranger), before);
});

files('with another first Root of a partner are a conflict, and change nothing', async () => {
  const before = await beliefsOf(friend);
  const root = forgeRoot({ issuedAt: Date.now() - 1_000, until: Date.now() + 1_000_000 });
  const path = fileBeside(friend, 'rival.bundle', partnerFile({ root }));
  const { code, out } = await type(friend, 'bundle', 'import', path);
  assert.is(code, 1);
  assert.match(out, /^root +root-conflict$/m);
  assert.equal(await beliefsOf(friend), before);
  assert.ok(auditedRefusals(friend).includes('root-conflict'));
});

files.run();
