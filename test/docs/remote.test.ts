/**
 * "Commands over a network", as OPERATIONS tells it, its configuration included: an operator's SVID
 * is kept in files, and a command of another machine is answered for it.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BRISK, controlling, withDaemons } from '../daemon/live.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { PAGES, sectionsOf } from './lines.ts';
import { freeAddress, typeAt, walk, walkAt } from './walk.ts';

const remote = suite('docs/remote');

const BLUE = 'blue.example';
const TOLD_ADDRESS = '/ip4/192.0.2.10/tcp/7719';
const SECTION = 'Commands over a network';

/** The configuration that the section shows, listening at `address`. */
function configAt(address: string): string {
  const text = PAGES.flatMap(sectionsOf).find(({ heading }) => heading === SECTION)?.text ?? '';
  const lines = text.split('\n').filter((line) => /^ {4}(?:\[|[a-z_]+ = )/.test(line));
  assert.is(lines.length, 4, 'two tables of one key each');
  return lines.map((line) => `${line.trim().replace(TOLD_ADDRESS, address)}\n`).join('');
}

remote('an operator asks from another machine, by the SVID it holds', async () => {
  const address = await freeAddress();
  const body = async (blue: DaemonProcess): Promise<void> => {
    const entry = {
      spiffeId: `spiffe://${BLUE}/ops`,
      selectors: [`unix:uid:${process.getuid?.()}`],
    };
    await controlling(blue, (control) => control.call('entry.create', entry));
    const filled = new Map([
      [TOLD_ADDRESS, address],
      ['/run/ops-svid', 'ops-svid'],
    ]);
    const how = walkAt(blue, '', { filled });
    await typeAt(blue, how, 'holdfast svid fetch --write ops-svid');
    await walk(`OPERATIONS: ${SECTION}`, how);
    const who = await typeAt(
      blue,
      how,
      `holdfast --control ${TOLD_ADDRESS} --svid /run/ops-svid whoami`,
    );
    assert.match(who, /spiffe:\/\/blue\.example\/ops/);
  };
  await withDaemons([BLUE], body, BRISK + configAt(address));
});

remote.run();
