/** What a TPM tells about itself: randomness, banks, handles, lockout, clocks and PCRs. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hashOf } from '../../core/ciphers.ts';
import { TPM_PT } from '../../firmware/tpm-constants.ts';
import { createPrimary, hierarchyEntity } from '../../firmware/tpm-keys.ts';
import { extendPcr, readPcrs } from '../../firmware/tpm-pcr.ts';
import {
  getHandles,
  getLockoutState,
  getPcrBanks,
  getProperties,
  getRandom,
  readClock,
  sweep,
} from '../../firmware/tpm-state.ts';
import { SRK_P256 } from '../../firmware/tpm-templates.ts';
import { onSwtpm, tpmOver } from '../swtpm.ts';
import { refused } from '../trouble.ts';

const state = suite('firmware/tpm-state');
const test = onSwtpm(state, 'firmware/tpm-state');

const ALL = Array.from({ length: 24 }, (_, i) => i);

test('draws as many random bytes as were asked for', async (chip) => {
  await using tpm = await chip.open();
  const first = await getRandom(tpm, 32);
  assert.is(first.length, 32);
  assert.not.equal(await getRandom(tpm, 32), first);
});

test('lists properties, over more than one page', async (chip) => {
  await using tpm = await chip.open();
  const fixed = await getProperties(tpm, 'fixed');
  assert.is(fixed.get(TPM_PT.MANUFACTURER), 0x49424d00); // "IBM", as libtpms calls itself
  assert.ok(fixed.size > 20);
  assert.ok((await getProperties(tpm, 'variable')).has(TPM_PT.LOCKOUT_COUNTER));
});

test('names the banks that hold values', async (chip) => {
  await using tpm = await chip.open();
  const banks = await getPcrBanks(tpm);
  const sha256 = banks.find(({ bank }) => bank === 'sha256');
  assert.equal(sha256?.pcrs, ALL);
});

test('says that nobody is locked out', async (chip) => {
  await using tpm = await chip.open();
  const { isLockedOut, failures, failuresMax } = await getLockoutState(tpm);
  assert.equal([isLockedOut, failures], [false, 0]);
  assert.ok(failuresMax > 0);
});

test('reads a clock that goes forward', async (chip) => {
  await using tpm = await chip.open();
  const before = await readClock(tpm);
  const after = await readClock(tpm);
  assert.ok(after.timeMs >= before.timeMs && after.clock.clockMs >= before.clock.clockMs);
  assert.is(after.clock.resetCount, before.clock.resetCount);
});

test('reads all PCRs at once, three calls long', async (chip) => {
  await using tpm = await chip.open();
  const values = await readPcrs(tpm, { bank: 'sha256', pcrs: ALL });
  assert.equal([...values.keys()], ALL);
  assert.equal(values.get(0), new Uint8Array(32));
  assert.equal(values.get(17), new Uint8Array(32).fill(0xff));
});

test('extends a PCR by the rule of the TPM', async (chip) => {
  await using tpm = await chip.open();
  const digest = hashOf('sha256', Uint8Array.of(1));
  const before = await readPcrs(tpm, { bank: 'sha256', pcrs: [16] });
  await extendPcr(tpm, 16, [{ bank: 'sha256', digest }]);
  const after = await readPcrs(tpm, { bank: 'sha256', pcrs: [16] });
  assert.equal(after.get(16), hashOf('sha256', before.get(16) ?? digest, digest));
});

test('reads again when a PCR is extended between two calls', async (chip) => {
  const inner = await chip.connect();
  let reads = 0;
  await using busy = tpmOver({
    // Another program extends PCR 10 after the first call of each of the first two attempts.
    async transmit(command, commandClass) {
      const answer = await inner.transmit(command, commandClass);
      const isRead = command[9] === 0x7e;
      if (isRead && (reads === 0 || reads === 2)) await inner.transmit(extendOf10(), 'quick');
      if (isRead) reads++;
      return answer;
    },
    close: () => inner.close(),
  });
  const values = await readPcrs(busy, { bank: 'sha256', pcrs: ALL });
  assert.is(values.size, 24);
  assert.is(reads, 2 + 2 + 3);
});

test('gives up on PCRs that never rest, with a code', async (chip) => {
  const inner = await chip.connect();
  await using busy = tpmOver({
    async transmit(command, commandClass) {
      const answer = await inner.transmit(command, commandClass);
      await inner.transmit(extendOf10(), 'quick');
      return answer;
    },
    close: () => inner.close(),
  });
  await refused(() => readPcrs(busy, { bank: 'sha256', pcrs: ALL }), 'tpm-pcrs-busy');
});

test('refuses a bank that holds nothing', async (chip) => {
  await using tpm = await chip.open();
  const banks = await getPcrBanks(tpm);
  if (!banks.some(({ bank }) => bank === 'sha1')) {
    await refused(() => readPcrs(tpm, { bank: 'sha1', pcrs: [0] }), 'tpm-bank-absent');
  }
});

test('sweeps out what a killed program left loaded', async (chip) => {
  const killed = await chip.connect();
  const first = tpmOver(killed);
  await first.hold(async (held) => {
    await createPrimary(held, hierarchyEntity('owner'), SRK_P256);
    await killed.close(); // the scope ends on a dead connection, and cannot flush
  });
  const second = await chip.open();
  assert.is((await getHandles(second, 'transient')).length, 1);
  await sweep(second);
  assert.is((await getHandles(second, 'transient')).length, 0);
  await second.close();
});

/** TPM2_PCR_Extend(10, sha256) by an empty password, byte for byte. */
function extendOf10(): Uint8Array {
  const head = [0x80, 0x02, 0, 0, 0, 65, 0, 0, 0x01, 0x82, 0, 0, 0, 10];
  const auth = [0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0];
  return Uint8Array.from([...head, ...auth, 0, 0, 0, 1, 0, 0x0b, ...new Array(32).fill(7)]);
}

state.run();
