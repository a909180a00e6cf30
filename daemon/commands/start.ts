/**
 * `holdfast start`: the daemon for somebody who meets it for the first time. Like `run`, with an
 * entry for the user who started it and a word on what to try next.
 */

import { userInfo } from 'node:os';
import { Refusal } from '../../core/refusal.ts';
import { connectControl } from '../control/client.ts';
import { ControlError } from '../control/frames.ts';
import type { Status } from '../control/views.ts';
import { type Command, type CommandContext, EXIT_DONE, parseLine } from './command.ts';
import { factsText } from './print.ts';
import { loadSettings, SETTING_OPTIONS, SETTING_USAGE } from './settings.ts';
import { leaseText } from './status.ts';

const USAGE = `\
Usage: holdfast start [OPTIONS]

Runs the daemon on defaults that work as they are, gives the user who started
it an identity, and says what to try next. Started again, it resumes the same
domain and the same keys. A member founds no domain: it says how to enrol it.

${SETTING_USAGE}`;

export const command: Command = {
  name: 'start',
  summary: 'run the daemon on defaults, and say what to try next',
  usage: USAGE,
  run,
};

/** Characters a user name may have in the path of a SPIFFE ID; others are left out. */
const NOT_IN_PATH = /[^a-zA-Z0-9_-]/g;

async function run(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, SETTING_OPTIONS);
  const { serve } = await import('./serve.ts'); // so that --help does not pay for a network
  const load = () => loadSettings(values, context.environment);
  await serve(load, async (daemon) => {
    const status = daemon.status();
    if (status.authority) context.write(welcome(status, await welcomeUser(status)));
    else context.write(welcomeMember(status));
  });
  return EXIT_DONE;
}

/** An entry for the user who started the daemon, unless it stands already. */
async function welcomeUser(status: Status): Promise<string> {
  const { uid, username } = userInfo();
  const name = username.replace(NOT_IN_PATH, '') || `uid-${uid}`;
  const spiffeId = `spiffe://${status.domain}/user/${name}`;
  const control = await connectControl(status.sockets.control);
  try {
    await control.call('entry.create', { spiffeId, selectors: [`unix:uid:${uid}`] });
  } catch (error) {
    const code = error instanceof ControlError || error instanceof Refusal ? error.code : undefined;
    if (code !== 'entry-exists') throw error;
  } finally {
    await control.close();
  }
  return spiffeId;
}

function welcome(status: Status, spiffeId: string): string {
  const facts = factsText([
    ['domain', status.domain],
    ['assurance', `${status.assurance}: no TPM vouches for this machine`],
    ['root keys', `${status.rootThreshold}: whoever holds them is this domain`],
    ['you are', spiffeId],
    ['commands', status.sockets.control],
    ['workloads', `unix://${status.sockets.workload}`],
    ['network', status.listen.join(' ') || 'none'],
  ]);
  return `
Holdfast is ready.

${indent(facts)}
Try next, in another terminal:

  npx holdfast svid fetch         your X509-SVID
  npx holdfast status             how fresh everything is
  npx holdfast demo               two domains, a cut cable, and what follows

`;
}

function welcomeMember(status: Status): string {
  const facts = factsText([
    ['domain', status.domain],
    ['node', status.node.id],
    ['lease', leaseText(status.node)],
    ['commands', status.sockets.control],
    ['workloads', `unix://${status.sockets.workload}`],
    ['network', status.listen.join(' ') || 'none'],
  ]);
  return `
Holdfast runs as a member of ${status.domain}.

${indent(facts)}
`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
