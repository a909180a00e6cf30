/** `holdfast standby`: a second machine that follows its domain, and writes when its turn comes. */

import { join, resolve } from 'node:path';
import { toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { UNIX_MS_MAX, unixMs } from '../../core/time.ts';
import { isDisowned, newestRoot } from '../../federation/belief.ts';
import { encodeProposal } from '../../federation/proposal.ts';
import { draftRevocations } from '../../federation/sign-revocations.ts';
import { openClock } from '../host/clock.ts';
import { openFolder, readBounded, replaceFile } from '../host/files.ts';
import { parseFingerprint } from '../text/fingerprint-words.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { factsText } from './print.ts';
import { believedUpon, saveProposal } from './proposal.ts';
import {
  CLIENT_OPTIONS,
  CLIENT_USAGE,
  loadSettings,
  SETTING_OPTIONS,
  withDaemon,
} from './settings.ts';

const USAGE = `\
Usage: holdfast standby create BUNDLE FOLDER --fingerprint TEXT [SETTINGS]
       holdfast standby promote FILE [OPTIONS]

A standby is a second machine of a domain: it follows all that the domain
publishes, and writes once every beacon key before its own is revoked. create
runs on that machine before its daemon does: it takes the domain from a bundle
file, makes keys in the state folder, which never leave it, and writes their
public halves to FOLDER. The people of the domain name them (holdfast root
propose --standby FOLDER/beacon.pub --add-documents FOLDER/documents.pub
--add-revocation FOLDER/revocation.pub); the daemon of the standby, started as
an authority and linked, is told so by whoever it reaches.

promote, at the standby, drafts the revocation of every beacon key before its
own: two people sign it (holdfast revoke sign), and published there (holdfast
revoke publish) it makes this machine the writer. Those keys never come back: a
Root names others.

  --fingerprint TEXT      of the domain, in hex or in words, as a person of it
                          says
  SETTINGS                as holdfast run takes them: --config, --state,
                          --trust-domain
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'standby',
  summary: 'set up a second machine of the domain, and give it the word',
  usage: USAGE,
  run: (context) => runAction(context, { create, promote }),
};

async function create(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    { ...SETTING_OPTIONS, fingerprint: { type: 'string' } },
    ['BUNDLE', 'FOLDER'],
  );
  if (values.fingerprint === undefined) throw new UsageError('--fingerprint is missing');
  const firstRoot = parseFingerprint(values.fingerprint);
  const [bundle = '', folder = ''] = operands.map((path) => resolve(path));
  const file = await readBounded(bundle, BUNDLE_FILE_BYTES_MAX);
  const config = await loadSettings({ ...values, role: 'authority' }, context.environment);
  // Before the keys: they are made once, and a second create is refused.
  await openFolder(folder);
  const { createStandbyHere } = await import('./serve.ts');
  const keys = await createStandbyHere(config, file, firstRoot);
  for (const { role, text } of keys) {
    await replaceFile(join(folder, `${role}.pub`), toUtf8(text), 0o644);
  }
  context.write(
    factsText([
      ['standby of', config.trustDomain],
      ...keys.map(({ role, keyId }) => [role, `${keyId}, ${join(folder, `${role}.pub`)}`] as const),
      ['next', 'have the people of the domain name them, and start the daemon: holdfast run'],
    ]),
  );
  return EXIT_DONE;
}

async function promote(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['FILE']);
  const { rank } = await withDaemon(context, values, (daemon) => daemon.call('status', {}));
  if (rank === null)
    throw new Refusal('not-writer', { why: 'no Root names a key of this machine' });
  const clock = openClock().now();
  const belief = await believedUpon(context, values, clock);
  const before = newestRoot(belief)?.root.beaconKeys.filter((key) => {
    return key.rank < rank && !isDisowned(belief, key.keyId);
  });
  const targets = (before ?? []).map(({ keyId }) => {
    return { class: 'authority', target: keyId, notAfter: unixMs(UNIX_MS_MAX) } as const;
  });
  if (targets.length === 0) throw new UsageError('the turn of this machine has come already');
  const draft = draftRevocations(belief, targets, clock.wall);
  const text = encodeProposal(belief, draft);
  return await saveProposal(context, { file: operands[0] ?? '', text }, values);
}
