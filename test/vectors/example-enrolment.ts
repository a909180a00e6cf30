/** One enrolment of the vectors, of a machine without a chip, and what it then asks for. */

import { fromUtf8 } from '../../core/bytes.ts';
import { makeAnswer } from '../../daemon/enrolment/answer.ts';
import { challengeMessage, signChallenge } from '../../daemon/enrolment/challenge.ts';
import { makeGrant } from '../../daemon/enrolment/grant.ts';
import {
  encodeAnswer,
  encodeRequest,
  type IdentitiesAnswer,
  type IdentitiesRequest,
} from '../../daemon/enrolment/issuing-messages.ts';
import { decodeMessage } from '../../daemon/enrolment/message.ts';
import { makeRequest } from '../../daemon/enrolment/request.ts';
import { encodeEvidence } from '../../firmware/evidence.ts';
import { DOMAIN } from '../federation/forge.ts';
import { DATES, DOCUMENTS, ENTRY, FORGED, LEASE, NODE } from './example-documents.ts';
import { namedBytes } from './still-kem.ts';

const SLICE = { entry: ENTRY.id, first: 82_870 };
const NOTHING_ASKED: IdentitiesRequest = { key: null, slices: [], token: null };
const NOTHING_GIVEN: IdentitiesAnswer = { intermediate: null, slices: [], token: null };
const ABOUT = { domain: DOMAIN, node: NODE.keyId };
const digestOfMessage = (message: Uint8Array) => decodeMessage(message).envelope.digest;

/** What a member asks at the desk: a leaf for one window, and a token. */
export const IDENTITIES_ASKED = encodeRequest({
  key: null,
  slices: [{ ...SLICE, keys: [namedBytes('public key', 91)] }],
  token: { entry: ENTRY.id, audience: ['api'] },
});
/** What it is given: the leaf. */
export const IDENTITIES_GIVEN = encodeAnswer({
  ...NOTHING_GIVEN,
  slices: [{ ...SLICE, revision: 1, leaves: [namedBytes('certificate', 400)] }],
});

/** What a chip shows: the parts stand for structures of TCG, which are not made here. */
export const EVIDENCE = encodeEvidence({
  attestationKey: namedBytes('attestation key', 90),
  endorsementKey: namedBytes('endorsement key', 122),
  endorsementCertificate: null,
  intermediates: [],
  quote: { attest: namedBytes('attest', 145), signature: namedBytes('signature', 72) },
  pcrs: { bank: 'sha256', values: new Map([[11, namedBytes('pcr 11', 32)]]) },
  ...{ eventLog: null, userspaceLog: null, imaLog: null, counter: null },
});

/** The four messages; `file` is the bundle file beside challenge and grant. */
export function enrolment(file: Uint8Array): readonly Uint8Array[] {
  const request = makeRequest(
    {
      ...{ domain: DOMAIN, group: 'default', kind: 'slices', chip: null },
      issuing: encodeRequest(NOTHING_ASKED),
    },
    NODE,
    namedBytes('request', 16),
  );
  const asked = signChallenge(
    {
      ...{ ...ABOUT, ...DATES, request: digestOfMessage(request) },
      ...{ nonce: namedBytes('challenge', 16), beacon: FORGED.digest, credential: null },
    },
    DOCUMENTS,
  );
  const challenge = challengeMessage(asked, fromUtf8(file));
  const answer = makeAnswer({ ...ABOUT, challenge: digestOfMessage(challenge), chip: null }, NODE);
  const given = { ...ABOUT, answer: digestOfMessage(answer), lease: LEASE, file: fromUtf8(file) };
  const grant = makeGrant({ ...given, issuing: encodeAnswer(NOTHING_GIVEN) }, DOCUMENTS);
  return [request, challenge, answer, grant];
}
