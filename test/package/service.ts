/**
 * A stand-in for systemd inside a root folder: runs the command line of the unit under its account,
 * gives it the folders and the notification socket it asks for, and stops it by SIGTERM.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NotifySocket } from '../notify-socket.ts';

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export class ServiceStandIn implements AsyncDisposable {
  readonly #box: string;
  readonly #child: ChildProcess;
  readonly #socket: NotifySocket;

  private constructor(box: string, child: ChildProcess, socket: NotifySocket) {
    this.#box = box;
    this.#child = child;
    this.#socket = socket;
  }

  /** Starts the service of the package in `box`, and resolves once it told that it serves. */
  static async start(box: string): Promise<ServiceStandIn> {
    const unit = readFileSync(join(box, 'usr/lib/systemd/system/holdfast.service'), 'utf8');
    const settings = new Map(
      [...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, k = '', v = '']) => [k, v]),
    );
    const user = settings.get('User') ?? '';
    chroot(box, `install -d -o ${user} -g ${user} /run/${settings.get('RuntimeDirectory')}`);
    const socket = new NotifySocket(join(box, 'run/notify'));
    chmodSync(socket.path, 0o666);
    // Of a setting that stands more than once systemd takes each, where it is a list.
    const environment = [...unit.matchAll(/^Environment=(.*)$/gm)].map(([, value]) => value);
    const told = [...environment, 'NOTIFY_SOCKET=/run/notify'].join(' ');
    const line = `${told} exec ${settings.get('ExecStart')}`;
    const account = `setpriv --reuid ${user} --regid ${user} --clear-groups sh -c '${line}'`;
    const child = spawn('unshare', ['--net', 'chroot', box, 'sh', '-c', `exec ${account}`], {
      env: { PATH },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await socket.until('READY=1');
    return new ServiceStandIn(box, child, socket);
  }

  /** Types `holdfast line` beside the service, as root. */
  command(line: string): string {
    return chroot(this.#box, `holdfast ${line}`);
  }

  /** Asks it to end, and waits. */
  async stop(): Promise<{ readonly code: number | null; readonly tookMs: number }> {
    const asked = performance.now();
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    return { code, tookMs: performance.now() - asked };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop();
    this.#socket[Symbol.dispose]();
  }
}

function chroot(box: string, line: string): string {
  return execFileSync('chroot', [box, 'sh', '-ec', line], { env: { PATH }, encoding: 'utf8' });
}
