/**
 * Timeout: 480 s
 *
 * The power of a chip is cut a hundred times in the middle of an attestation. Each time the
 * command under way ends by itself, the same keys come back, nothing stays loaded, the counter has
 * not fallen, and no cut counts as a wrong guess.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../../core/bytes.ts';
import { unixMs } from '../../../core/time.ts';
import { openTpm, type TpmAddress } from '../../../daemon/host/open-tpm.ts';
import { attest, QUOTED_PCRS } from '../../../daemon/tpm/attester.ts';
import { judgeEvidence } from '../../../daemon/tpm/judgement.ts';
import { findGenerationCounter, GENERATION_COUNTER } from '../../../daemon/tpm/nv-counters.ts';
import type { Evidence } from '../../../firmware/evidence.ts';
import type { Tpm } from '../../../firmware/tpm.ts';
import {
  createPrimary,
  evictControl,
  hierarchyEntity,
  readPublic,
} from '../../../firmware/tpm-keys.ts';
import { defineCounter, incrementCounter } from '../../../firmware/tpm-nv.ts';
import { getHandles, getLockoutState } from '../../../firmware/tpm-state.ts';
import { AK_P256 } from '../../../firmware/tpm-templates.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { missingPrograms } from '../../installed.ts';
import { skip } from '../../skip.ts';
import { Swtpm } from '../../swtpm.ts';
import { failed } from '../../trouble.ts';

const cuts = suite('daemon/tpm/power-cuts');

const CUTS = 100;
/** From before the first key is derived to beyond the quote. */
const LIFE_MS_MAX = 40;
const KEPT = 0x8101_0042;
const CHALLENGE = { nonce: fromHex('00'.repeat(16)), epoch: new Uint8Array(0) };
const OWNER = hierarchyEntity('owner');

const sentence = `lose nothing and lock nobody out, ${CUTS} times`;
const missing = missingPrograms(['swtpm']);
if (missing === null) cuts(sentence, cutAndCompare);
else skip(`daemon/tpm/power-cuts › ${sentence}`, missing);

async function cutAndCompare(): Promise<void> {
  await using chip = await Swtpm.start();
  const random = new SeededRandom('power');
  const keyName = await prepare(chip);
  let counted = 1n;
  let interrupted = 0;
  for (let cut = 0; cut < CUTS; cut++) {
    const lifeMs = (LIFE_MS_MAX * (random.bytes(1)[0] ?? 0)) / 256;
    const working = workUntilCut(chip);
    await sleep(lifeMs);
    await chip.cut();
    const { steps, wasWorking } = await working;
    await chip.restart();
    interrupted += wasWorking ? 1 : 0;
    counted = await compare(chip, { keyName, counted: counted + steps });
  }
  assert.ok(interrupted > CUTS / 2, `only ${interrupted} cuts fell into a command`);
}

/** Finds the chip as it was, and gives back its counter. */
async function compare(
  chip: Swtpm,
  expected: { readonly keyName: string; readonly counted: bigint },
): Promise<bigint> {
  await using tpm = await openTpm(addressOf(chip));
  assert.is((await getLockoutState(tpm)).failures, 0);
  assert.is(toHex((await readPublic(tpm, KEPT)).name), expected.keyName);
  const { boot } = judgeEvidence(await quoteOnce(tpm), DEMANDS);
  assert.is(toHex(boot.keyName), expected.keyName);
  assert.ok(boot.counter !== null && boot.counter >= expected.counted, String(boot.counter));
  assert.equal(await getHandles(tpm, 'transient'), []);
  assert.equal(await getHandles(tpm, 'hmacSession'), []);
  return boot.counter;
}

const DEMANDS = {
  challenge: CHALLENGE,
  pcrs: QUOTED_PCRS,
  bank: 'sha256',
  references: null,
  trust: 'insecure-any',
  now: unixMs(0),
} as const;

/** A persistent attestation key, and a counter; the name of the key. */
async function prepare(chip: Swtpm): Promise<string> {
  await using tpm = await chip.open();
  await defineCounter(tpm, OWNER, GENERATION_COUNTER);
  return await tpm.hold(async (held) => {
    const key = await createPrimary(held, hierarchyEntity('endorsement'), AK_P256);
    await evictControl(held, OWNER, key, KEPT);
    return toHex(key.name);
  });
}

/** Attests and counts until the chip is gone: how often it counted, and whether it had begun. */
async function workUntilCut(
  chip: Swtpm,
): Promise<{ readonly steps: bigint; readonly wasWorking: boolean }> {
  let steps = 0n;
  let wasWorking = false;
  const work = async (): Promise<void> => {
    await using tpm = await openTpm(addressOf(chip));
    wasWorking = true;
    for (;;) {
      const index = await findGenerationCounter(tpm);
      assert.ok(index);
      await incrementCounter(tpm, index);
      steps += 1n;
      await quoteOnce(tpm);
    }
  };
  await failed(work, 'tpm-unreachable');
  return { steps, wasWorking };
}

function addressOf(chip: Swtpm): TpmAddress {
  return { kind: 'swtpm', socket: { kind: 'unix', path: chip.socketPath } };
}

function quoteOnce(tpm: Tpm): Promise<Evidence> {
  return attest(tpm, {
    challenge: CHALLENGE,
    bank: 'sha256',
    pcrs: QUOTED_PCRS,
    keyHandle: undefined,
    endorsement: 'shown',
    intermediates: [],
    logs: { event: undefined, userspace: undefined, ima: undefined },
  });
}

cuts.run();
