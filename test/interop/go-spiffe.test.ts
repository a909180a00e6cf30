/**
 * A workload of unmodified go-spiffe at home with a live daemon: through renewal, a new authority,
 * a restart and the loss of its entry. One story, since each step begins where the last ended.
 * Timeout: 480 s
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DaemonProcess } from '../daemon-process.ts';
import { skip } from '../skip.ts';
import { goWorkload } from './toolchain.ts';
import { WorkloadProcess } from './workload-process.ts';

const interop = suite('interop/go-spiffe');

const SENTENCE = 'is at home: sources, watchers and tokens, through all that happens to a daemon';
const ENTRY = {
  spiffeId: 'spiffe://home.example/go',
  selectors: [`unix:uid:${process.getuid?.()}`],
  hint: 'internal',
};
/** Renewed at about five seconds of age. */
const CONFIG = 'svid_ttl = "10s"\n';

const toolchain = goWorkload();
if ('missing' in toolchain) skip(`interop/go-spiffe › ${SENTENCE}`, toolchain.missing);
else interop(SENTENCE, () => tellStory(toolchain.command));

async function tellStory(command: readonly string[]): Promise<void> {
  const daemon = new DaemonProcess('home.example', CONFIG);
  await daemon.start();
  const workload = new WorkloadProcess(command, daemon.workloadSocket);
  try {
    await start(daemon, workload);
    await follow(daemon, workload);
    await restart(daemon, workload);
    await lose(daemon, workload);
  } finally {
    await workload.end();
    await daemon.remove();
  }
}

/** Waits without an identity, and has it as soon as there is an entry. */
async function start(daemon: DaemonProcess, workload: WorkloadProcess): Promise<void> {
  const control = await daemon.control();
  await control.call('entry.create', ENTRY);
  await control.close();
  await workload.next('ready');
  const first = await workload.next('x509');
  assert.equal([first.id, first.hint], [ENTRY.spiffeId, 'internal']);
  assert.equal(first.bundles, { 'home.example': 1 });
  const renewed = await workload.next('x509', ({ serial }) => serial !== first.serial);
  assert.is(renewed.issuer, first.issuer);
  const token = await workload.order('jwt');
  assert.equal([token.id, token.there], [ENTRY.spiffeId, ENTRY.spiffeId]);
  assert.equal([token.audience, token.hint], [['db', 'cache'], 'internal']);
  assert.equal((await workload.order('mtls')).said, 'hello');
}

/** Follows one authority to the next, and takes leave of the old one. */
async function follow(daemon: DaemonProcess, workload: WorkloadProcess): Promise<void> {
  const control = await daemon.control();
  const { authorities } = await control.call('authority.show', {});
  const old = authorities.find(({ use }) => use === 'x509')?.id ?? '';
  const line = { use: 'x509', keyType: 'ec-p256' } as const;
  const next = await control.call('authority.prepare', line);
  const both = { 'home.example': 2 };
  await workload.next('x509', ({ bundles }) => isEqual(bundles, both));
  await control.call('authority.activate', { id: next.id });
  await control.call('authority.taint', { id: old });
  await workload.next('x509', ({ issuer }) => issuer === next.id);
  assert.equal((await workload.order('mtls')).id, ENTRY.spiffeId);
  await control.call('authority.revoke', { id: old });
  await workload.next('x509', ({ bundles }) => isEqual(bundles, { 'home.example': 1 }));
  assert.equal((await workload.order('mtls')).id, ENTRY.spiffeId);
  const key = await control.call('authority.prepare', { use: 'jwt', keyType: 'ec-p256' });
  await workload.next('jwt-bundles', ({ bundles }) => isEqual(bundles, both));
  await control.call('authority.activate', { id: key.id });
  assert.is((await workload.order('jwt')).id, ENTRY.spiffeId);
  await control.close();
}

/** Finds the daemon again after it was away. */
async function restart(daemon: DaemonProcess, workload: WorkloadProcess): Promise<void> {
  await daemon.kill('SIGTERM');
  assert.is((await workload.next('x509-error')).code, 'Unavailable');
  await daemon.start();
  await workload.next('x509');
  assert.is((await workload.order('jwt')).id, ENTRY.spiffeId);
  assert.equal((await workload.order('mtls')).said, 'hello');
}

/** Is denied when its entry goes, and recovers by itself when it comes back. */
async function lose(daemon: DaemonProcess, workload: WorkloadProcess): Promise<void> {
  const control = await daemon.control();
  const { entries } = await control.call('entry.list', {});
  await control.call('entry.delete', { id: entries[0]?.id ?? '' });
  assert.is((await workload.next('x509-error')).code, 'PermissionDenied');
  assert.is((await workload.order('jwt', 'failed')).code, 'PermissionDenied');
  await control.call('entry.create', ENTRY);
  assert.is((await workload.next('x509')).id, ENTRY.spiffeId);
  await control.close();
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

interop.run();
