/** One domain of the vectors, whole: a document of each type, each pinned where it has to be. */

import { p256 } from '@noble/curves/nist.js';
import { toBase64Url, toHex } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { DAY_MS, unixMs } from '../../core/time.ts';
import { encodeApprovedBoots } from '../../daemon/custody/approved-boots.ts';
import { createEntry, encodeEntry } from '../../daemon/identity/entry.ts';
import { type DocumentType, decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { signLease } from '../../federation/lease.ts';
import { saltedKey } from '../../federation/manifest.ts';
import { signRecall } from '../../federation/override.ts';
import { termsBody, WHOLE_TERMS } from '../../federation/relation.ts';
import { signRelationProposal } from '../../federation/relation-proposal.ts';
import { bootApprovalMessage, draftApprovals } from '../../firmware/boot-approvals.ts';
import type { ReferenceState } from '../../firmware/references.ts';
import { leaseTerms } from '../fakes/admitted.ts';
import {
  DOMAIN,
  forgeBeacon,
  forgeManifest,
  forgeRevocations,
  forgeRoot,
  NOW,
  pinOf,
  SALT,
} from '../federation/forge.ts';
import { forgeOverride, OVERRIDERS } from '../federation/forge-override.ts';
import { still, stillSigner } from './still.ts';
import { namedBytes } from './still-kem.ts';

/** Who signs: a node of the domain, and its documents key. */
export const NODE = stillSigner('blue/node');
export const DOCUMENTS = stillSigner('blue/documents');
/** The partner. */
export const RED = parseTrustDomain('red.example');
/** From when to when whatever has two dates counts. */
export const DATES = { issuedAt: unixMs(NOW), notAfter: unixMs(NOW + DAY_MS) };

const APPROVER_KEY = namedBytes('blue/approver', 32);
const APPROVER = p256.getPublicKey(APPROVER_KEY, false).subarray(1);

const documentOf = (type: DocumentType, body: JsonObject) =>
  still(signEnvelope(type, { domain: DOMAIN, version: '1', ...body }, [DOCUMENTS]));

export const ROOT = still(forgeRoot());
export const NEXT_ROOT = still(forgeRoot({ version: 2 }));

export const BUNDLE = documentOf('bundle', {
  keys: [
    {
      ...{ kty: 'EC', crv: 'P-256', use: 'jwt-svid', kid: 'first' },
      ...{ x: toBase64Url(APPROVER.subarray(0, 32)), y: toBase64Url(APPROVER.subarray(32)) },
    },
  ],
  ...{ spiffe_sequence: 1, spiffe_refresh_hint: 60 },
});

const RELATION = {
  ...{ domain: RED, firstRoot: SALT },
  ...termsBody({ ...WHOLE_TERMS, scope: ['/ci', '/web'], minAssurance: 'tpm', serveBundle: false }),
};
export const POLICY = documentOf('policy', {
  ...{ name: 'policy', salt: SALT, tiers: { issue: 'FRESH' }, relations: [RELATION] },
});

/** An entry that says all that an entry can say. */
export const ENTRY = createEntry(
  {
    ...{ spiffeId: 'spiffe://blue.example/web', selectors: ['unix:uid:1000'], hint: 'web' },
    ...{ parent: 'spiffe://blue.example/holdfast/node/0123456789abcdef', admin: true },
    ...{ dnsNames: ['web.blue.example'], federatesWith: [RED], keyType: 'ml-dsa-65' },
    ...{ jwtSvidTtlMs: 60_000, minAssurance: 'tpm', expiresAt: unixMs(NOW + 30 * DAY_MS) },
  },
  DOMAIN,
  unixMs(NOW),
);
export const ENTRIES = documentOf('entries', {
  ...{ name: 'entries/default', salt: SALT, group: 'default', entries: [encodeEntry(ENTRY)] },
});

const STATE: ReferenceState = {
  ...{ name: 'edge 12', bank: 'sha256', events: [], secureBoot: 'any', firmwareVersionMin: 0n },
  pcrs: new Map([[11, new Set([toHex(namedBytes('pcr 11', 32))])]]),
};
const APPROVALS = draftApprovals(STATE, 3n).map((draft) => ({
  ...draft,
  signature: p256.sign(bootApprovalMessage(draft), APPROVER_KEY, { lowS: false }),
}));
export const REFERENCES = documentOf('references', {
  ...{ name: 'references', salt: SALT },
  ...encodeApprovedBoots({
    boots: { approver: APPROVER, generation: 3n, approvals: APPROVALS },
    states: [STATE],
  }),
});

const SALTED = [POLICY, ENTRIES, REFERENCES].map((document) => {
  const { members } = decodeEnvelope(document);
  return [saltedKey(members.text('name', 64), SALT), pinOf(document)] as const;
});
export const MANIFEST = still(
  forgeManifest(1, { bundle: pinOf(BUNDLE), ...Object.fromEntries(SALTED) }),
);

/** The beacon that pins it, with its ticks and its stop. */
export const FORGED = forgeBeacon({ manifest: MANIFEST });
export const BEACON = still(FORGED.bytes);
/** Another one under the same number. */
export const RIVAL = still(forgeBeacon({ manifest: MANIFEST, seed: 'rival' }).bytes);

export const REVOCATIONS = still(
  forgeRevocations(
    [
      { class: 'leaf', target: '0a', at: DATES.issuedAt, notAfter: DATES.notAfter },
      { class: 'lease', target: NODE.keyId, at: DATES.issuedAt, notAfter: DATES.notAfter },
    ],
    { version: 2, beside: [{ document: SALT, notAfter: unixMs(NOW + 30 * DAY_MS) }] },
  ),
);
export const OVERRIDE = still(forgeOverride());
export const RECALL = still(
  signRecall(
    OVERRIDERS[2],
    { domain: DOMAIN, override: decodeEnvelope(OVERRIDE).digest },
    DATES.issuedAt,
  ),
);
export const LEASE = signLease(
  DOCUMENTS,
  NODE.publicPair,
  leaseTerms({ domain: DOMAIN, isAuthority: false, ...DATES }),
);
export const RELATION_PROPOSAL = signRelationProposal(DOCUMENTS, {
  ...{ domain: DOMAIN, to: RED, asks: WHOLE_TERMS, ...DATES },
  addresses: ['/dns4/node.blue.example/tcp/7717'],
});
