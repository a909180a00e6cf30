/**
 * A workload of Python's unmodified spiffe library at home with a live daemon: through renewal, a
 * new authority, a restart and the loss of its entry.
 * Timeout: 480 s
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DaemonProcess } from '../daemon-process.ts';
import { skip } from '../skip.ts';
import { pythonWorkload } from './toolchain.ts';
import { WorkloadProcess } from './workload-process.ts';

const interop = suite('interop/python-spiffe');

const SENTENCE = 'is at home: sources and tokens, through all that happens to a daemon';
const ENTRY = {
  spiffeId: 'spiffe://home.example/python',
  selectors: [`unix:uid:${process.getuid?.()}`],
};
const CONFIG = 'svid_ttl = "10s"\n';

const toolchain = pythonWorkload();
if ('missing' in toolchain) skip(`interop/python-spiffe › ${SENTENCE}`, toolchain.missing);
else interop(SENTENCE, () => tellStory(toolchain.command));

async function tellStory(command: readonly string[]): Promise<void> {
  const daemon = new DaemonProcess('home.example', CONFIG);
  await daemon.start();
  let control = await daemon.control();
  const entry = await control.call('entry.create', ENTRY);
  const workload = new WorkloadProcess(command, daemon.workloadSocket);
  try {
    const first = await workload.next('x509');
    assert.equal([first.id, first.bundles], [ENTRY.spiffeId, { 'home.example': 1 }]);
    await workload.next('ready');
    await workload.next('x509', ({ serial }) => serial !== first.serial);
    const token = await workload.order('jwt');
    assert.equal([token.id, token.there], [ENTRY.spiffeId, ENTRY.spiffeId]);
    assert.equal(token.audience, ['cache', 'db']);
    assert.match(String(token.refused), /jwt-audience/);

    const line = { use: 'x509', keyType: 'ec-p256' } as const;
    const next = await control.call('authority.prepare', line);
    await workload.next('x509', ({ bundles }) => JSON.stringify(bundles).includes(':2'));
    await control.call('authority.activate', { id: next.id });
    await control.close();

    await daemon.kill('SIGTERM');
    await daemon.start();
    await workload.next('x509');
    assert.is((await workload.order('jwt')).id, ENTRY.spiffeId);
    assert.equal((await workload.order('fetch')).ids, [ENTRY.spiffeId]);

    control = await daemon.control();
    await control.call('entry.delete', { id: entry.id });
    assert.match(String((await workload.order('fetch', 'failed')).why), /workload-no-identity/);
  } finally {
    await control.close();
    await workload.end();
    await daemon.remove();
  }
}

interop.run();
