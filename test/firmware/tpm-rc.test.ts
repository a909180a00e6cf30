/** Response codes taken apart: names, blame, classes and retries. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TPM_RETRIES_MAX } from '../../core/limits.ts';
import { decodeResponseCode, isTpmError, retryDelayMs, TpmError } from '../../firmware/tpm-rc.ts';

const codes = suite('firmware/tpm-rc');

codes('names a code and what it blames', () => {
  const cases = [
    [0x0984, 'VALUE', 'session', 1],
    [0x01c4, 'VALUE', 'parameter', 1],
    [0x0fc4, 'VALUE', 'parameter', 15],
    [0x018b, 'HANDLE', 'handle', 1],
    [0x0f8e, 'AUTH_FAIL', 'session', 7],
    [0x01df, 'INTEGRITY', 'parameter', 1],
  ] as const;
  for (const [rc, name, kind, number] of cases) {
    assert.equal(decodeResponseCode(rc), { name, blame: { kind, number } });
  }
});

codes('names a state of the chip, which blames nothing', () => {
  for (const [rc, name] of [
    [0x101, 'FAILURE'],
    [0x128, 'PCR_CHANGED'],
    [0x902, 'OBJECT_MEMORY'],
    [0x921, 'LOCKOUT'],
  ] as const) {
    assert.equal(decodeResponseCode(rc), { name, blame: undefined });
  }
});

codes('leaves aside the layer that a resource manager adds', () => {
  assert.is(decodeResponseCode(0x000b_0143).name, 'COMMAND_CODE');
  assert.equal(decodeResponseCode(0x000b_018b), {
    name: 'HANDLE',
    blame: { kind: 'handle', number: 1 },
  });
});

codes('shows a code without a name in hex', () => {
  assert.is(decodeResponseCode(0x97e).name, '0x97e');
  assert.is(decodeResponseCode(0xbf).name, '0x0bf');
});

codes('gives every code some name', () => {
  for (let rc = 1; rc < 0x1000; rc++) assert.ok(new TpmError('Quote', rc).message.length > 0);
});

codes('sorts codes by what a caller does about them', () => {
  const cases = [
    [0x921, 'tpm-lockout'],
    [0x902, 'tpm-full'],
    [0x906, 'tpm-full'],
    [0x903, 'tpm-full'],
    [0x905, 'tpm-full'],
    [0x14b, 'tpm-nv-full'],
    [0x99d, 'tpm-refused'],
  ] as const;
  for (const [rc, code] of cases) assert.is(new TpmError('Load', rc).code, code);
  assert.ok(isTpmError(new TpmError('Load', 0x128), 'PCR_CHANGED'));
  assert.not(isTpmError(new Error('PCR_CHANGED'), 'PCR_CHANGED'));
});

codes('waits twice as long each time, for what passes by itself alone', () => {
  for (const rc of [0x908, 0x90a, 0x920, 0x922]) {
    assert.equal([retryDelayMs(rc, 0), retryDelayMs(rc, 1), retryDelayMs(rc, 2)], [20, 40, 80]);
    assert.ok(retryDelayMs(rc, TPM_RETRIES_MAX - 1) !== undefined);
    assert.is(retryDelayMs(rc, TPM_RETRIES_MAX), undefined);
  }
  for (const rc of [0x101, 0x128, 0x921, 0x184]) assert.is(retryDelayMs(rc, 0), undefined);
});

codes.run();
