/**
 * Our own vectors of admission (PROTOCOL §2 to §5): documents, and cases that give some of them in
 * order to a node that holds nothing. All but the last one are admitted; the case says what becomes
 * of the last. The files in protocol/ are what this makes.
 *
 * Reason: one table of cases, which reads as a list.
 */

import { toBase64, toHex } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { DAY_MS, HOUR_MS, UNIX_MS_MAX, unixMs } from '../../core/time.ts';
import { decodeEnvelope, encodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { encodeEquivocation } from '../../federation/equivocation.ts';
import { signLease } from '../../federation/lease.ts';
import { saltedKey } from '../../federation/manifest.ts';
import { signRecall } from '../../federation/override.ts';
import { termsBody, WHOLE_TERMS } from '../../federation/relation.ts';
import type { Revocation } from '../../federation/revocations.ts';
import { decodeTick, encodeTick, TICK_BYTES } from '../../federation/tick.ts';
import { leaseTerms } from '../fakes/admitted.ts';
import {
  CONTENTS,
  DOMAIN,
  ENTRIES_KEY,
  FOUNDED,
  forgeBeacon,
  forgeBundle,
  forgeContents,
  forgeManifest,
  forgeRevocations,
  forgeRoot,
  KEYS,
  NOW,
  pinOf,
  SALT,
  STRANGER,
} from '../federation/forge.ts';
import { forgeOverride, OVERRIDERS, overrideRoot } from '../federation/forge-override.ts';
import { still } from './still.ts';

/** One case: what is given in order, at which time, and what becomes of the last. */
export interface LadderCase {
  readonly name: string;
  readonly give: readonly string[];
  readonly outcome: string;
  /** Milliseconds since 1970, as text. */
  readonly now: string;
}

const AT = (ms: number): string => String(NOW + ms);
const SECOND = forgeContents(2);
const rotated = { beacon: [KEYS.node], ranks: [2] };
const revocation = (entry: Partial<Revocation>): Revocation => ({
  ...{ class: 'leaf', target: '0a', at: unixMs(NOW), notAfter: unixMs(NOW + DAY_MS) },
  ...entry,
});
const beaconKey = revocation({
  ...{ class: 'authority', target: KEYS.beacon[0].keyId, notAfter: unixMs(UNIX_MS_MAX) },
});
const lease = (terms: object) =>
  signLease(KEYS.documents, KEYS.node.publicPair, leaseTerms({ ...LEASE, ...terms }));
const LEASE = { domain: DOMAIN, issuedAt: unixMs(NOW), notAfter: unixMs(NOW + HOUR_MS) };
const first = forgeBeacon();
const rival = forgeBeacon({ seed: 'rival' });
const second = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, manifest: SECOND.manifest });
const limits = { freshForMs: 2_999, degradedForMs: 20_000, survivalForMs: 30_000 };
const shrunk = forgeManifest(2, { bundle: pinOf(CONTENTS.bundle) });
const shrinking = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, manifest: shrunk });
const demanding = forgeManifest(1, {}, { members: { must: ['later'] } });
const uneven = forgeBundle(1, { spiffe_sequence: 2 });
const unevenManifest = forgeManifest(1, { bundle: pinOf(uneven) });
/** A policy about red under these terms, the manifest that pins it, and the beacon before that. */
const policyOf = (terms: JsonObject, more: JsonObject = {}) => {
  const relation = { domain: 'red.example', firstRoot: SALT, ...termsBody(WHOLE_TERMS), ...terms };
  const head = { domain: DOMAIN, name: 'policy', salt: SALT, version: '1' };
  const body = { ...head, tiers: {}, relations: [relation], ...more };
  const document = signEnvelope('policy', body, [KEYS.documents]);
  const manifest = forgeManifest(1, { [saltedKey('policy', SALT)]: pinOf(document) });
  return { document, manifest, beacon: forgeBeacon({ manifest }).bytes };
};
const narrow = policyOf({ scope: ['/ci', '/web'], minAssurance: 'tpm', serveBundle: false });
const dotted = policyOf({ scope: ['/web/../db'] });
const nested = policyOf({ scope: ['/web', '/web/db'] });
const ruled = policyOf({}, { rules: {}, must: ['rules'] });

/** Documents by name: each as an authority signs it, or as nobody should. */
const SIGNED: Readonly<Record<string, Uint8Array>> = {
  'root-1': forgeRoot(),
  'root-1-other': forgeRoot({ issuedAt: FOUNDED + 1 }),
  'root-1-version-2': forgeRoot({ version: 2 }),
  'root-2': forgeRoot({ version: 2, issuedAt: NOW, ...rotated, retired: [...KEYS.beacon] }),
  'root-2-early': forgeRoot({ version: 2, issuedAt: FOUNDED - 1 }),
  'root-2-unmet': forgeRoot({ version: 2, root: [STRANGER], signers: [STRANGER] }),
  'root-2-stranger': forgeRoot({ version: 2, signers: [KEYS.root, STRANGER] }),
  'root-2-reused': forgeRoot({ version: 2, retired: [KEYS.documents] }),
  'root-2-rank': forgeRoot({ version: 2, beacon: [KEYS.node], ranks: [0] }),
  'root-2-revocation': forgeRoot({ version: 2, revocation: [KEYS.node, STRANGER] }),
  'root-3': forgeRoot({ version: 3 }),
  'beacon-1': first.bytes,
  'beacon-1-rival': rival.bytes,
  'beacon-2': second.bytes,
  'beacon-2-shrinking': shrinking.bytes,
  'beacon-2-old-key': forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000 }).bytes,
  'beacon-stranger': forgeBeacon({ signer: STRANGER }).bytes,
  'beacon-rank-1': forgeBeacon({ rank: 1 }).bytes,
  'beacon-rank-9': forgeBeacon({ rank: 9, signer: STRANGER }).bytes,
  'beacon-root-2': forgeBeacon({ root: 2 }).bytes,
  'beacon-ended': forgeBeacon({ issuedAt: NOW + 300 * DAY_MS }).bytes,
  'beacon-ahead': forgeBeacon({ epoch: 864_002 }).bytes,
  'beacon-future': forgeBeacon({ epoch: 2, issuedAt: NOW + HOUR_MS }).bytes,
  'beacon-limits': forgeBeacon({ members: { limits } }).bytes,
  'beacon-chain': forgeBeacon({ periodMs: 2_000, count: 1_801 }).bytes,
  'beacon-number': forgeBeacon({ members: { epoch: 1 } }).bytes,
  'beacon-demanding': forgeBeacon({ manifest: demanding }).bytes,
  'beacon-uneven': forgeBeacon({ manifest: unevenManifest }).bytes,
  'manifest-1': CONTENTS.manifest,
  'manifest-2': SECOND.manifest,
  'manifest-2-shrunk': shrunk,
  'manifest-demanding': demanding,
  'manifest-uneven': unevenManifest,
  'manifest-two-signers': signEnvelope(
    'manifest',
    {
      domain: DOMAIN,
      version: '1',
      names: { bundle: pinOf(CONTENTS.bundle), [ENTRIES_KEY]: pinOf(CONTENTS.entries) },
    },
    [KEYS.documents, KEYS.node],
  ),
  'bundle-1': CONTENTS.bundle,
  'bundle-2': SECOND.bundle,
  'bundle-uneven': uneven,
  'bundle-red': signEnvelope('bundle', { domain: 'red.example', version: '1' }, [KEYS.documents]),
  'entries-1': CONTENTS.entries,
  'beacon-narrow': narrow.beacon,
  'beacon-dotted': dotted.beacon,
  'beacon-nested': nested.beacon,
  'beacon-ruled': ruled.beacon,
  'manifest-narrow': narrow.manifest,
  'manifest-dotted': dotted.manifest,
  'manifest-nested': nested.manifest,
  'manifest-ruled': ruled.manifest,
  'policy-narrow': narrow.document,
  'policy-dotted': dotted.document,
  'policy-nested': nested.document,
  'policy-ruled': ruled.document,
  'revocations-leaf': forgeRevocations([revocation({})]),
  'revocations-past': forgeRevocations([revocation({ notAfter: unixMs(NOW - 1) })]),
  'revocations-beacon': forgeRevocations([beaconKey], { signers: KEYS.revocation }),
  'revocations-one-signer': forgeRevocations([beaconKey]),
  'revocations-foreign': forgeRevocations([
    revocation({ class: 'identity', target: 'spiffe://red.example/web' }),
  ]),
  'revocations-target': forgeRevocations([revocation({ target: '0A' })]),
  'root-people': overrideRoot({ version: 2, issuedAt: NOW }),
  override: forgeOverride(),
  'override-one': forgeOverride({ signers: OVERRIDERS.slice(0, 1) }),
  'override-long': forgeOverride({ forMs: DAY_MS + 1 }),
  'override-early': forgeOverride({ issuedAt: NOW + HOUR_MS }),
  'override-revoke': forgeOverride({ action: 'revoke' }),
  lease: lease({}),
  'lease-cell': lease({ kind: 'cell' }),
};

const ROOTED = ['root-1'];
const policyGiven = (kind: string): readonly string[] => [
  ...['root-1', `beacon-${kind}`, `manifest-${kind}`, `policy-${kind}`],
];
const SEEN = ['root-1', 'beacon-1'];
const SETTLED = [...SEEN, 'manifest-1', 'bundle-1', 'entries-1'];

/** A table row: the case, what is given, what becomes of the last, and how late it is. */
const ROWS: readonly (readonly [string, readonly string[], string, number?])[] = [
  ['a first Root, a beacon, its manifest and its documents', SETTLED, 'admitted'],
  ['a tick of the beacon held', [...SEEN, 'tick-1'], 'admitted', 1_000],
  ['the stop of the beacon held', [...SEEN, 'stop'], 'admitted'],
  ['a Root that rotates', [...SETTLED, 'root-2'], 'admitted'],
  ['revocations by one key', [...SETTLED, 'revocations-leaf'], 'admitted'],
  ['revocations by two keys', [...SETTLED, 'revocations-beacon'], 'admitted'],
  ['a proof against a beacon key', [...SETTLED, 'proof'], 'admitted'],
  ['the next rank once the first is disowned', [...SEEN, 'proof', 'beacon-rank-1'], 'admitted'],
  ['another first Root', ['root-1-other'], 'root-conflict'],
  ['another Root under a number held', [...ROOTED, 'root-1-other'], 'root-conflict'],
  ['a Root of the version after next', [...ROOTED, 'root-3'], 'root-step'],
  ['a Root dated before the one held', [...ROOTED, 'root-2-early'], 'root-rolled-back'],
  ['a Root without the old threshold', [...ROOTED, 'root-2-unmet'], 'threshold-unmet'],
  ['a Root with a signer of no role', [...ROOTED, 'root-2-stranger'], 'signer-unknown'],
  ['a Root with a retired key in a role', [...ROOTED, 'root-2-reused'], 'root-key-reused'],
  ['a Root that gives a rank away twice', [...ROOTED, 'root-2-rank'], 'root-rank-reused'],
  ['a beacon without a Root', ['beacon-1'], 'root-unknown'],
  ['a beacon twice', [...SEEN, 'beacon-1'], 'document-held'],
  ['a beacon by a stranger', [...ROOTED, 'beacon-stranger'], 'signer-unknown'],
  ['a beacon with one leg bent', [...ROOTED, 'beacon-bent'], 'signature-invalid'],
  ['a beacon of a rank whose turn has not come', [...ROOTED, 'beacon-rank-1'], 'beacon-rank'],
  ['a beacon of no rank', [...ROOTED, 'beacon-rank-9'], 'beacon-key'],
  ['a beacon under a Root not held', [...ROOTED, 'beacon-root-2'], 'beacon-root'],
  ['a beacon at the end of its key', [...ROOTED, 'beacon-ended'], 'beacon-key-ended', 300 * DAY_MS],
  [
    'a beacon by a retired key, dated after',
    [...SEEN, 'root-2', 'beacon-2-old-key'],
    'beacon-key-replaced',
    1_000,
  ],
  ['a beacon numbered ahead', [...ROOTED, 'beacon-ahead'], 'epoch-ahead'],
  ['a beacon below the mark', [...SEEN, 'beacon-2', 'beacon-1'], 'epoch-rolled-back', 1_000],
  ['two beacons of one number', [...SEEN, 'beacon-1-rival'], 'epoch-repeated'],
  ['a beacon of our future', [...SEEN, 'beacon-future'], 'evidence-held'],
  ['a beacon fresh for less than three ticks', [...ROOTED, 'beacon-limits'], 'beacon-limits'],
  ['a chain beyond what Root allows', [...ROOTED, 'beacon-chain'], 'beacon-chain'],
  ['an epoch that is a number', [...ROOTED, 'beacon-number'], 'document-malformed'],
  ['a beacon by a key that is revoked', [...SEEN, 'proof', 'beacon-2'], 'key-revoked', 1_000],
  ['a tick twice', [...SEEN, 'tick-1', 'tick-1'], 'tick-not-newer', 1_000],
  ['a tick of another beacon', [...SEEN, 'tick-rival'], 'tick-unknown-beacon', 1_000],
  ['a tick past the chain', [...SEEN, 'tick-61'], 'tick-beyond-chain', HOUR_MS],
  ['a tick of our future', [...SEEN, 'tick-60'], 'tick-from-future'],
  ['a tick with the value of another step', [...SEEN, 'tick-moved'], 'tick-wrong', 5_000],
  ['a tick after the stop', [...SEEN, 'stop', 'tick-1'], 'tick-stopped', 1_000],
  ['a manifest that no beacon names', [...SEEN, 'manifest-2'], 'manifest-mismatch'],
  [
    'a manifest from which a name vanished',
    [...SETTLED, 'beacon-2-shrinking', 'manifest-2-shrunk'],
    'version-rolled-back',
    1_000,
  ],
  [
    'a manifest that demands more than is known',
    [...ROOTED, 'beacon-demanding', 'manifest-demanding'],
    'document-must',
  ],
  ['a manifest by two signers', [...SEEN, 'manifest-two-signers'], 'signer-surplus'],
  ['a document before its manifest', [...SEEN, 'bundle-1'], 'document-not-pinned'],
  ['a document of the manifest to come', [...SETTLED, 'bundle-2'], 'document-not-pinned'],
  ['a document of another domain', [...SETTLED, 'bundle-red'], 'domain-mismatch'],
  [
    'a bundle whose sequence is not its version',
    [...ROOTED, 'beacon-uneven', 'manifest-uneven', 'bundle-uneven'],
    'bundle-malformed',
  ],
  ['a policy that relates to paths of a partner', policyGiven('narrow'), 'admitted'],
  ['a scope that climbs out of its path', policyGiven('dotted'), 'scope-malformed'],
  ['a scope with a path below another', policyGiven('nested'), 'scope-malformed'],
  ['a policy in a language that is not known', policyGiven('ruled'), 'document-must'],
  ['a lease offered as news', [...SETTLED, 'lease'], 'document-type'],
  ['a key revoked by one signer', [...SEEN, 'revocations-one-signer'], 'threshold-unmet'],
  ['a target of another domain', [...SEEN, 'revocations-foreign'], 'revocation-foreign'],
  ['a serial in upper case', [...SEEN, 'revocations-target'], 'revocation-target'],
  ['what has ended by itself', [...SEEN, 'revocations-past'], 'revocation-past'],
  [
    'a revocation by a retired key',
    [...SEEN, 'root-2-revocation', 'revocations-leaf'],
    'revocation-key',
  ],
  ['an override by two people', [...SETTLED, 'root-people', 'override'], 'admitted'],
  ['a recall by a third', [...SETTLED, 'root-people', 'override', 'recall'], 'admitted'],
  ['a recall of nothing', [...SETTLED, 'root-people', 'recall'], 'override-unknown'],
  ['an override by one person', [...SETTLED, 'root-people', 'override-one'], 'threshold-unmet'],
  ['an override under a Root without people', [...SETTLED, 'override'], 'signer-unknown'],
  ['an override of more than a day', [...SETTLED, 'root-people', 'override-long'], 'override-span'],
  ['an override of our future', [...SETTLED, 'root-people', 'override-early'], 'override-early'],
  ['an override at its end', [...SETTLED, 'root-people', 'override'], 'override-ended', HOUR_MS],
  [
    'an override of what is always permitted',
    [...SETTLED, 'root-people', 'override-revoke'],
    'override-scope',
  ],
  ['a lease in force', [...SETTLED, 'lease:lease'], 'admitted'],
  ['a lease at its end', [...SETTLED, 'lease:lease'], 'lease-expired', HOUR_MS],
  ['a lease of a kind that Root does not allow', [...SETTLED, 'lease:lease-cell'], 'lease-kind'],
  [
    'a lease of a node that is revoked',
    [...SETTLED, 'revocations-node', 'lease:lease'],
    'lease-revoked',
  ],
];

/** What is no envelope as signed: ticks, a stop, a proof, and one bent signature. */
function derived(documents: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  const bytesOf = (name: string): Uint8Array => documents[name] ?? new Uint8Array();
  const { type, slots, payload } = decodeEnvelope(bytesOf('beacon-1'));
  const bent = slots.map(({ keyId, signature }) => {
    const copy = signature.slice() as typeof signature;
    copy[64] = (copy[64] ?? 0) ^ 1;
    return { keyId, signature: copy };
  });
  return {
    'tick-1': first.tick(1),
    'tick-60': first.tick(60),
    'tick-61': encodeTick(first.digest, 61, new Uint8Array(32)),
    'tick-moved': encodeTick(first.digest, 3, decodeTick(first.tick(2)).value),
    'tick-rival': rival.tick(1),
    stop: first.stop,
    proof: encodeEquivocation(bytesOf('beacon-1'), bytesOf('beacon-1-rival')),
    'beacon-bent': encodeEnvelope(type, bent, payload),
    recall: still(
      signRecall(
        OVERRIDERS[2],
        { domain: DOMAIN, override: decodeEnvelope(bytesOf('override')).digest },
        unixMs(NOW),
      ),
    ),
    'revocations-node': still(
      forgeRevocations([revocation({ class: 'lease', target: KEYS.node.keyId })]),
    ),
  };
}

/** The file `protocol/ladder.json`. */
export function ladderVectors(): JsonObject {
  const signed = Object.fromEntries(
    Object.entries(SIGNED).map(([name, bytes]) => [name, still(bytes)]),
  );
  const all = { ...signed, ...derived(signed) };
  const cases = ROWS.map(([name, give, outcome, lateMs = 0]): JsonObject => {
    return { name, give, outcome, now: AT(lateMs) };
  });
  const used = new Set(ROWS.flatMap(([, give]) => give.map((name) => name.replace('lease:', ''))));
  const text = (bytes: Uint8Array): string =>
    bytes.length === TICK_BYTES ? toHex(bytes) : toBase64(bytes);
  const documents = Object.entries(all).filter(([name]) => used.has(name));
  return {
    about: 'PROTOCOL §2 to §5. Ticks are hex, all else is base64 of an envelope or a proof.',
    holdfast: 'ladder',
    domain: DOMAIN,
    documents: Object.fromEntries(documents.map(([name, bytes]) => [name, text(bytes)])),
    cases,
  };
}
