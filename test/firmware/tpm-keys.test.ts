/** Objects of a real software TPM: primaries, children, persistent ones, and their signatures. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { hashOf, verifyEcdsa } from '../../core/ciphers.ts';
import {
  createObject,
  createPrimary,
  evictControl,
  hierarchyEntity,
  loadObject,
  readPublic,
} from '../../firmware/tpm-keys.ts';
import { hasAttribute } from '../../firmware/tpm-public.ts';
import { startSession } from '../../firmware/tpm-sessions.ts';
import { signDigest } from '../../firmware/tpm-signing.ts';
import {
  AK_P256,
  EK_ECC_P256,
  EK_ECC_P384,
  EK_RSA_2048,
  SRK_P256,
  signingKeyP256,
  type Template,
} from '../../firmware/tpm-templates.ts';
import { onSwtpm } from '../swtpm.ts';

const keys = suite('firmware/tpm-keys');
const test = onSwtpm(keys, 'firmware/tpm-keys');

const OWNER = hierarchyEntity('owner');
const ENDORSEMENT = hierarchyEntity('endorsement');

test('derives the same key from a template each time', async (chip) => {
  await using tpm = await chip.open();
  const templates: readonly [string, Template, typeof OWNER][] = [
    ['rsa', EK_RSA_2048, ENDORSEMENT],
    ['ecc', EK_ECC_P256, ENDORSEMENT],
    ['ecc', EK_ECC_P384, ENDORSEMENT],
    ['ecc', AK_P256, ENDORSEMENT],
    ['ecc', SRK_P256, OWNER],
  ];
  for (const [kind, template, hierarchy] of templates) {
    const names = [];
    for (let i = 0; i < 2; i++) {
      names.push(
        await tpm.hold(async (held) => {
          const key = await createPrimary(held, hierarchy, template);
          assert.is(key.publicArea.kind, kind);
          return key.name;
        }),
      );
    }
    assert.equal(names[0], names[1]);
  }
});

test('keeps our own keys out of the count of wrong guesses', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const srk = await createPrimary(held, OWNER, SRK_P256);
    const ak = await createPrimary(held, ENDORSEMENT, AK_P256);
    for (const { publicArea } of [srk, ak]) assert.ok(hasAttribute(publicArea, 'NO_DA'));
  });
});

test('signs with a child that verifies outside', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const srk = await createPrimary(held, OWNER, SRK_P256);
    const session = await startSession(held, { kind: 'hmac', salt: srk });
    const template = signingKeyP256({ kind: 'auth' });
    const auth = toUtf8('a secret of the key');
    const blob = await createObject(held, { parent: srk, template, auth, session });
    const key = await loadObject(held, srk, blob, auth);
    const message = toUtf8('to be signed');
    const signature = await signDigest(held, key, hashOf('sha256', message), session);
    assert.ok(key.publicArea.kind === 'ecc' && signature.kind === 'ecdsa');
    const { point } = key.publicArea;
    const { r, s } = signature;
    const check = { curve: 'p256', publicPoint: point, hash: 'sha256', message, r, s } as const;
    assert.ok(verifyEcdsa(check));
    assert.not(verifyEcdsa({ ...check, message: toUtf8('another') }));
  });
});

test('keeps a primary at a handle of its own, and removes it', async (chip) => {
  await using tpm = await chip.open();
  const at = 0x8100_0042;
  await tpm.hold(async (held) => {
    const srk = await createPrimary(held, OWNER, SRK_P256);
    await evictControl(held, OWNER, srk, at);
    const kept = await readPublic(held, at);
    assert.equal(kept.name, srk.name);
    await evictControl(held, OWNER, kept, at);
  });
});

keys.run();
