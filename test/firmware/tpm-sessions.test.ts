/** Salted sessions, what they hide, and answers that were bent on the way. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import type { Held } from '../../firmware/held.ts';
import {
  createPrimary,
  hierarchyEntity,
  type LoadedKey,
  loadObject,
} from '../../firmware/tpm-keys.ts';
import { seal, unseal } from '../../firmware/tpm-seal.ts';
import { startSession } from '../../firmware/tpm-sessions.ts';
import { getRandom } from '../../firmware/tpm-state.ts';
import { EK_ECC_P256, EK_ECC_P384, EK_RSA_2048, SRK_P256 } from '../../firmware/tpm-templates.ts';
import type { TpmTransport } from '../../firmware/transport.ts';
import { onSwtpm, type Swtpm, tpmOver } from '../swtpm.ts';
import { failed, refused } from '../trouble.ts';

const sessions = suite('firmware/tpm-sessions');
const test = onSwtpm(sessions, 'firmware/tpm-sessions');

const OWNER = hierarchyEntity('owner');
const ENDORSEMENT = hierarchyEntity('endorsement');
const SECRET = toUtf8('the secret that crosses the bus');

test('salts a session with keys of every kind, under both hashes', async (chip) => {
  await using tpm = await chip.open();
  for (const template of [EK_RSA_2048, EK_ECC_P256, EK_ECC_P384]) {
    for (const hash of ['sha256', 'sha384'] as const) {
      await tpm.hold(async (held) => {
        const salt = await createPrimary(held, ENDORSEMENT, template);
        const session = await startSession(held, { kind: 'hmac', hash, salt });
        for (let i = 0; i < 3; i++) assert.is((await getRandom(held, 32, session)).length, 32);
      });
    }
  }
});

test('seals and unseals by a secret, and refuses another', async (chip) => {
  await using tpm = await chip.open();
  await tpm.hold(async (held) => {
    const parent = await createPrimary(held, OWNER, SRK_P256);
    const auth = toUtf8('right');
    const blob = await seal(held, { parent, guard: { kind: 'auth' }, secret: SECRET, auth });
    const session = await startSession(held, { kind: 'hmac', salt: parent });
    const object = await loadObject(held, parent, blob, auth);
    assert.equal(await unseal(held, object, session), SECRET);
    const wrong = { ...object, auth: toUtf8('wrong') };
    const error = await failed(() => unseal(held, wrong, session), 'tpm-refused');
    assert.match(error.message, 'TPM_RC_BAD_AUTH for session 1'); // noDA: no failure is counted
  });
});

test('shows no secret to one who listens on the bus', async (chip) => {
  const heard: Uint8Array[] = [];
  await using listened = await listenedTo(chip, heard);
  await listened.hold(async (held) => {
    const parent = await createPrimary(held, OWNER, SRK_P256);
    const blob = await seal(held, { parent, guard: { kind: 'auth' }, secret: SECRET });
    const session = await startSession(held, { kind: 'hmac', salt: parent });
    const object = await loadObject(held, parent, blob);
    assert.equal(await unseal(held, object, session), SECRET);
  });
  assert.ok(heard.length > 10);
  assert.not.ok(heard.some((bytes) => Buffer.from(bytes).includes(SECRET)));
});

test('refuses an answer of which any one bit was bent', async (chip) => {
  // The length of a 32-byte answer to GetRandom under one session, past its header.
  for (let at = 10; at < 10 + 4 + 34 + 34 + 1 + 34; at += 3) {
    const inner = await chip.connect();
    await using tpm = tpmOver(bending(inner, 0x17b, at));
    await tpm.hold(async (held) => {
      const salt = await createPrimary(held, OWNER, SRK_P256);
      const session = await startSession(held, { kind: 'hmac', salt });
      await refusedSomehow(() => getRandom(held, 32, session), at);
    });
  }
});

test('refuses an answer whose random bytes were exchanged', async (chip) => {
  const inner = await chip.connect();
  await using tpm = tpmOver(bending(inner, 0x17b, 20));
  await tpm.hold(async (held) => {
    const salt = await createPrimary(held, OWNER, SRK_P256);
    const session = await startSession(held, { kind: 'hmac', salt });
    await refused(() => getRandom(held, 32, session), 'tpm-answer-forged');
  });
});

test('refuses an answer that was stripped of its authorizations', async (chip) => {
  const inner = await chip.connect();
  await using tpm = tpmOver({
    async transmit(command, commandClass) {
      const answer = await inner.transmit(command, commandClass);
      if (!isCommand(command, 0x17b)) return answer;
      const bare = Uint8Array.of(0x80, 0x01, 0, 0, 0, 44, 0, 0, 0, 0, ...answer.slice(14, 48));
      return bare;
    },
    close: () => inner.close(),
  });
  await tpm.hold(async (held) => {
    const salt = await createPrimary(held, OWNER, SRK_P256);
    const session = await startSession(held, { kind: 'hmac', salt });
    await refused(() => getRandom(held, 32, session), 'tpm-malformed');
  });
});

test('refuses a key whose name is not that of its public area', async (chip) => {
  const inner = await chip.connect();
  await using tpm = tpmOver(bending(inner, 0x131, -20));
  await refused(() => tpm.hold((held) => loadSrk(held)), 'tpm-malformed');
});

function loadSrk(held: Held): Promise<LoadedKey> {
  return createPrimary(held, OWNER, SRK_P256);
}

/** Every bend is refused; which code depends on whether it fell on a length or on content. */
async function refusedSomehow(attempt: () => Promise<unknown>, at: number): Promise<void> {
  const codes = ['tpm-answer-forged', 'tpm-malformed', 'truncated', 'trailing-bytes', 'too-large'];
  try {
    await attempt();
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && codes.includes(String(error.code)));
    return;
  }
  assert.unreachable(`a bit bent at ${at} was believed`);
}

function isCommand(command: Uint8Array, code: number): boolean {
  return command[8] === code >> 8 && command[9] === (code & 0xff);
}

/** Bends one bit of each answer to a command; `at` counts from the end where it is negative. */
function bending(inner: TpmTransport, code: number, at: number): TpmTransport {
  return {
    async transmit(command, commandClass) {
      const answer = (await inner.transmit(command, commandClass)).slice();
      const index = at < 0 ? answer.length + at : at;
      if (isCommand(command, code)) answer[index] = (answer[index] ?? 0) ^ 1;
      return answer;
    },
    close: () => inner.close(),
  };
}

async function listenedTo(chip: Swtpm, heard: Uint8Array[]) {
  const inner = await chip.connect();
  return tpmOver({
    async transmit(command, commandClass) {
      const answer = await inner.transmit(command, commandClass);
      heard.push(command, answer);
      return answer;
    },
    close: () => inner.close(),
  });
}

sessions.run();
