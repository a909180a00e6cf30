/**
 * What a thief has who took a node: its intermediate and the key of it, as the authority of
 * `home.example` made them.
 */

import { sign } from 'node:crypto';
import { parseTrustDomain, type TrustDomain } from '../../../core/spiffe-id.ts';
import type { KeyId } from '../../../core/suite.ts';
import { addMs, HOUR_MS } from '../../../core/time.ts';
import type { IssuingKey } from '../../../daemon/custody/custody.ts';
import { EXTENSION } from '../../../daemon/identity/certificate.ts';
import { encodeExtension } from '../../../daemon/identity/certificate-writer.ts';
import { encodeConfinement } from '../../../daemon/identity/name-constraints.ts';
import { drawKey, openPrivateKey } from '../../../daemon/identity/private-key.ts';
import { parsePublicKey } from '../../../daemon/identity/public-key.ts';
import { createX509Authority, openX509Authority } from '../../../daemon/identity/x509-authority.ts';
import {
  issueIntermediate,
  type NodeIntermediate,
  openIntermediate,
} from '../../../daemon/identity/x509-intermediate.ts';
import type { Assurance } from '../../../federation/assurance.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { BIT, constraints, type Forged, forge, NOW, usage } from './forge.ts';

export { NOW } from './forge.ts';
export const HOME = parseTrustDomain('home.example');
export const NODE = '11'.repeat(32) as KeyId;

const random = new SeededRandom('captured');
const stored = createX509Authority(HOME, NOW, random);
export const AUTHORITY = openX509Authority(HOME, stored);
export const ROOT_DER = stored.certificateDer;

/** A key in this process, as a node without a chip has it. */
export function softwareKey(): IssuingKey {
  const drawn = drawKey('ec-p256');
  const key = openPrivateKey(drawn.privateKeyPkcs8);
  return {
    keyType: 'ec-p256',
    spki: drawn.spki,
    sign: async (message) => new Uint8Array(sign('sha256', message, key)),
  };
}

/** The intermediate of a node: of a cell, or of the whole domain. */
export function captured(
  domain: TrustDomain,
  notAfter = addMs(NOW, HOUR_MS),
  assurance: Assurance = 'software',
): NodeIntermediate {
  const key = softwareKey();
  const publicKey = parsePublicKey(key.spki);
  const rest = { assurance, override: null, now: NOW, notAfter };
  const order = { node: NODE, publicKey, domain, ...rest };
  return openIntermediate(issueIntermediate(AUTHORITY, order, random), domain, key);
}

/** The same for a cell without its own name, to show what the constraints hold by themselves. */
export function capturedNameless(cell: TrustDomain): Forged {
  const confinement = encodeConfinement(cell);
  return forge(
    [
      ...[constraints(true, 0), usage(BIT.keyCertSign)],
      encodeExtension(EXTENSION.nameConstraints, 'critical', confinement),
    ],
    { issuer: { der: ROOT_DER, key: AUTHORITY.key, name: AUTHORITY.certificate.subject } },
  );
}
