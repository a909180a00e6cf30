/** The command line itself: help, versions, usage errors, where the daemon is found. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { VERSION } from '../../core/version.ts';
import { openAuditLog } from '../../daemon/audit/audit-log.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { openFakeDaemon } from '../fakes/fake-daemon.ts';
import { temporaryFolder } from '../folder.ts';
import { ROOT } from '../root.ts';
import { holdfast } from './commands/rig.ts';

const cli = suite('daemon/main');
const NOUNS = [
  ...['status', 'entry', 'svid', 'bundle', 'federation', 'audit'],
  ...['tpm', 'attest', 'references'],
];
const NOWHERE = '/nonexistent';

cli('prints the version that package.json states', async () => {
  const stated = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')).version;
  assert.is(VERSION, stated);
  assert.equal(await holdfast(['--version'], NOWHERE), {
    code: 0,
    out: `holdfast ${VERSION}\n`,
    err: '',
  });
});

cli('helps with the whole, naming every command', async () => {
  for (const args of [[], ['--help'], ['-h']]) {
    const { code, out } = await holdfast(args, NOWHERE);
    assert.is(code, 0);
    for (const noun of [...NOUNS, 'run', 'start', 'demo']) {
      assert.match(out, new RegExp(`^ {2}${noun} +\\S`, 'm'));
    }
  }
});

cli('helps with each command, wherever help is asked for', async () => {
  for (const noun of NOUNS) {
    for (const args of [
      [noun, '--help'],
      [noun, '-h'],
      [noun, 'whatever', '--help'],
    ]) {
      const { code, out, err } = await holdfast(args, NOWHERE);
      assert.is(code, 0);
      assert.match(out, new RegExp(`^Usage: holdfast ${noun}`));
      assert.is(err, '');
      assert.ok(
        out.split('\n').every((line) => line.length <= 88),
        `${noun}: lines of 88`,
      );
    }
  }
});

cli('exits 2 for a line it does not understand, and does nothing', async () => {
  for (const line of [
    'statu',
    'toString',
    'status --verbose',
    'status surplus',
    'status --json=yes',
    'entry',
    'entry lst',
    'entry constructor',
    'entry create',
    'entry create --spiffe-id spiffe://a/b',
    'entry create --spiffe-id spiffe://a/b --selector unix:uid:1 --ttl 5',
    'entry show',
    'entry update e-1',
    'entry update e-1 --ttl soon',
    'entry apply',
    'entry delete',
    'entry delete a b',
    'bundle import',
    'bundle export --format pem',
    'bundle export --json',
    'federation add',
    'federation add FILE --peer 192.0.2.7:7717',
    'audit tail --lines 0',
    'audit tail --lines 1001',
    'audit tail --lines 1e2',
    'svid fetch --write',
  ]) {
    const { code, out, err } = await holdfast(line.split(' '), NOWHERE);
    assert.is(code, 2, line);
    assert.is(out, '', line);
    assert.match(err, /^holdfast: usage: .+\n {2}mend: add --help\n$/, line);
  }
});

cli('guesses what was meant', async () => {
  assert.match((await holdfast(['statsu'], NOWHERE)).err, 'did you mean status?');
  assert.match((await holdfast(['entry', 'crate'], NOWHERE)).err, 'did you mean create?');
});

cli('says how to start a daemon where none answers', async () => {
  await using folder = await temporaryFolder();
  const { code, err } = await holdfast(['status'], folder.path);
  assert.is(code, 1);
  assert.match(err, /^holdfast: daemon-unreachable: .*start one with: holdfast start/);
});

cli('finds the daemon by option, then variable, then file, then the usual place', async () => {
  await using folder = await temporaryFolder();
  const socket = folder.file('found.sock');
  const daemon = await openFakeDaemon(socket);
  const wrong = { HOLDFAST_CONTROL_SOCKET: folder.file('wrong.sock') };
  const status = async (args: string[], variables: Record<string, string>) =>
    (await holdfast(['status', ...args], folder.path, variables)).code;
  assert.is(await status([], {}), 1);
  assert.is(await status(['--control-socket', socket], wrong), 0);
  assert.is(await status([], wrong), 1);
  assert.is(await status([], { HOLDFAST_CONTROL_SOCKET: socket }), 0);
  await mkdir(folder.file('.config/holdfast'), { recursive: true });
  const config = folder.file('.config/holdfast/config.toml');
  await writeFile(config, `[paths]\ncontrol_socket = "${socket}"\n`);
  assert.is(await status([], {}), 0);
  await writeFile(config, '[paths]\ncontrol_sockets = "x"\n');
  const refused = await holdfast(['status'], folder.path);
  assert.is(refused.code, 1);
  assert.match(refused.err, /^holdfast: config-key-unknown: .*nearest paths\.control_socket/);
  await daemon.close();
  const usual = await openFakeDaemon(folder.file('.local/state/holdfast/control.sock'));
  await writeFile(config, '');
  assert.is(await status([], {}), 0);
  await usual.close();
});

cli('audit verify reads the log of the usual folder, a named one, or a file', async () => {
  await using folder = await temporaryFolder();
  const state = folder.file('.local/state/holdfast');
  await mkdir(state, { recursive: true });
  const path = join(state, 'audit.jsonl');
  const log = await openAuditLog({ path, clock: new FakeClock() });
  await log.append('entry.created', { id: 'a' });
  await log.append('entry.created', { id: 'b' });
  await log.close();
  for (const args of [[], ['--state', state], [path]]) {
    const { code, out } = await holdfast(['audit', 'verify', ...args], folder.path);
    assert.is(code, 0);
    assert.match(out, /^entries +2$/m);
    assert.match(out, new RegExp(`^head +${log.head.hash}$`, 'm'));
  }
  const json = await holdfast(['audit', 'verify', '--json'], folder.path);
  assert.equal(JSON.parse(json.out), { path, head: log.head, tornBytes: 0 });
});

cli('audit verify exits 1 for a broken log, naming the line', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const log = await openAuditLog({ path, clock: new FakeClock() });
  for (const id of ['a', 'b', 'c']) await log.append('entry.created', { id });
  await log.close();
  await writeFile(path, (await readFile(path, 'utf8')).replace('"id":"b"', '"id":"x"'));
  const { code, err } = await holdfast(['audit', 'verify', path], folder.path);
  assert.is(code, 1);
  assert.match(err, /^holdfast: audit-broken: .*\(line 3, why hash/);
  const absent = await holdfast(['audit', 'verify', folder.file('none')], folder.path);
  assert.is(absent.code, 1);
  assert.match(absent.err, /^holdfast: file-unreadable: .*\(cause ENOENT\)/);
});

cli.run();
