/**
 * The window: `holdfast tui` replaces itself by this program, so that the window carries nothing of
 * the daemon and the daemon nothing of the window.
 *
 *     node dist/tui/main.js --control-socket PATH [--plain] [--ascii] [--night]
 *
 * The command that a person types, with its help, is daemon/commands/tui.ts. Exit codes: 0 ended by
 * its user, 1 no terminal or no daemon of this version.
 */

import { parseArgs } from 'node:util';
import { Failure } from '../core/failure.ts';
import { printable } from '../core/printable.ts';
import type { Act } from './act.ts';
import { bootOf, carryOut, proofOf } from './actor.ts';
import { Client } from './client.ts';
import { restMs, toAscii } from './format.ts';
import { hostTimers, readTerminal, runHoldfast, type Terminal } from './host.ts';
import type { Look } from './look.ts';
import { domainsNow, foreignVersion, openState, type State } from './model.ts';
import { linesBetween } from './plain.ts';
import { isLargeEnough, tooSmallText } from './screen.ts';
import { StateHolder } from './state-holder.ts';

const OPTIONS = {
  'control-socket': { type: 'string', default: '' },
  plain: { type: 'boolean', default: false },
  ascii: { type: 'boolean', default: false },
  night: { type: 'boolean', default: false },
} as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS, strict: true });
  const terminal = readTerminal();
  const trouble = values.plain ? undefined : terminalTrouble(terminal);
  if (trouble !== undefined) return complain(trouble.why, trouble.mend);
  const look: Look = {
    colors: terminal.color ? 'sixteen' : 'none',
    ascii: values.ascii || !terminal.utf8,
  };
  const holder = new StateHolder(openState({ night: values.night, nowMs: hostTimers.nowMs() }));
  const client = new Client({
    path: values['control-socket'],
    timers: hostTimers,
    tell: holder.tell,
  });
  const show = values.plain ? showPlain : showWindow;
  carryOutAll(holder, client, values['control-socket']);
  askBoot(holder, client);
  askProof(holder, client);
  try {
    const silence = values.plain ? sayChanges(holder, look) : undefined;
    await client.open();
    await show(holder, look);
    silence?.();
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return complain(`${error.code}: ${error.message}`, '');
  } finally {
    client.close();
  }
}

/** Why no full screen can be drawn, and what to do; undefined where one can. */
function terminalTrouble(
  terminal: Terminal,
): { readonly why: string; readonly mend: string } | undefined {
  const { stdin, stdout } = process;
  const mend = 'holdfast tui --plain says each change in a line, and needs no terminal';
  if (!stdin.isTTY || !stdout.isTTY) {
    return { why: 'tui: needs a terminal for its keys and its screen', mend };
  }
  if (!terminal.canPlace) return { why: 'tui: TERM names no terminal with a cursor', mend };
  const { columns, rows } = stdout;
  if (isLargeEnough({ columns, rows })) return undefined;
  return { why: `tui: ${tooSmallText({ columns, rows })}`, mend: `enlarge it, or: ${mend}` };
}

function complain(why: string, mend: string): number {
  process.stderr.write(printable(`holdfast: ${why}`).concat('\n'));
  if (mend !== '') process.stderr.write(printable(`  mend: ${mend}`).concat('\n'));
  return 1;
}

/** Draws the screen until its user ends it. Ink is loaded here: `--plain` does without. */
async function showWindow(holder: StateHolder, look: Look): Promise<void> {
  const { openWindow } = await import('./parts/open-window.tsx');
  const stop = keepTime(holder);
  try {
    await openWindow(holder, look);
  } finally {
    stop();
  }
}

/** Says each change until the process is asked to end. */
async function showPlain(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
    process.stdout.once('error', () => resolve());
  });
}

/** Carries out each act once, as it comes up. */
function carryOutAll(holder: StateHolder, client: Client, controlSocket: string): void {
  let last: Act | null = null;
  holder.listen(() => {
    const { underWay } = holder.current();
    if (underWay === last) return;
    last = underWay;
    if (underWay === null) return;
    void carryOut(underWay, { client, controlSocket, run: runHoldfast }).then((outcome) =>
      holder.tell({ kind: 'acted', outcome }),
    );
  });
}

/** Asks how the machine booted once somebody looks: it keeps the chip busy for a while. */
function askBoot(holder: StateHolder, client: Client): void {
  let asked: string | undefined;
  holder.listen(() => {
    const { view, attestation, told, link } = holder.current();
    const isLooked = view === 'attestation' && attestation === null && link.kind === 'live';
    const isKnown = foreignVersion(holder.current()) === null;
    if (!isLooked || !isKnown || asked === told?.status.startedAt) return;
    asked = told?.status.startedAt;
    void bootOf(client).then((answer) => holder.tell({ kind: 'attestation', attestation: answer }));
  });
}

/** Has the audit log verified once somebody looks: the daemon reads all of it. */
function askProof(holder: StateHolder, client: Client): void {
  holder.listen(() => {
    const { view, proof, link, tellsAudit } = holder.current();
    const isLooked = view === 'audit' && proof.kind === 'open' && link.kind === 'live';
    if (!isLooked || !tellsAudit || foreignVersion(holder.current()) !== null) return;
    holder.tell({ kind: 'proof', proof: { kind: 'asked' } });
    void proofOf(client).then((answer) => holder.tell({ kind: 'proof', proof: answer }));
  });
}

function sayChanges(holder: StateHolder, look: Look): () => void {
  let before = holder.current();
  return holder.listen(() => {
    const after = holder.current();
    for (const text of linesBetween(before, after)) {
      process.stdout.write(`${look.ascii ? toAscii(text) : text}\n`);
    }
    before = after;
  });
}

/** Lets the state know what time it is: often near a cliff, else seldom. */
function keepTime(holder: StateHolder): () => void {
  let cancel = (): void => undefined;
  const beat = (): void => {
    const wait = restMs(nearestCliffMs(holder.current()));
    cancel = hostTimers.after(wait, () => {
      if (holder.current().link.kind === 'live') {
        holder.tell({ kind: 'time', nowMs: hostTimers.nowMs() });
      }
      beat();
    });
  };
  beat();
  return () => cancel();
}

function nearestCliffMs(state: State): number {
  const cliffs = domainsNow(state).flatMap(({ nextCliff }) => nextCliff?.inMs ?? []);
  return Math.min(Number.POSITIVE_INFINITY, ...cliffs);
}
