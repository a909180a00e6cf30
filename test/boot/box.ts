/**
 * The daemon in the guest, and its authority outside: what a person types at both, and the files
 * that are carried between them.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { type JsonObject, parseJson } from '../../core/canonical.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { openClock } from '../../daemon/host/clock.ts';
import { parsePem } from '../../daemon/identity/pem.ts';
import { parseSpiffeBundle } from '../../daemon/identity/spiffe-bundle.ts';
import { verifyX509Svid } from '../../daemon/identity/x509-verify.ts';
import { BRISK, controlling, type } from '../daemon/live.ts';
import { DaemonProcess } from '../daemon-process.ts';
import type { Ended, Machine } from './machine.ts';

export const DOMAIN = 'boot.example';
/** Where the guest writes what its daemon says. */
const SAID = '/run/holdfast.log';
const RUN = `holdfast run --role member --trust-domain ${DOMAIN} --tpm`;
const START_S_MAX = 60;

/** The authority: a daemon on this side, which enrols the chips that a list names. */
export class Outside implements AsyncDisposable {
  readonly #daemon: DaemonProcess;

  private constructor(daemon: DaemonProcess) {
    this.#daemon = daemon;
  }

  /** Starts it. `allowed` is a file of endorsement keys, as a person lists them. */
  static async start(allowed: string): Promise<Outside> {
    const config = `${BRISK}[enrolment]\nek_allowed = ${JSON.stringify(allowed)}\n`;
    const daemon = new DaemonProcess(DOMAIN, config);
    await daemon.start();
    return new Outside(daemon);
  }

  at(name: string): string {
    return join(this.#daemon.folder, name);
  }

  /** Types a command that has to succeed; its standard output. */
  async type(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await type(this.#daemon, ...args);
    assert.is(code, 0, `${args.join(' ')}: ${err}`);
    return out;
  }

  /** Digest of the first Root. */
  fingerprint(): Promise<string> {
    return controlling(this.#daemon, async (c) => (await c.call('status', {})).fingerprint);
  }

  /** The SPIFFE ID that an SVID in PEM proves to whoever holds the bundle of the domain. */
  async verify(svid: string): Promise<string> {
    const chain = parsePem(svid, 'CERTIFICATE');
    const bundle = parseJson(toUtf8(await this.type('bundle', 'export', '--format', 'spiffe')));
    const { x509Authorities } = parseSpiffeBundle(bundle as JsonObject);
    const roots = new Map([[parseTrustDomain(DOMAIN), x509Authorities]]);
    return verifyX509Svid(chain, roots, openClock().now().wall).spiffeId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.remove();
  }
}

/** Starts the daemon of the guest, which has to come up; what it said. */
export async function startInside(machine: Machine): Promise<string> {
  await machine.run(`${RUN} >${SAID} 2>&1 & echo $! >/run/holdfast.pid`);
  const ready = `grep -q ' info ready ' ${SAID}`;
  const tries = `for i in $(seq ${START_S_MAX}); do ${ready} && break; sleep 1; done`;
  const { code, output } = await machine.run(`${tries}; cat ${SAID}; ${ready}`);
  assert.is(code, 0, output);
  return output;
}

/** Starts the daemon of the guest, which has to be refused. */
export async function startInVain(machine: Machine): Promise<string> {
  const { code, output } = await machine.run(RUN);
  assert.is(code, 1, output);
  return output;
}

/** Ends the daemon of the guest in an orderly way. */
export async function stopInside(machine: Machine): Promise<void> {
  const gone = 'while kill -0 $(cat /run/holdfast.pid) 2>/dev/null; do sleep 1; done';
  await machine.run(`kill $(cat /run/holdfast.pid); ${gone}`);
}

/** Runs a command of the guest that has to succeed; its output. */
export async function inside(machine: Machine, command: string): Promise<string> {
  const { code, output }: Ended = await machine.run(command);
  assert.is(code, 0, `${command}: ${output}`);
  return output;
}

/** Carries a file of the authority into the guest, and gives it to a command there. */
export async function carryIn(
  machine: Machine,
  outside: Outside,
  name: string,
  command: string,
): Promise<string> {
  await machine.put(`/tmp/${name}`, new Uint8Array(await readFile(outside.at(name))));
  return inside(machine, command);
}

/** Has a command of the guest write a file, and carries it to the authority. */
export async function carryOut(
  machine: Machine,
  outside: Outside,
  name: string,
  command: string,
): Promise<void> {
  await inside(machine, command);
  await writeFile(outside.at(name), toUtf8(await inside(machine, `cat /tmp/${name}`)));
}

/** Enrols the guest by files that are carried there and back twice. Nobody approves it by hand. */
export async function enrolInside(machine: Machine, outside: Outside): Promise<void> {
  const at = (name: string): string => outside.at(name);
  await carryOut(machine, outside, 'request', 'holdfast enroll request /tmp/request');
  await outside.type('enroll', 'challenge', at('request'), at('challenge'));
  const pinned = `--fingerprint ${await outside.fingerprint()}`;
  const answer = `holdfast enroll answer /tmp/challenge /tmp/answer ${pinned}`;
  await carryIn(machine, outside, 'challenge', answer);
  await carryOut(machine, outside, 'answer', 'true');
  await outside.type('enroll', 'grant', at('answer'), at('grant'));
  await carryIn(machine, outside, 'grant', 'holdfast enroll install /tmp/grant');
}
