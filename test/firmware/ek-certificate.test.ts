/** Endorsement certificates of one chip: read, bound, traced to their root, and refused. */

import { X509Certificate } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromBase64, fromHex, toHex, Writer } from '../../core/bytes.ts';
import { DerReader, decodeOid, decodeTime, encodeDer, TAG } from '../../core/der.ts';
import { digestOf } from '../../core/digest.ts';
import { addMs, DAY_MS, type UnixMs, unixMs } from '../../core/time.ts';
import { decodeCertificate } from '../../firmware/certificate.ts';
import {
  checkEkAllowed,
  type EndorsementInput,
  endorsementDigest,
  unwrapCertificate,
  verifyEkCertificate,
} from '../../firmware/ek-certificate.ts';
import { gradeMaker } from '../../firmware/ek-makers.ts';
import { CURVE_ID, HASH_ALG, TPM_ALG } from '../../firmware/tpm-constants.ts';
import { decodePublic, type KeyPublic } from '../../firmware/tpm-public.ts';
import { sized } from '../../firmware/tpm-structures.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { hexOf, textOf, VECTORS_ABSENT, vectorJson } from './vectors.ts';

const ek = suite('firmware/ek-certificate');

/** 2026-11-21, a day after the certificates of the vectors begin. */
const NOW = unixMs(1_795_219_200_000);

function keyOf(raw: Uint8Array): KeyPublic {
  const key = decodePublic(raw);
  if (key.kind === 'sealed') throw new Error('not a key');
  return key;
}

function pem(text: string): Uint8Array {
  return fromBase64(text.replace(/-----[A-Z ]+-----|\n/g, ''));
}

/** The public area of the P-384 key in a certificate. */
function areaOf(certificate: Uint8Array): KeyPublic {
  const { key } = decodeCertificate(certificate);
  if (key.kind !== 'ecc') throw new Error('not on a curve');
  const head = new Writer().u16(TPM_ALG.ECC).u16(HASH_ALG.sha384).u32(0).u16(0);
  const scheme = head.u16(TPM_ALG.NULL).u16(TPM_ALG.NULL).u16(CURVE_ID.p384).u16(TPM_ALG.NULL);
  return keyOf(scheme.raw(sized(key.point.x)).raw(sized(key.point.y)).finish());
}

/** `bytes` with the first occurrence of one hex string replaced by another of its length. */
function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  return fromHex(toHex(bytes).replace(from, to));
}

if (VECTORS_ABSENT !== null) {
  skip('firmware/ek-certificate › certificates of a chip', VECTORS_ABSENT);
} else {
  const evidence = vectorJson('self-evidence-swtpm.json');
  const rsa = hexOf(evidence.ekCertRsa);
  const p384 = hexOf(evidence.ekCertEccP384);
  const issuer = pem(textOf(evidence.issuerPem));
  const root = pem(textOf(evidence.rootPem));
  const key = keyOf(hexOf(evidence.ekPub));
  const input: EndorsementInput = {
    key,
    certificate: rsa,
    intermediates: [issuer],
    roots: [root],
    now: NOW,
  };
  const verify = (change: Partial<EndorsementInput>) => () =>
    verifyEkCertificate({ ...input, ...change });

  ek('of RSA and P-384 lead to the root of their maker, and are graded as software', () => {
    for (const change of [{}, { certificate: p384, key: areaOf(p384) }]) {
      const { grade, maker, model, version } = verify(change)();
      assert.equal([grade, maker, model, version], ['vtpm', 'id:00001014', 'swtpm', 'id:20191023']);
    }
  });

  ek('is read with padding, and with the header of NV memory', () => {
    const header = new Writer().u16(0x1001).u8(0).u16(rsa.length).finish();
    for (const fill of [0, 0xff]) {
      const padding = new Uint8Array(300).fill(fill);
      assert.equal(unwrapCertificate(concat(rsa, padding)), rsa);
      assert.equal(unwrapCertificate(concat(header, rsa, padding)), rsa);
    }
    refuses('ek-certificate-malformed', () => unwrapCertificate(concat(rsa, fromHex('00ff'))));
    refuses('ek-certificate-malformed', () => unwrapCertificate(new Uint8Array(900)));
    refuses('ek-certificate-malformed', () => unwrapCertificate(new Uint8Array(0)));
    refuses('too-large', () => unwrapCertificate(new Uint8Array(9_000)));
  });

  ek('may end at an intermediate that is trusted itself', () => {
    verify({ intermediates: [], roots: [issuer] })();
  });

  ek('takes intermediates in any order, and surplus ones', () => {
    verify({ intermediates: [p384, root, issuer, issuer] })();
  });

  ek('without its intermediate leads nowhere', () => {
    refuses('ek-certificate-untrusted', verify({ intermediates: [] }));
  });

  ek('of an unknown maker is not trusted', () => {
    refuses('ek-certificate-untrusted', verify({ roots: [] }));
    refuses('ek-certificate-untrusted', verify({ roots: [rsa] }));
  });

  ek('whose signature is changed is not trusted', () => {
    const certificate = rsa.slice();
    certificate[certificate.length - 1] = (certificate.at(-1) ?? 0) ^ 1;
    refuses('ek-certificate-untrusted', verify({ certificate }));
  });

  ek('outside of its dates is refused', () => {
    const { notBefore, notAfter } = decodeCertificate(rsa);
    verify({ now: notBefore })();
    verify({ now: notAfter })();
    refuses('ek-certificate-expired', verify({ now: addMs(notBefore, -1) }));
    refuses('ek-certificate-expired', verify({ now: addMs(NOW, -3 * DAY_MS) }));
  });

  ek('of another purpose is refused', () => {
    refuses('ek-certificate-purpose', verify({ certificate: issuer }));
  });

  ek('for another key is refused', () => {
    refuses('ek-certificate-key', verify({ key: areaOf(p384) }));
    refuses('ek-certificate-key', verify({ certificate: p384 }));
  });

  ek('with a critical extension that nobody understands is refused', () => {
    // Key usage becomes name constraints, which nobody here applies.
    const certificate = replaced(rsa, '0603551d0f', '0603551d1e');
    refuses('ek-certificate-critical', verify({ certificate }));
  });

  ek('with one extension twice is refused', () => {
    const certificate = replaced(rsa, '0603551d0f', '0603551d13');
    refuses('ek-certificate-malformed', verify({ certificate }));
  });

  ek('with more intermediates than may travel is refused', () => {
    refuses('too-large', verify({ intermediates: Array.from({ length: 9 }, () => issuer) }));
  });

  ek('is named by the hash of what openssl exports', () => {
    for (const certificate of [rsa, p384]) {
      const shown = certificate === rsa ? key : areaOf(p384);
      const exported = new X509Certificate(certificate).publicKey.export({
        format: 'der',
        type: 'spki',
      });
      assert.is(endorsementDigest(shown), digestOf(exported));
    }
  });

  ek('is not needed for a key that is allowed by its hash', () => {
    const endorsement = endorsementDigest(key);
    const note = 'compared on the bench';
    const chip = checkEkAllowed(key, [{ endorsement, grade: 'tpm', note }]);
    assert.is(chip.grade, 'tpm');
    assert.is(chip.endorsement, endorsement);
    const other = digestOf(new Uint8Array(0));
    refuses('ek-unlisted', () => checkEkAllowed(key, [{ endorsement: other, grade: 'tpm', note }]));
  });
}

ek('grades makers of hardware as hardware, and all others as software', () => {
  assert.equal(gradeMaker('id:49465800'), { maker: 'Infineon', grade: 'tpm' });
  assert.is(gradeMaker('id:53544d20').maker, 'STMicroelectronics');
  for (const id of ['id:00001014', 'id:4D534654', 'id:564D5700', 'id:474F4F47', '']) {
    assert.is(gradeMaker(id).grade, 'vtpm');
  }
});

const times: readonly (readonly [number, string, UnixMs])[] = [
  [TAG.utcTime, '700101000000Z', unixMs(0)],
  [TAG.utcTime, '000229120000Z', unixMs(951_825_600_000)],
  [TAG.utcTime, '261120193842Z', unixMs(1_795_203_522_000)],
  [TAG.generalizedTime, '99991231235959Z', unixMs(253_402_300_799_000)],
  [TAG.utcTime, '500101000000Z', unixMs(0)],
];

for (const [tag, text, moment] of times) {
  ek(`reads the time ${text}`, () => {
    assert.is(
      decodeTime(new DerReader(encodeDer(tag, new TextEncoder().encode(text))).next()),
      moment,
    );
  });
}

ek('refuses a day that does not exist', () => {
  for (const text of ['010229120000Z', '011301000000Z', '010431000000Z', '010100000000Z']) {
    const element = encodeDer(TAG.utcTime, new TextEncoder().encode(text));
    refuses('bad-encoding', () => decodeTime(new DerReader(element).next()), text);
  }
});

ek('refuses spellings of BER', () => {
  const spellings = ['3080', '308101ff', '3082000100', '1f0100', '30050101', '3084000000010000'];
  for (const hex of spellings) {
    refuses('bad-encoding', () => new DerReader(fromHex(hex)).next(), hex);
  }
  refuses('bad-encoding', () => decodeOid(fromHex('5586')));
});

ek.run();
