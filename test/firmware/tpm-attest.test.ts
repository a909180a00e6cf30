/** Statements of a real software TPM, judged by our verifier; and credentials it opens. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8, toUtf8 } from '../../core/bytes.ts';
import { digestOf } from '../../core/digest.ts';
import { hostRandom } from '../../daemon/host/random.ts';
import { makeCredential } from '../../firmware/activation.ts';
import {
  challengeFor,
  counterOf,
  qualifyingBytes,
  verifyAttested,
} from '../../firmware/attested.ts';
import { certify, certifyCreation, certifyNv, getTime, quote } from '../../firmware/tpm-attest.ts';
import { activateCredential } from '../../firmware/tpm-credential.ts';
import {
  createObject,
  createPrimary,
  hierarchyEntity,
  loadObject,
} from '../../firmware/tpm-keys.ts';
import {
  defineCounter,
  incrementCounter,
  readCertificateNv,
  readCounter,
  readNvPublic,
  undefineNv,
} from '../../firmware/tpm-nv.ts';
import { startSession } from '../../firmware/tpm-sessions.ts';
import { getLockoutState, readClock } from '../../firmware/tpm-state.ts';
import {
  AK_P256,
  EK_ECC_P256,
  EK_ECC_P384,
  EK_RSA_2048,
  SRK_P256,
  signingKeyP256,
} from '../../firmware/tpm-templates.ts';
import { onSwtpm } from '../swtpm.ts';
import { failed, refused } from '../trouble.ts';

const attest = suite('firmware/tpm-attest');
const test = onSwtpm(attest, 'firmware/tpm-attest');

const OWNER = hierarchyEntity('owner');
const ENDORSEMENT = hierarchyEntity('endorsement');
const CHALLENGE = challengeFor(toUtf8('sixteen bytes or'), digestOf(toUtf8('a beacon')));
const NONCE = qualifyingBytes(CHALLENGE);
const COUNTER = 0x0150_0011;

test('quotes PCRs', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const ak = await createPrimary(held, ENDORSEMENT, AK_P256);
    const shown = await quote(held, ak, NONCE, { bank: 'sha256', pcrs: [0, 7, 11] });
    const { selections, clock } = verifyAttested('quote', ak.publicArea, shown, CHALLENGE);
    assert.equal(selections, [{ alg: 0x0b, pcrs: [0, 7, 11] }]);
    // Nothing is obfuscated for a key of the endorsement hierarchy.
    assert.is(clock.resetCount, (await readClock(held)).clock.resetCount);
  });
});

test('certifies a key made here, under a policy or not, and how it was made', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const parent = await createPrimary(held, OWNER, SRK_P256);
    const ak = await createPrimary(held, ENDORSEMENT, AK_P256);
    for (const guard of [
      { kind: 'auth' },
      { kind: 'policy', policy: new Uint8Array(32) },
    ] as const) {
      await held.within(async () => {
        const session = await startSession(held, { kind: 'hmac', salt: parent });
        const template = signingKeyP256(guard);
        const blob = await createObject(held, { parent, template, session });
        const key = await loadObject(held, parent, blob);
        const shown = await certify(held, ak, key, NONCE);
        const { name } = verifyAttested('certify', ak.publicArea, shown, CHALLENGE);
        assert.equal(name, key.name);
        const made = await certifyCreation(held, ak, key, blob.creation, NONCE);
        const { kind } = verifyAttested('creation', ak.publicArea, made, CHALLENGE);
        assert.is(kind, 'creation');
        const forged = { ...blob.creation, hash: new Uint8Array(32) };
        const error = await failed(
          () => certifyCreation(held, ak, key, forged, NONCE),
          'tpm-refused',
        );
        assert.match(error.message, 'TPM_RC_TICKET');
      });
    }
  });
});

test('counts upward, certifies the count, and goes on after a new definition', async (chip) => {
  await using tpm = await chip.open();
  const index = await defineCounter(tpm, OWNER, COUNTER);
  const first = await readCounter(tpm, index);
  await incrementCounter(tpm, index);
  assert.is(await readCounter(tpm, index), first + 1n);
  await tpm.hold(async (held) => {
    const ak = await createPrimary(held, ENDORSEMENT, AK_P256);
    const shown = await certifyNv(held, ak, index, NONCE);
    const attested = verifyAttested('nv', ak.publicArea, shown, CHALLENGE);
    assert.is(counterOf(attested, index.name), first + 1n);
  });
  await undefineNv(tpm, OWNER, index);
  const again = await defineCounter(tpm, OWNER, COUNTER);
  assert.ok((await readCounter(tpm, again)) > first + 1n);
  await failed(() => defineCounter(tpm, OWNER, COUNTER), 'tpm-refused');
});

test('hides the secret of a counter, and wants it', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const salt = await createPrimary(held, OWNER, SRK_P256);
    const session = await startSession(held, { kind: 'hmac', salt });
    const auth = toUtf8('of the counter');
    const index = await defineCounter(held, OWNER, COUNTER + 1, session, auth);
    assert.ok((await readCounter(held, index, session)) > 0n);
    await incrementCounter(held, index, session);
    const guessed = { ...index, auth: toUtf8('guessed') };
    await failed(() => incrementCounter(held, guessed, session), 'tpm-refused');
    assert.is((await getLockoutState(held)).failures, 0);
  });
});

test('reads no counter out of an index that is none, no certificate where none is', async (chip) => {
  await using tpm = await chip.open();
  assert.is(await readCertificateNv(tpm, 0x01c0_0002), undefined);
  const index = await readNvPublic(tpm, COUNTER);
  await refused(() => readCounter(tpm, { ...index, attributes: 0 }), 'tpm-malformed');
});

test('certifies its clock', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const ak = await createPrimary(held, ENDORSEMENT, AK_P256);
    const shown = await getTime(held, ak, NONCE);
    const { clock, firmwareVersion } = verifyAttested('time', ak.publicArea, shown, CHALLENGE);
    const { clock: read } = await readClock(held);
    assert.ok(read.clockMs >= clock.clockMs && read.resetCount === clock.resetCount);
    assert.ok(firmwareVersion > 0n);
  });
});

test('opens what was made for both its keys, and nothing else', async (chip) => {
  await using tpm = await chip.open();
  const secret = toUtf8('thirty-two bytes of a credential');
  for (const template of [EK_RSA_2048, EK_ECC_P256, EK_ECC_P384]) {
    await tpm.hold(async (held) => {
      const ek = await createPrimary(held, ENDORSEMENT, template);
      const ak = await createPrimary(held, ENDORSEMENT, AK_P256);
      const endorsementKey = ek.publicArea;
      const wrap = (attestationName: Uint8Array) =>
        makeCredential({ endorsementKey, attestationName, secret, random: hostRandom });
      const opened = await activateCredential(held, ak, ek, wrap(ak.name));
      assert.is(fromUtf8(opened), fromUtf8(secret));
      const other = wrap(ek.name);
      const error = await failed(() => activateCredential(held, ak, ek, other), 'tpm-refused');
      assert.match(error.message, 'TPM_RC_INTEGRITY for parameter 1');
      assert.is((await getLockoutState(held)).failures, 0);
    });
  }
});

attest.run();
