/**
 * Credentials opened as a TPM opens them (TPM 2.0 Part 1 §24), by keys whose private halves the
 * test holds; the swtpm tests let a real chip do it.
 */

import {
  constants,
  createDecipheriv,
  createECDH,
  createHmac,
  generateKeyPairSync,
  privateDecrypt,
  randomBytes,
} from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromBase64Url, Reader, Writer } from '../../core/bytes.ts';
import { HASH_BYTES, type HashName } from '../../core/ciphers.ts';
import {
  CREDENTIAL_BYTES,
  type Credential,
  checkActivation,
  checkAttestationKey,
  makeCredential,
} from '../../firmware/activation.ts';
import { CURVE_ID, HASH_ALG, TPM_ALG, TPMA_OBJECT } from '../../firmware/tpm-constants.ts';
import { kdfa, kdfe } from '../../firmware/tpm-kdf.ts';
import { decodePublic, type KeyPublic } from '../../firmware/tpm-public.ts';
import { readSized, sized } from '../../firmware/tpm-structures.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { hexOf, objectOf, VECTORS_ABSENT, vectorJson } from './vectors.ts';

const activation = suite('firmware/activation');

const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
const EMPTY = new Uint8Array(0);
const STORAGE = TPMA_OBJECT.FIXED_TPM | TPMA_OBJECT.RESTRICTED | TPMA_OBJECT.DECRYPT;

function keyOf(raw: Uint8Array): KeyPublic {
  const key = decodePublic(raw);
  if (key.kind === 'sealed') throw new Error('not a key');
  return key;
}

interface Area {
  readonly type: number;
  readonly hash: HashName;
  readonly attributes: number;
  readonly cipherBits: number;
  readonly rest: Uint8Array;
}

/** TPMT_PUBLIC of a storage key. */
function area({ type, hash, attributes, cipherBits, rest }: Area): Uint8Array {
  const head = new Writer().u16(type).u16(HASH_ALG[hash]).u32(attributes).raw(sized(EMPTY));
  const cipher = new Writer().u16(TPM_ALG.AES).u16(cipherBits).u16(TPM_ALG.CFB);
  return concat(head.finish(), cipher.finish(), rest);
}

/** The chip's half: the public area, and how it recovers the seed from the encrypted secret. */
interface SoftKey {
  readonly publicArea: Uint8Array;
  readonly cipherBits: number;
  recover(encrypted: Uint8Array): Uint8Array;
}

function softRsa(attributes = STORAGE): SoftKey {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const modulus = fromBase64Url(pair.publicKey.export({ format: 'jwk' }).n ?? '');
  const rest = new Writer().u16(TPM_ALG.NULL).u16(2048).u32(0).raw(sized(modulus)).finish();
  return {
    publicArea: area({ type: TPM_ALG.RSA, hash: 'sha256', attributes, cipherBits: 128, rest }),
    cipherBits: 128,
    recover: (encrypted) =>
      privateDecrypt(
        {
          key: pair.privateKey,
          padding: constants.RSA_PKCS1_OAEP_PADDING,
          oaepHash: 'sha256',
          oaepLabel: Buffer.from('IDENTITY\0'),
        },
        encrypted,
      ),
  };
}

function softEcc(curve: 'p256' | 'p384'): SoftKey {
  const hash = curve === 'p256' ? 'sha256' : 'sha384';
  const cipherBits = curve === 'p256' ? 128 : 256;
  const ecdh = createECDH(curve === 'p256' ? 'prime256v1' : 'secp384r1');
  const point = ecdh.generateKeys();
  const size = (point.length - 1) / 2;
  const x = point.subarray(1, 1 + size);
  const rest = new Writer()
    .u16(TPM_ALG.NULL)
    .u16(CURVE_ID[curve])
    .u16(TPM_ALG.NULL)
    .raw(sized(x))
    .raw(sized(point.subarray(1 + size)))
    .finish();
  return {
    publicArea: area({ type: TPM_ALG.ECC, hash, attributes: STORAGE, cipherBits, rest }),
    cipherBits,
    recover(encrypted) {
      const reader = new Reader(encrypted);
      const theirX = readSized(reader);
      const sharedX = ecdh.computeSecret(concat(Uint8Array.of(4), theirX, readSized(reader)));
      const bits = 8 * HASH_BYTES[hash];
      return kdfe({ hash, sharedX, label: 'IDENTITY', partyU: theirX, partyV: x, bits });
    },
  };
}

/** TPM2_ActivateCredential; null where the chip would answer TPM_RC_INTEGRITY. */
function activate(soft: SoftKey, name: Uint8Array, credential: Credential): Uint8Array | null {
  const hash = keyOf(soft.publicArea).nameHash;
  const key = soft.recover(credential.encryptedSecret);
  const derive = (label: string, contextU: Uint8Array, bits: number): Uint8Array =>
    kdfa({ hash, key, label, contextU, contextV: EMPTY, bits });
  const reader = new Reader(credential.blob);
  const mac = readSized(reader);
  const identity = reader.take(reader.remaining);
  const hmac = createHmac(hash, derive('INTEGRITY', EMPTY, 8 * HASH_BYTES[hash]));
  if (!hmac.update(identity).update(name).digest().equals(mac)) return null;
  const cipherKey = derive('STORAGE', name, soft.cipherBits);
  const decipher = createDecipheriv(`aes-${soft.cipherBits}-cfb`, cipherKey, new Uint8Array(16));
  return readSized(new Reader(new Uint8Array(decipher.update(identity))));
}

const NAME = new Uint8Array(34).fill(9);
const chips: readonly (readonly [string, SoftKey])[] = [
  ['RSA-2048', softRsa()],
  ['P-256', softEcc('p256')],
  ['P-384', softEcc('p384')],
];

for (const [title, soft] of chips) {
  activation(`of a credential for ${title} yields the secret to the named key alone`, () => {
    const secret = random.bytes(CREDENTIAL_BYTES);
    const endorsementKey = keyOf(soft.publicArea);
    const credential = makeCredential({ endorsementKey, attestationName: NAME, secret, random });
    assert.equal(activate(soft, NAME, credential), secret);
    assert.is(activate(soft, new Uint8Array(34), credential), null);
  });
}

activation('takes the secret for an answer, and nothing else', () => {
  const secret = random.bytes(CREDENTIAL_BYTES);
  checkActivation(secret, secret.slice());
  refuses('activation-answer', () => checkActivation(secret, random.bytes(CREDENTIAL_BYTES)));
  refuses('activation-answer', () => checkActivation(secret, EMPTY));
});

activation('refuses to wrap for a key that is no storage key of its chip', () => {
  const wrong = [TPMA_OBJECT.SIGN | STORAGE, STORAGE & ~TPMA_OBJECT.RESTRICTED, 0];
  for (const attributes of wrong) {
    const endorsementKey = keyOf(softRsa(attributes).publicArea);
    const secret = random.bytes(CREDENTIAL_BYTES);
    refuses('activation-key', () =>
      makeCredential({ endorsementKey, attestationName: NAME, secret, random }),
    );
  }
});

if (VECTORS_ABSENT !== null) {
  skip('firmware/activation › keys of a chip', VECTORS_ABSENT);
} else {
  const evidence = vectorJson('self-evidence-swtpm.json');

  activation('makes a credential of the form that a chip has accepted', () => {
    const taken = objectOf(evidence.credential);
    const secret = hexOf(taken.secret);
    const made = makeCredential({
      endorsementKey: keyOf(hexOf(evidence.ekPub)),
      attestationName: hexOf(evidence.akName),
      secret,
      random,
    });
    assert.is(made.blob.length, hexOf(taken.blob).length);
    assert.is(made.encryptedSecret.length, hexOf(taken.encSecret).length);
    checkActivation(secret, hexOf(taken.activated));
  });

  activation('accepts the attestation key of a chip, and names what others lack', () => {
    const raw = hexOf(evidence.akPub);
    checkAttestationKey(keyOf(raw));
    const attributesAt = 4;
    for (const flag of ['FIXED_TPM', 'FIXED_PARENT', 'SENSITIVE_DATA_ORIGIN'] as const) {
      refuses('ak-attributes', () => checkAttestationKey(withBit(raw, attributesAt, flag)));
    }
    for (const flag of ['RESTRICTED', 'SIGN', 'DECRYPT'] as const) {
      refuses('ak-attributes', () => checkAttestationKey(withBit(raw, attributesAt, flag)));
    }
    refuses('ak-attributes', () => checkAttestationKey(keyOf(hexOf(evidence.ekPub))));
  });
}

/** The key with one attribute turned over. */
function withBit(raw: Uint8Array, at: number, flag: keyof typeof TPMA_OBJECT): KeyPublic {
  const bytes = raw.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(at, (view.getUint32(at) ^ TPMA_OBJECT[flag]) >>> 0);
  return keyOf(bytes);
}

activation.run();
