/** A TPM under load and in trouble: many callers, lost power, lost handles, lost answers. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../core/assert.ts';
import { toUtf8, Writer } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { TPM_OBJECTS_MAX, TPM_PENDING_MAX, TPM_RETRIES_MAX } from '../../core/limits.ts';
import { hostRandom } from '../../daemon/host/random.ts';
import type { Held } from '../../firmware/held.ts';
import { policyDigest } from '../../firmware/pcr-policy.ts';
import type { Session } from '../../firmware/session.ts';
import { Tpm } from '../../firmware/tpm.ts';
import {
  createPrimary,
  hierarchyEntity,
  type LoadedKey,
  loadObject,
} from '../../firmware/tpm-keys.ts';
import { policyAuthValue, policySecret } from '../../firmware/tpm-policy.ts';
import { seal, unseal, unsealUnderPolicy } from '../../firmware/tpm-seal.ts';
import { startSession } from '../../firmware/tpm-sessions.ts';
import { getHandles, getLockoutState, getRandom } from '../../firmware/tpm-state.ts';
import { EK_RSA_2048, SRK_P256 } from '../../firmware/tpm-templates.ts';
import type { TpmTransport } from '../../firmware/transport.ts';
import { onSwtpm, Swtpm } from '../swtpm.ts';
import { failed, refused } from '../trouble.ts';

const tpms = suite('firmware/tpm');
const test = onSwtpm(tpms, 'firmware/tpm');

const OWNER = hierarchyEntity('owner');
const SECRET = toUtf8('a secret');

test('serves 500 callers at once, each with its own answer', async (chip) => {
  await using tpm = await chip.open();
  const sizes = Array.from({ length: 500 }, (_, i) => 1 + (i % 32));
  const answers = await Promise.all(sizes.map((size) => getRandom(tpm, size)));
  assert.equal(
    answers.map((bytes) => bytes.length),
    sizes,
  );
});

test('lets callers that hold objects go one after the other', async (chip) => {
  await using tpm = await chip.open();
  let inside = 0;
  const works = Array.from({ length: 50 }, () =>
    tpm.hold(async (held) => {
      assert.is(inside++, 0);
      const srk = await createPrimary(held, OWNER, SRK_P256);
      const session = await startSession(held, { kind: 'hmac', salt: srk });
      await getRandom(held, 16, session);
      inside--;
    }),
  );
  await Promise.all([...works, ...Array.from({ length: 200 }, () => getRandom(tpm, 8))]);
});

test('tells the caller beyond the bound that it is busy', async (chip) => {
  await using tpm = await chip.open();
  const waiting = Array.from({ length: TPM_PENDING_MAX }, () => getRandom(tpm, 1));
  await failed(() => getRandom(tpm, 1), 'tpm-busy');
  await Promise.all(waiting);
});

test('holds three objects, and takes a fourth for a bug', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    for (let i = 0; i < TPM_OBJECTS_MAX; i++) await createPrimary(held, OWNER, SRK_P256);
    let caught: unknown;
    await createPrimary(held, OWNER, SRK_P256).catch((error: unknown) => {
      caught = error;
    });
    assert.instance(caught, Bug);
  });
  assert.equal(await getHandles(tpm, 'transient'), []);
});

test('leaves no handle behind after 200 operations that fail', async (chip) => {
  await using tpm = await chip.open();
  const guard = { kind: 'policy', policy: policyDigest([{ kind: 'auth-value' }]) } as const;
  for (let i = 0; i < 50; i++) {
    await failed(() => tpm.hold((held) => loadGarbage(held)), 'tpm-refused');
    await failed(() => tpm.hold((held) => unsealWrongly(held, i)), 'tpm-refused');
    await tpm.hold(async (held) => {
      const parent = await createPrimary(held, OWNER, SRK_P256);
      const blob = await seal(held, { parent, guard, secret: SECRET, auth: toUtf8('right') });
      for (const auth of ['wrong', 'worse']) {
        const steps = (session: Session) => policyAuthValue(held, session);
        const guess = { parent, blob, steps, auth: toUtf8(auth) };
        await failed(() => unsealUnderPolicy(held, guess), 'tpm-refused');
      }
    });
  }
  assert.equal(await getHandles(tpm, 'transient'), []);
  assert.equal(await getHandles(tpm, 'hmacSession'), []);
});

test('tells a refused command by its code and by what it blames', async (chip) => {
  await using tpm = await chip.open();
  const load = await failed(() => tpm.hold((held) => loadGarbage(held)), 'tpm-refused');
  assert.match(load.message, /^TPM2_Load answered TPM_RC_\w+ for parameter 1$/);
  const flush = await failed(
    () => tpm.run({ name: 'FlushContext', parameters: new Writer().u32(0x8000_0001).finish() }),
    'tpm-refused',
  );
  assert.is(flush.message, 'TPM2_FlushContext answered TPM_RC_HANDLE for parameter 1');
});

test('sends a command again after RETRY, and gives up in the end', async (chip) => {
  for (const refusals of [3, TPM_RETRIES_MAX + 1]) {
    const inner = await chip.connect();
    const waits: number[] = [];
    let left = refusals;
    await using stubborn = new Tpm({
      transport: {
        transmit: async (command, commandClass) =>
          left-- > 0 ? answerOf(0x922) : inner.transmit(command, commandClass),
        close: () => inner.close(),
      },
      random: hostRandom,
      sleep: async (delayMs) => {
        waits.push(delayMs);
      },
    });
    if (refusals > TPM_RETRIES_MAX) {
      await failed(() => getRandom(stubborn, 8), 'tpm-refused');
      assert.is(waits.length, TPM_RETRIES_MAX);
    } else {
      assert.is((await getRandom(stubborn, 8)).length, 8);
      assert.equal(waits, [20, 40, 80]);
    }
  }
});

test('names a lockout, a full chip and full NV by codes of their own', async () => {
  for (const [rc, code] of [
    [0x921, 'tpm-lockout'],
    [0x902, 'tpm-full'],
    [0x903, 'tpm-full'],
    [0x14b, 'tpm-nv-full'],
  ] as const) {
    await using tpm = new Tpm({ ...offline, transport: answering(answerOf(rc)) });
    await failed(() => getRandom(tpm, 8), code);
  }
});

test('refuses answers that are none', async () => {
  const header = answerOf(0);
  for (const [answer, code] of [
    [new Uint8Array(), 'truncated'],
    [header.slice(0, 5), 'truncated'],
    [header.slice(0, 9), 'tpm-malformed'],
    [Uint8Array.of(...header, 0), 'tpm-malformed'],
    [Uint8Array.of(0x80, 0x02, ...header.slice(2)), 'tpm-malformed'],
    [new Uint8Array(4_097), 'too-large'],
    [Uint8Array.of(0x80, 1, 0, 0, 0, 12, 0, 0, 0, 0, 0, 9), 'too-large'],
    [Uint8Array.of(0x80, 1, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 7), 'trailing-bytes'],
  ] as const) {
    await using tpm = new Tpm({ ...offline, transport: answering(answer) });
    await refused(() => getRandom(tpm, 8), code);
  }
});

test('fails, and keeps failing, when the TPM dies under a command', async () => {
  for (let round = 0; round < 10; round++) {
    await using chip = await Swtpm.start();
    await using tpm = await chip.open();
    const works = Array.from({ length: 5 }, () =>
      tpm.hold(async (held) => {
        const ek = await createPrimary(held, hierarchyEntity('endorsement'), EK_RSA_2048);
        const session = await startSession(held, { kind: 'policy', salt: ek });
        await policySecret(held, session, hierarchyEntity('endorsement'));
      }),
    );
    const outcomes = Promise.allSettled(works);
    await Promise.resolve();
    await chip.cut();
    for (const outcome of await outcomes) {
      assert.ok(outcome.status === 'rejected' && outcome.reason instanceof Failure);
      assert.is(outcome.reason.code, 'tpm-unreachable');
    }
    await failed(() => getRandom(tpm, 8), 'tpm-unreachable');
    await chip.restart();
    await using again = await chip.open();
    assert.is((await getRandom(again, 8)).length, 8);
  }
});

test('counts no wrong guess and loses no key when power is cut in use', async () => {
  await using chip = await Swtpm.start();
  const blob = await usingTpm(chip, (held, parent) =>
    seal(held, { parent, guard: { kind: 'auth' }, secret: SECRET }),
  );
  for (let round = 0; round < 20; round++) {
    const cut = usingTpm(chip, async (held, parent) => {
      const session = await startSession(held, { kind: 'hmac', salt: parent });
      const object = await loadObject(held, parent, blob);
      const never = Promise.resolve().then(() => chip.cut());
      for (;;) await Promise.race([unseal(held, object, session), never]);
    });
    await failed(() => cut, 'tpm-unreachable');
    await chip.restart();
  }
  await usingTpm(chip, async (held, parent) => {
    assert.is((await getLockoutState(held)).failures, 0);
    const session = await startSession(held, { kind: 'hmac', salt: parent });
    const object = await loadObject(held, parent, blob);
    assert.equal(await unseal(held, object, session), SECRET);
  });
});

/** Works on a connection of its own, with the storage root key loaded. */
async function usingTpm<T>(
  chip: Swtpm,
  work: (held: Held, srk: LoadedKey) => Promise<T>,
): Promise<T> {
  await using tpm = await chip.open();
  return await tpm.hold(async (held) => work(held, await createPrimary(held, OWNER, SRK_P256)));
}

const offline = {
  random: hostRandom,
  sleep: async (): Promise<void> => undefined,
};

/** A TPM that says one thing whatever it is asked. */
function answering(answer: Uint8Array): TpmTransport {
  return { transmit: async () => answer, close: async () => undefined };
}

function answerOf(rc: number): Uint8Array {
  return new Writer().u16(0x8001).u32(10).u32(rc).finish();
}

async function loadGarbage(held: Held): Promise<void> {
  const srk = await createPrimary(held, OWNER, SRK_P256);
  await startSession(held, { kind: 'policy' });
  await loadObject(held, srk, { publicArea: srk.publicArea.raw, privateArea: new Uint8Array(64) });
}

async function unsealWrongly(held: Held, round: number): Promise<void> {
  const parent = await createPrimary(held, OWNER, SRK_P256);
  const session = await startSession(held, { kind: 'hmac', salt: parent });
  const blob = await seal(held, { parent, guard: { kind: 'auth' }, secret: SECRET });
  const object = await loadObject(held, parent, blob, toUtf8(`guess ${round}`));
  await unseal(held, object, session);
}

tpms.run();
