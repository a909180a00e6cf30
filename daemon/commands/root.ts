/** `holdfast root`: the next Root of a domain, made by people with keys of their own. */

import { resolve } from 'node:path';
import { toUtf8 } from '../../core/bytes.ts';
import { SIGNERS_MAX } from '../../core/limits.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import { encodeProposal } from '../../federation/proposal.ts';
import { draftRoot } from '../../federation/root-draft.ts';
import { createPersonKey } from '../ceremony/person-key.ts';
import { ROLE_KEYS } from '../control/views.ts';
import { openClock } from '../host/clock.ts';
import { replaceFile } from '../host/files.ts';
import { hostRandom } from '../host/random.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { newPassphrase } from './passphrase.ts';
import { jsonText } from './print.ts';
import { believedUpon, proposalActions, saveProposal } from './proposal.ts';
import { CHANGE_OPTIONS, changesOf } from './root-changes.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast root propose FILE CHANGES [--from BUNDLE] [OPTIONS]
       holdfast root show FILE [--json]
       holdfast root sign FILE --key KEY-FILE [--passphrase-file FILE] [--yes]
       holdfast root merge FILE OTHER
       holdfast root publish FILE [OPTIONS]
       holdfast root key create FILE [--passphrase-file FILE | --no-passphrase]
       holdfast root key make ROLE FILE [OPTIONS]

A Root says who may speak for the domain. propose drafts the next one; each
signer looks at it and signs on a machine of his own, one after the other or
each a copy that merge puts together; publish gives it to the daemon of an
authority once the thresholds of the Root that stands and of the new one are
met. show, sign and merge need no daemon and no network. Compare the digest of
the proposal by voice.

key create makes the key file of a person. key make has the daemon make and keep
a key of its own, for ROLE beacon, documents or revocation, and writes its
public half to FILE: the daemon signs with it from the moment on in which a Root
names it.

  --rotate-beacon FILE    public key of the beacon key that speaks from now on;
                          the one in force is retired, standbys move behind the
                          new one
  --standby FILE          public key of one more beacon key, behind all others
  --add-root FILE         public key of one more signer of Roots
  --add-documents FILE    … of documents, which an authority needs beside its
                          beacon key
  --add-revocation FILE   … of revocations
  --add-override NAME=FILE  a person who may sign overrides, and how to call him
  --retire KEY-ID         takes a key away; what it signed until now ages on
  --compromise KEY-ID     takes a stolen key away; what it signed counts no more
  --root-threshold N      how many root keys have to sign from now on
  --lease-threshold N     … revocation keys, for leaves, identities and nodes
  --authority-threshold N … revocation keys, for authorities
  --fresh-ceiling, --degraded-ceiling, --survival-ceiling DURATION
                          limits that no beacon may exceed
  --lease-kinds LIST      of slices, cell, domain
  --writer-for DURATION   a writer signs no longer than that without an answer
                          of its standby, which has to run; never: however long
  --until KEY-ID=DURATION the beacon key signs no longer than so long from now
  --new-lineage           every node forgets the numbers and times it holds
  --from BUNDLE           a bundle file of the domain, where no daemon is at
                          hand
  --passphrase-file FILE  0600; without it the terminal is asked
  --no-passphrase         whoever reads the key file can sign
  --yes                   do not ask
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'root',
  summary: 'propose, sign and publish the next Root',
  usage: USAGE,
  run: (context) => runAction(context, { propose, ...proposalActions('root'), key }),
};

async function propose(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...CLIENT_OPTIONS,
      from: { type: 'string' },
      ...CHANGE_OPTIONS,
    },
    ['FILE'],
  );
  const clock = openClock().now();
  const changes = await changesOf(values, clock.wall);
  if (changes.length === 0) throw new UsageError('say what the next Root changes');
  if (changes.length > SIGNERS_MAX) throw new UsageError(`at most ${SIGNERS_MAX} changes at once`);
  const belief = await believedUpon(context, values, clock);
  const text = encodeProposal(belief, draftRoot(belief, changes, clock.wall));
  return await saveProposal(context, { file: operands[0] ?? '', text }, values);
}

async function key(context: CommandContext): Promise<number> {
  return runAction(context, { create: createKey, make: makeKey });
}

async function makeKey(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['ROLE', 'FILE']);
  const role = ROLE_KEYS.find((known) => known === operands[0]);
  if (role === undefined) throw new UsageError(`ROLE is one of ${ROLE_KEYS.join(', ')}`);
  const path = resolve(operands[1] ?? '');
  const { keyId, text } = await withDaemon(context, values, (daemon) =>
    daemon.call('root.key', { role }),
  );
  await replaceFile(path, toUtf8(text), 0o644);
  context.write(values.json ? jsonText({ keyId, path }) : `key   ${keyId}\nfile  ${path}\n`);
  return EXIT_DONE;
}

async function createKey(context: CommandContext): Promise<number> {
  const options = {
    'passphrase-file': { type: 'string' },
    'no-passphrase': { type: 'boolean', default: false },
  } as const;
  const { values, operands } = parseLine(context.args, options, ['FILE']);
  const file = values['passphrase-file'];
  if (values['no-passphrase'] && file !== undefined) {
    throw new UsageError('--passphrase-file and --no-passphrase exclude each other');
  }
  const passphrase = values['no-passphrase']
    ? null
    : await newPassphrase(context, file, 'Passphrase of the new key: ');
  const path = resolve(operands[0] ?? '');
  const keyId = await createPersonKey(runtimeSuite(), hostRandom, { path, passphrase });
  context.write(`key   ${keyId}\nfile  ${path}, for its owner alone\nsend  ${path}.pub\n`);
  return EXIT_DONE;
}
