/**
 * "A second machine for the domain", as OPERATIONS tells it: a standby is created and named, the
 * first machine is lost, two people promote the standby, and it writes. Timeout: 300 s
 */

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wordsOf } from '../../daemon/text/fingerprint-words.ts';
import { BRISK, eventually } from '../daemon/live.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { temporaryFolder } from '../folder.ts';
import { settle, statusOf, typeAt, walk, walkAt } from './walk.ts';

const standbys = suite('docs/standby');

const BLUE = 'blue.example';

standbys('created, named, promoted: the second machine writes', async () => {
  const [first, second] = [new DaemonProcess(BLUE, BRISK), new DaemonProcess(BLUE, BRISK)];
  await using stick = await temporaryFolder();
  const keyOfFirst = (name: string) => join(first.folder, 'state/keys', `${name}.key`);
  try {
    await first.start();
    settle(second);
    const { fingerprint, listen } = await statusOf(first);
    second.configure(`${BRISK}[network]\npeers = ["${listen[0]}"]\n`);
    const how = walkAt(first, 'sign', {
      folder: stick.path,
      filled: new Map([
        ['WORDS', wordsOf(fingerprint).join(' ')],
        ['ann-revocation.key', keyOfFirst('revocation-0')],
        ['bob-revocation.key', keyOfFirst('revocation-1')],
        ['root.key', keyOfFirst('root')],
      ]),
      at: (text) => (text.startsWith('holdfast root') ? first : second),
      before: async (text) => {
        if (text.startsWith('holdfast standby create')) {
          await typeAt(first, how, 'holdfast bundle export blue.bundle');
        }
        if (text.startsWith('holdfast root propose')) await second.start();
        if (text.startsWith('holdfast standby promote')) await name(first, second, how);
        if (text.startsWith('holdfast revoke publish')) {
          await typeAt(
            second,
            how,
            'holdfast revoke sign takeover.proposal --key bob-revocation.key',
          );
        }
      },
    });
    await walk('OPERATIONS: A second machine for the domain', how);
    await eventually('it writes', async () => (await statusOf(second)).writes || undefined, 60_000);
  } finally {
    await Promise.all([first.remove(), second.remove()]);
  }
});

/** The people sign and publish the Root that names the standby; then the first machine is lost. */
async function name(
  first: DaemonProcess,
  second: DaemonProcess,
  how: Parameters<typeof typeAt>[1],
): Promise<void> {
  await typeAt(first, how, 'holdfast root sign next.proposal --key root.key');
  await typeAt(first, how, 'holdfast root publish next.proposal');
  await eventually(
    'a standby of rank 2',
    async () =>
      (await typeAt(second, how, 'holdfast status')).includes('standby of rank') || undefined,
    60_000,
  );
  assert.not((await statusOf(second)).writes);
  await first.kill('SIGKILL');
}

standbys.run();
