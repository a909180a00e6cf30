/** Policies on a real software TPM: what they let through, what they stop, and their digests. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { hashOf, verifyEcdsa } from '../../core/ciphers.ts';
import type { Held } from '../../firmware/held.ts';
import { pcrDigest, policyDigest } from '../../firmware/pcr-policy.ts';
import type { Session } from '../../firmware/session.ts';
import type { Tpm } from '../../firmware/tpm.ts';
import {
  createObject,
  createPrimary,
  hierarchyEntity,
  type LoadedKey,
  loadObject,
} from '../../firmware/tpm-keys.ts';
import {
  counterName,
  defineCounter,
  incrementCounter,
  readCounter,
} from '../../firmware/tpm-nv.ts';
import { extendPcr, readPcrs } from '../../firmware/tpm-pcr.ts';
import {
  type Approval,
  policyApprovedBoot,
  policyAuthValue,
  policyGetDigest,
  policyOr,
  policyPcr,
  policySecret,
  underPolicy,
} from '../../firmware/tpm-policy.ts';
import { seal, unsealUnderPolicy } from '../../firmware/tpm-seal.ts';
import { startSession } from '../../firmware/tpm-sessions.ts';
import { signDigest } from '../../firmware/tpm-signing.ts';
import type { PcrSelection } from '../../firmware/tpm-structures.ts';
import { SRK_P256, signingKeyP256 } from '../../firmware/tpm-templates.ts';
import { BootAuthority } from '../boot-authority.ts';
import { onSwtpm, tpmOver } from '../swtpm.ts';
import { failed } from '../trouble.ts';

const policies = suite('firmware/tpm-policy');
const test = onSwtpm(policies, 'firmware/tpm-policy');

const OWNER = hierarchyEntity('owner');
const SECRET = toUtf8('storage key of generation one');
const PCRS: PcrSelection = { bank: 'sha256', pcrs: [4, 11] };

test('reaches in the chip the digests that are computed outside', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const session = await startSession(held, { kind: 'policy' });
    const digest = await currentDigest(held, PCRS);
    await policyPcr(held, session, PCRS);
    const pcr = { kind: 'pcr', selection: PCRS, digest } as const;
    assert.equal(await policyGetDigest(held, session), policyDigest([pcr]));
    await policyAuthValue(held, session);
    const both = [pcr, { kind: 'auth-value' }] as const;
    assert.equal(await policyGetDigest(held, session), policyDigest(both));
    const owner = { kind: 'secret', entity: OWNER.name, reference: new Uint8Array() } as const;
    await policySecret(held, session, OWNER);
    assert.equal(await policyGetDigest(held, session), policyDigest([...both, owner]));
    const branches = [policyDigest([]), policyDigest([...both, owner])];
    await policyOr(held, session, branches);
    const or = { kind: 'or', branches } as const;
    assert.equal(await policyGetDigest(held, session), policyDigest([or]));
  });
});

test('unseals under a PCR policy until the PCR is extended', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const parent = await createPrimary(held, OWNER, SRK_P256);
    const digest = await currentDigest(held, PCRS);
    const policy = policyDigest([{ kind: 'pcr', selection: PCRS, digest }]);
    const blob = await seal(held, { parent, guard: { kind: 'policy', policy }, secret: SECRET });
    const steps = (session: Session) => policyPcr(held, session, PCRS);
    assert.equal(await unsealUnderPolicy(held, { parent, blob, steps }), SECRET);
    await extend(held, 11);
    const error = await failed(
      () => unsealUnderPolicy(held, { parent, blob, steps }),
      'tpm-refused',
    );
    assert.match(error.message, 'TPM_RC_POLICY_FAIL for session 1');
  });
});

test('does not let an empty password walk around a policy', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const parent = await createPrimary(held, OWNER, SRK_P256);
    const policy = policyDigest([{ kind: 'auth-value' }]);
    const blob = await seal(held, { parent, guard: { kind: 'policy', policy }, secret: SECRET });
    const object = await loadObject(held, parent, blob);
    const error = await failed(
      () => held.run({ name: 'Unseal', handles: [object], sessions: ['password'] }),
      'tpm-refused',
    );
    assert.match(error.message, 'TPM_RC_AUTH_UNAVAILABLE');
  });
});

test('wants the secret of the object after PolicyAuthValue', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const parent = await createPrimary(held, OWNER, SRK_P256);
    const guard = { kind: 'policy', policy: policyDigest([{ kind: 'auth-value' }]) } as const;
    const auth = toUtf8('known to the operator');
    const blob = await seal(held, { parent, guard, secret: SECRET, auth });
    const steps = (session: Session) => policyAuthValue(held, session);
    assert.equal(await unsealUnderPolicy(held, { parent, blob, steps, auth }), SECRET);
    const wrong = { parent, blob, steps, auth: toUtf8('guessed') };
    await failed(() => unsealUnderPolicy(held, wrong), 'tpm-refused');
  });
});

test('begins again when another PCR changes between assertion and use', async (chip) => {
  const inner = await chip.connect();
  await using busy = tpmOver(inner);
  let extensions = 0;
  await busy.hold(async (held) => {
    const parent = await createPrimary(held, OWNER, SRK_P256);
    const digest = await currentDigest(held, PCRS);
    const policy = policyDigest([{ kind: 'pcr', selection: PCRS, digest }]);
    const blob = await seal(held, { parent, guard: { kind: 'policy', policy }, secret: SECRET });
    const steps = async (session: Session): Promise<void> => {
      await policyPcr(held, session, PCRS);
      if (extensions < 5) {
        extensions++;
        await extend(held, 10);
      }
    };
    assert.equal(await unsealUnderPolicy(held, { parent, blob, steps }), SECRET);
    const never = async (session: Session): Promise<void> => {
      await policyPcr(held, session, PCRS);
      await extend(held, 10);
    };
    const error = await failed(
      () => unsealUnderPolicy(held, { parent, blob, steps: never }),
      'tpm-refused',
    );
    assert.match(error.message, 'TPM_RC_PCR_CHANGED');
  });
  assert.is(extensions, 5);
});

test('obeys what an authority approved, until the counter withdraws it', async (chip) => {
  await using tpm = await chip.open();
  const authority = new BootAuthority();
  const counter = await defineCounter(tpm, OWNER, 0x0150_0001);
  assert.equal(counter.name, counterName(0x0150_0001));
  const generation = await readCounter(tpm, counter);
  await tpm.hold(async (held) => {
    const parent = await createPrimary(held, OWNER, SRK_P256);
    const guard = { kind: 'policy', policy: authority.policy() } as const;
    const blob = await seal(held, { parent, guard, secret: SECRET });
    const boot = { selection: PCRS, counter };
    const unseal = (approval: Approval, until: bigint) => {
      const steps = (session: Session) =>
        policyApprovedBoot(held, session, { ...boot, generation: until, approval });
      return unsealUnderPolicy(held, { parent, blob, steps });
    };

    const approved = await authority.approve(held, PCRS, counter, generation);
    assert.equal(await unseal(approved, generation), SECRET);

    const forged = { ...approved, signature: new BootAuthority().sign(approved.policy) };
    await failed(() => unseal(forged, generation), 'tpm-refused');

    // Another boot state: the old approval does not fit, one for the new state does.
    await extend(held, 4);
    await failed(() => unseal(approved, generation), 'tpm-refused');
    const renewed = await authority.approve(held, PCRS, counter, generation);
    assert.equal(await unseal(renewed, generation), SECRET);

    // Withdrawn: the counter passes the generation; claiming a later one has no approval.
    await incrementCounter(held, counter);
    const withdrawn = await failed(() => unseal(renewed, generation), 'tpm-refused');
    assert.match(withdrawn.message, 'TPM2_PolicyNV answered TPM_RC_POLICY');
    await failed(() => unseal(renewed, generation + 1n), 'tpm-refused');
    const again = await authority.approve(held, PCRS, counter, generation + 1n);
    assert.equal(await unseal(again, generation + 1n), SECRET);
  });
});

test('signs with a resident key under an approved policy alone', async (chip) => {
  await using tpm = await chip.open();
  const authority = new BootAuthority();
  const counter = await defineCounter(tpm, OWNER, 0x0150_0002);
  const generation = await readCounter(tpm, counter);
  await tpm.hold(async (held) => {
    const salt = await createPrimary(held, OWNER, SRK_P256);
    const key = await issuingKey(held, salt, authority.policy());
    const message = toUtf8('to be signed');
    const approval = await authority.approve(held, PCRS, counter, generation);
    const steps = (session: Session) =>
      policyApprovedBoot(held, session, { selection: PCRS, counter, generation, approval });
    const use = (session: Session) => signDigest(held, key, hashOf('sha256', message), session);
    const signature = await underPolicy(held, { salt }, steps, use);
    assert.ok(key.publicArea.kind === 'ecc' && signature.kind === 'ecdsa');
    const { r, s } = signature;
    const publicPoint = key.publicArea.point;
    assert.ok(verifyEcdsa({ curve: 'p256', publicPoint, hash: 'sha256', message, r, s }));
    await extend(held, 4);
    await failed(() => underPolicy(held, { salt }, steps, use), 'tpm-refused');
  });
});

async function issuingKey(held: Held, parent: LoadedKey, policy: Uint8Array) {
  const session = await startSession(held, { kind: 'hmac', salt: parent });
  const template = signingKeyP256({ kind: 'policy', policy });
  const blob = await createObject(held, { parent, template, session });
  await held.flush(session);
  return loadObject(held, parent, blob);
}

async function currentDigest(tpm: Held | Tpm, selection: PcrSelection): Promise<Uint8Array> {
  return pcrDigest([...(await readPcrs(tpm, selection)).values()]);
}

function extend(held: Held, pcr: number): Promise<void> {
  return extendPcr(held, pcr, [{ bank: 'sha256', digest: hashOf('sha256', toUtf8('an event')) }]);
}

policies.run();
