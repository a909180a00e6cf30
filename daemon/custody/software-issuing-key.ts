/**
 * An issuing key of a machine without a chip: it lies in custody as PKCS#8, and its signatures are
 * made in this process. The other kind never leaves its chip, and answers the same port.
 */

import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { Refusal } from '../../core/refusal.ts';
import { drawKey, openPrivateKey } from '../identity/private-key.ts';
import type { IssuingKey, KeyCustody } from './custody.ts';

/**
 * Opens the issuing key kept under `name`, drawing it the first time. Refuses `key-malformed` for
 * anything but a P-256 key, and as the custody does.
 */
export async function openSoftwareIssuingKey(
  custody: KeyCustody,
  name: string,
): Promise<IssuingKey> {
  if (!(await custody.has(name))) await custody.create(name, drawKey('ec-p256').privateKeyPkcs8);
  const key = openPrivateKey(await custody.load(name));
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Refusal('key-malformed', { key: name, expected: 'P-256' });
  }
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    keyType: 'ec-p256',
    spki: new Uint8Array(spki),
    sign: async (message) => signP256(message, key),
  };
}

function signP256(message: Uint8Array, key: KeyObject): Uint8Array {
  return new Uint8Array(sign('sha256', message, key));
}
