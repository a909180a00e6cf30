/** `holdfast root`: three people, a machine each, one file that goes round; and what goes wrong. */

import { chmod, copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { environmentOf } from '../../../daemon/host/environment.ts';
import { main } from '../../../daemon/main.ts';
import { encodeBlock } from '../../../federation/armour.ts';
import { decodeProposal } from '../../../federation/proposal.ts';
import { SUITE, signerOf } from '../../fakes/coalition.ts';
import { openFakeDaemon } from '../../fakes/fake-daemon.ts';
import { forgeRoot, KEYS, NOW } from '../../federation/forge.ts';
import { temporaryFolder } from '../../folder.ts';
import { holdfast } from './rig.ts';

const root = suite('daemon/commands/root');

const BLUE = encodeBlock('root', forgeRoot({ issuedAt: NOW }));
const PASSPHRASE = 'correct horse battery staple';

/** A folder with keys of people and a bundle file of a domain; `run` types at it. */
async function desk() {
  const folder = await temporaryFolder();
  const bundle = folder.file('blue.bundle');
  await writeFile(bundle, BLUE);
  await writeFile(folder.file('passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
  const run = (...args: readonly string[]) => holdfast(['root', ...args], folder.path);
  const key = async (name: string, ...more: readonly string[]) => {
    const path = folder.file(name);
    const made = await run(
      'key',
      'create',
      path,
      ...(more.length > 0 ? more : ['--no-passphrase']),
    );
    assert.is(made.code, 0, made.err);
    return { path, keyId: /key +([0-9a-f]{64})/.exec(made.out)?.[1] ?? '' };
  };
  return { folder, bundle, run, key, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

root('makes a key file for its owner alone, over nothing that stands', async () => {
  await using at = await desk();
  const { path, keyId } = await at.key('ann');
  assert.is((await stat(path)).mode & 0o777, 0o600);
  const pub = await readFile(`${path}.pub`, 'utf8');
  assert.match(pub, /^-----BEGIN HOLDFAST PUBLIC-----/);
  const again = await at.run('key', 'create', path, '--no-passphrase');
  assert.is(again.code, 1);
  assert.match(again.err, /file-unwritable/);
  assert.is(keyId.length, 64);
  assert.is((await at.run('key', 'create', at.folder.file('bob'))).code, 2);
});

root('lets three people change the council by one file, and prints what they sign', async () => {
  await using at = await desk();
  const file = at.folder.file('next.proposal');
  const sealed = ['--passphrase-file', at.folder.file('passphrase')];
  const [ann, bob] = [await at.key('ann', ...sealed), await at.key('bob')];
  const added = ['--add-root', `${ann.path}.pub`, '--add-root', `${bob.path}.pub`];
  const threshold = ['--root-threshold', '3', '--survival-ceiling', '14d'];
  const drafted = await at.run('propose', file, '--from', at.bundle, ...added, ...threshold);
  assert.is(drafted.code, 0, drafted.err);
  assert.match(drafted.out, new RegExp(`${ann.keyId} joins the root role`));
  assert.match(drafted.out, /root keys that have to sign: 3 instead of 1/);
  assert.match(drafted.out, /ceiling of SURVIVAL: 14d instead of 30d/);
  assert.match(drafted.out, /0 of 1 root keys of version 1\n/);

  const founder = at.folder.file('founder');
  await writeFile(founder, await personFile());
  await chmod(founder, 0o600);
  const copy = at.folder.file('copy.proposal');
  await copyFile(file, copy);
  assert.is((await at.run('sign', file, '--key', ann.path, ...sealed, '--yes')).code, 0);
  assert.is((await at.run('sign', copy, '--key', bob.path, '--yes')).code, 0);
  const unmet = await at.run('publish', file);
  assert.match(unmet.err, /threshold-unmet/);
  assert.is((await at.run('merge', file, copy)).code, 0);
  assert.is((await at.run('sign', file, '--key', founder, '--yes')).code, 0);
  const shown = await at.run('show', file);
  assert.match(shown.out, /1 of 1 root keys of version 1\n/);
  assert.match(shown.out, /3 of 3 root keys of version 2\n/);
  const { envelope } = decodeProposal(SUITE, await readFile(file));
  assert.is(envelope.slots.length, 3);
});

root('signs only after sign is typed, or with --yes, and with the right passphrase', async () => {
  await using at = await desk();
  const file = at.folder.file('next.proposal');
  const ann = await at.key('ann', '--passphrase-file', at.folder.file('passphrase'));
  await at.run('propose', file, '--from', at.bundle, '--add-root', `${ann.path}.pub`);
  const before = await readFile(file);
  const typing = async (typed: string, passphrase: string) => {
    let err = '';
    const code = await main(['root', 'sign', file, '--key', ann.path], {
      environment: environmentOf({}, 1_000, at.folder.path),
      write: () => undefined,
      complain: (line) => {
        err += line;
      },
      ask: async () => typed,
      askSecret: async () => passphrase,
    });
    return { code, err };
  };
  assert.is((await typing('yes', PASSPHRASE)).code, 1);
  const wrong = await typing('sign', 'tr0ub4dor');
  assert.ok(wrong.err.includes('passphrase-wrong'), wrong.err);
  assert.equal(await readFile(file), before);
  const { code, err } = await typing('sign', PASSPHRASE);
  assert.is(code, 0, err);
  assert.match(err, /joins the root role/);
  assert.is((await at.run('sign', file, '--key', ann.path)).code, 2);
});

root('refuses a key file that others may read, is damaged, or has another name in it', async () => {
  await using at = await desk();
  const file = at.folder.file('next.proposal');
  const ann = await at.key('ann', '--passphrase-file', at.folder.file('passphrase'));
  await at.run('propose', file, '--from', at.bundle, '--new-lineage');
  const sign = async (key: string) => {
    const secret = ['--passphrase-file', at.folder.file('passphrase')];
    return (await at.run('sign', file, '--key', key, ...secret, '--yes')).err;
  };
  assert.match(await sign(ann.path), /signer-unknown/);
  await chmod(ann.path, 0o644);
  assert.match(await sign(ann.path), /permissions-wide/);
  await chmod(ann.path, 0o600);
  const text = await readFile(ann.path, 'utf8');
  await writeFile(ann.path, text.slice(0, 200));
  assert.match(await sign(ann.path), /key-malformed/);
  const other = await at.key('bob', '--passphrase-file', at.folder.file('passphrase'));
  await writeFile(ann.path, swapped(text, await readFile(other.path, 'utf8')));
  assert.match(await sign(ann.path), /passphrase-wrong/);
});

root('publishes what is whole as a Root, and says what became of it', async () => {
  await using at = await desk();
  const file = at.folder.file('next.proposal');
  const founder = at.folder.file('founder');
  await writeFile(founder, await personFile(), { mode: 0o600 });
  const socket = at.folder.file('control.sock');
  const imported: string[] = [];
  const daemon = await openFakeDaemon(socket, {
    'bundle.export': async () => ({ text: BLUE }),
    'bundle.import': async ({ text }) => {
      imported.push(text);
      return { documents: [{ type: 'root', outcome: 'admitted' }] };
    },
  });
  const variables = { HOLDFAST_CONTROL_SOCKET: socket };
  const run = (...args: string[]) => holdfast(['root', ...args], at.folder.path, variables);
  try {
    assert.is((await run('propose', file, '--new-lineage')).code, 0);
    assert.is((await run('sign', file, '--key', founder, '--yes')).code, 0);
    assert.is((await run('publish', file)).code, 0);
    assert.match(imported[0] ?? '', /^-----BEGIN HOLDFAST ROOT-----/);
  } finally {
    await daemon.close();
  }
});

root('asks for a change, a file and sensible numbers', async () => {
  await using at = await desk();
  const file = at.folder.file('next.proposal');
  const wrong = [
    ['propose', file, '--from', at.bundle],
    ['propose', '--from', at.bundle, '--new-lineage'],
    ['propose', file, '--from', at.bundle, '--root-threshold', '17'],
    ['propose', file, '--from', at.bundle, '--retire', 'ann'],
    ['propose', file, '--from', at.bundle, '--lease-kinds', 'any'],
    ['propose', file, '--from', at.bundle, '--fresh-ceiling', '31d'],
    ['sign', file],
  ];
  for (const args of wrong) assert.is((await at.run(...args)).code, 2, args.join(' '));
  const gone = await at.run('propose', file, '--from', at.bundle, '--retire', KEYS.node.keyId);
  assert.match(gone.err, /root-change/);
  await writeFile(file, BLUE);
  assert.match((await at.run('show', file)).err, /proposal-malformed/);
});

/** The file of the founder's root key, as a person keeps it. */
async function personFile(): Promise<string> {
  const { concat, toBase64Url } = await import('../../../core/bytes.ts');
  const { sha256 } = await import('../../../core/digest.ts');
  const { encodeCanonical } = await import('../../../core/canonical.ts');
  const { publicMembers } = await import('../../../federation/found.ts');
  const seeds = concat(sha256(toUtf8('blue/root/1')), sha256(toUtf8('blue/root/2')));
  const key = publicMembers(signerOf('blue/root').publicPair);
  return encodeBlock('person', encodeCanonical({ key, seeds: toBase64Url(seeds) }));
}

/** The public half of one file with the sealed half of another. */
function swapped(one: string, other: string): string {
  const bodyOf = (text: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64').toString());
  const mixed = { key: bodyOf(other).key, sealed: bodyOf(one).sealed };
  return encodeBlock('person', toUtf8(JSON.stringify(mixed)));
}

root.run();
