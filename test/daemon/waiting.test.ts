/**
 * What waits at a running authority for people: two persons complete a proposal by the daemon, over
 * a restart; a machine and a boot are approved; each is refused too. Timeout: 180 s.
 */

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DaemonProcess } from '../daemon-process.ts';
import { holdfastWithDaemon } from './commands/rig.ts';
import { bootOf, bootsText } from './drafted-boots.ts';
import { auditOf, BRISK, controlling, fileBeside, type, withDaemons } from './live.ts';

const waiting = suite('daemon/waiting');

async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await type(daemon, ...args);
  assert.is(code, 0, `${args.slice(0, 2).join(' ')}: ${err}`);
  return out;
}

const ceremoniesOf = async (daemon: DaemonProcess) =>
  (await controlling(daemon, (control) => control.call('ceremony.list', {}))).ceremonies;

/** Offers a Root that Ann and the founder have to sign; its id, and how to sign it. */
async function offered(daemon: DaemonProcess) {
  const at = (name: string): string => join(daemon.folder, name);
  await done(daemon, 'root', 'key', 'create', at('ann'), '--no-passphrase');
  const file = at('next.proposal');
  const change = ['--add-root', at('ann.pub'), '--root-threshold', '2'];
  await done(daemon, 'root', 'propose', file, ...change);
  await done(daemon, 'ceremony', 'offer', file);
  const [only] = await ceremoniesOf(daemon);
  const id = only?.id.slice(0, 16) ?? '';
  const sign = (key: string) => type(daemon, 'ceremony', 'sign', id, '--key', at(key), '--yes');
  return { id, file, sign, view: only };
}

waiting('lets two persons complete a Root at the daemon, over a restart between them', () =>
  withDaemons(['home.example'], async (daemon) => {
    const { id, file, sign, view } = await offered(daemon);
    assert.is(view?.title, 'Root 2 of home.example');
    assert.ok(view?.changes.includes('root keys that have to sign: 2 instead of 1'));
    assert.match((await sign('ann')).out, /0 of 1 root keys of version 1\n.*1 of 2/);
    assert.match((await sign('ann')).err, /signer-duplicate/);
    await daemon.kill('SIGKILL');
    await daemon.start();
    const [after] = await ceremoniesOf(daemon);
    assert.equal(
      after?.signatures.map(({ signed }) => signed.length),
      [0, 1],
    );
    // A copy without Ann's signature takes none away.
    await done(daemon, 'ceremony', 'offer', file);
    assert.match((await sign('state/keys/root.key')).out, /complete\n[\s\S]*root +admitted/);
    assert.equal(await ceremoniesOf(daemon), []);
    const status = await controlling(daemon, (control) => control.call('status', {}));
    assert.is(status.rootThreshold, '2 of 2');
    const events = auditOf(daemon).map(({ event }) => event);
    assert.is(events.filter((event) => event === 'ceremony.offered').length, 4);
    assert.ok(events.includes('ceremony.published'));
    assert.match((await type(daemon, 'ceremony', 'show', id)).err, /ceremony-unknown/);
  }),
);

waiting('keeps no proposal that was refused, or that another Root overtook', () =>
  withDaemons(['home.example'], async (daemon) => {
    const { id, file, sign } = await offered(daemon);
    const word = await type(daemon, 'ceremony', 'approve', id, '--yes');
    assert.ok(word.err.includes('ceremony-key'), word.err);
    await done(daemon, 'ceremony', 'refuse', id, '--reason', 'not with me', '--yes');
    assert.equal(await ceremoniesOf(daemon), []);
    const refusal = auditOf(daemon).find(({ event }) => event === 'ceremony.refused');
    assert.is(refusal?.fields.reason, 'not with me');
    await done(daemon, 'ceremony', 'offer', file);
    const other = join(daemon.folder, 'other.proposal');
    await done(daemon, 'root', 'propose', other, '--fresh-ceiling', '5m');
    const key = join(daemon.folder, 'state/keys/root.key');
    await done(daemon, 'root', 'sign', other, '--key', key, '--yes');
    await done(daemon, 'root', 'publish', other);
    assert.equal(await ceremoniesOf(daemon), []);
    const none = await sign('ann');
    assert.ok(none.err.includes('ceremony-unknown'), none.err);
    const late = await type(daemon, 'ceremony', 'offer', file);
    assert.ok(late.err.includes('root-rolled-back'), late.err);
  }),
);

waiting('shows machines that ask to be enrolled, and takes a yes or a no', async () => {
  const member = new DaemonProcess('home.example', `${BRISK}[node]\nrole = "member"\n`);
  try {
    await member.start();
    assert.equal(await ceremoniesOf(member), []);
    await withDaemons(['home.example'], async (daemon) => {
      const ask = async (group: string) => {
        const request = join(member.folder, `request-${group}`);
        await done(member, 'enroll', 'request', request, '--group', group);
        await done(daemon, 'enroll', 'challenge', request, `${request}.challenge`);
        const [asks] = await ceremoniesOf(daemon);
        return asks;
      };
      const first = await ask('ward');
      assert.is(first?.title, 'a node of group ward');
      await done(daemon, 'ceremony', 'refuse', first?.id.slice(0, 12) ?? '', '--yes');
      assert.equal(await ceremoniesOf(daemon), []);
      const second = await ask('bridge');
      await done(daemon, 'ceremony', 'approve', second?.id ?? '', '--yes');
      assert.equal(await ceremoniesOf(daemon), []);
      const { applications } = await controlling(daemon, (control) =>
        control.call('enroll.list', {}),
      );
      assert.equal(
        applications.map(({ group, approved }) => [group, approved]),
        [['bridge', true]],
      );
    });
  } finally {
    await member.remove();
  }
});

waiting('shows boots that somebody offers, and takes a yes or a no, over a restart', () =>
  withDaemons(['home.example'], async (daemon) => {
    const draft = (name: string, pcr4: string): string =>
      fileBeside(daemon, `${name}.json`, bootsText(bootOf(name, pcr4)));
    await done(daemon, 'references', 'approve', draft('edge 12', '12'), '--yes');
    const offer = ['references', 'offer', draft('edge 13', '13'), '--yes'];
    assert.match(await done(daemon, ...offer), /PCR 4: (?:13){32} instead of (?:12){32}/);
    await done(daemon, ...offer);
    await daemon.kill('SIGTERM');
    await daemon.start();
    const [waits, ...others] = await ceremoniesOf(daemon);
    assert.equal(others, [], 'the same draft waits once');
    assert.is(waits?.title, 'the boot "edge 13"');
    assert.ok(waits?.changes[0]?.includes('a boot more; it differs from "edge 12"'));
    await done(daemon, 'ceremony', 'approve', waits?.id ?? '', '--yes');
    assert.equal(await ceremoniesOf(daemon), []);
    assert.match(await done(daemon, 'references', 'show'), /edge 12[\s\S]*edge 13/);
    await done(daemon, 'references', 'offer', draft('edge 14', '14'), '--yes');
    const [next] = await ceremoniesOf(daemon);
    await done(daemon, 'ceremony', 'refuse', next?.id.slice(0, 12) ?? '', '--yes');
    assert.equal(await ceremoniesOf(daemon), []);
    assert.not.match(await done(daemon, 'references', 'show'), /edge 14/);
  }),
);

waiting('prints what waits, and asks for the word before it acts', async () => {
  const listed = await holdfastWithDaemon(['ceremony', 'list']);
  assert.match(listed.out, /5e5e5e5e5e5e5e5e +root +Root 2 of home\.example +1 of 1, 1 of 2/);
  const no = await holdfastWithDaemon(['ceremony', 'refuse', '5e5e5e5e'], {}, 'no');
  assert.is(no.code, 1);
  assert.match(no.err, /what it changes:[\s\S]*nothing was done/);
  const yes = await holdfastWithDaemon(['ceremony', 'refuse', '5e5e5e5e'], {}, 'refuse');
  assert.is(yes.code, 0);
});

waiting.run();
