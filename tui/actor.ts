/**
 * Carries out what a person decided in the window: words over the control socket, signatures by
 * `holdfast ceremony sign` in a process of its own, so that no key ever enters the window.
 */

import { Failure } from '../core/failure.ts';
import { printable } from '../core/printable.ts';
import { ControlError } from '../daemon/control/frames.ts';
import type { AttestationView } from '../daemon/control/views.ts';
import type { Act } from './act.ts';
import type { AuditProof } from './audit-proof.ts';
import type { Client } from './client.ts';
import type { AttestationTrouble, Outcome } from './model.ts';

/** Runs `holdfast` with these arguments and this input. */
export type RunCommand = (
  args: readonly string[],
  input: string,
) => Promise<{ readonly code: number; readonly out: string; readonly err: string }>;

export interface ActorOptions {
  readonly client: Client;
  readonly controlSocket: string;
  readonly run: RunCommand;
}

/** Does it, and says what came of it. Never throws for what a daemon may answer. */
export async function carryOut(act: Act, options: ActorOptions): Promise<Outcome> {
  try {
    return await outcomeOf(act, options);
  } catch (error) {
    if (error instanceof ControlError) return { isDone: false, text: sentence(error) };
    if (error instanceof Failure) return { isDone: false, text: printable(error.message) };
    throw error;
  }
}

/** How the daemon's machine booted, or in a sentence why nobody can tell. */
export async function bootOf(client: Client): Promise<AttestationView | AttestationTrouble> {
  try {
    return await client.ask('attestation.show', {});
  } catch (error) {
    if (error instanceof ControlError) return { trouble: sentence(error) };
    if (error instanceof Failure) return { trouble: printable(error.message) };
    throw error;
  }
}

/** Whether the log is whole, as the daemon finds it. */
export async function proofOf(client: Client): Promise<AuditProof> {
  try {
    return { kind: 'proven', head: await client.ask('audit.verify', {}) };
  } catch (error) {
    if (!(error instanceof ControlError || error instanceof Failure)) throw error;
    const why = error instanceof ControlError ? sentence(error) : printable(error.message);
    return { kind: error.code === 'audit-broken' ? 'broken' : 'withheld', why };
  }
}

async function outcomeOf(act: Act, options: ActorOptions): Promise<Outcome> {
  const { client } = options;
  switch (act.kind) {
    case 'approve':
      await client.ask('ceremony.approve', { id: act.id });
      return { isDone: true, text: 'approved' };
    case 'refuse':
      await client.ask('ceremony.refuse', { id: act.id, reason: act.reason });
      return { isDone: true, text: 'refused' };
    case 'clear':
      await client.ask('alarm.clear', { id: Number.parseInt(act.id, 10) });
      return { isDone: true, text: 'cleared' };
    case 'withdraw':
      await client.ask('federation.remove', { domain: act.id });
      return { isDone: true, text: `withdrawn: ${act.id}` };
    case 'narrow':
      await client.ask('relation.narrow', { domain: act.id, terms: act.terms });
      return { isDone: true, text: `narrowed: ${act.id}` };
    case 'propose': {
      const asked = { to: act.id, asks: act.terms, addresses: [], send: true };
      await client.ask('relation.propose', asked);
      return { isDone: true, text: `proposed to ${act.id}; a person there decides` };
    }
    case 'sign':
      return sign(act, options);
  }
}

async function sign(
  { id, keyFile, passphrase }: Extract<Act, { kind: 'sign' }>,
  { run, controlSocket }: ActorOptions,
): Promise<Outcome> {
  const { code, out, err } = await run(
    [
      ...['ceremony', 'sign', id, '--yes', '--passphrase-file=-'],
      ...[`--key=${keyFile}`, `--control-socket=${controlSocket}`],
    ],
    passphrase,
  );
  if (code !== 0) return { isDone: false, text: printable(troubleIn(err)) };
  const isWhole = out.startsWith('complete');
  return { isDone: true, text: isWhole ? 'signed; complete, and published' : 'signed' };
}

/** The line of the trouble: what precedes it is what the signer was shown. */
function troubleIn(err: string): string {
  const lines = err.trimEnd().split('\n');
  const at = lines.findLastIndex((each) => each.startsWith('holdfast: '));
  const [said = 'it could not be signed', mend = ''] = lines.slice(Math.max(0, at));
  return `${said.replace('holdfast: ', '')}${mend === '' ? '' : `;${mend}`}`;
}

function sentence({ code, message, mend }: ControlError): string {
  return printable(`${code}: ${message}${mend === '' ? '' : `; mend: ${mend}`}`);
}
