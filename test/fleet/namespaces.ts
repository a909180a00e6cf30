/**
 * A site of network namespaces: each daemon has a network stack of its own, and each link a cable
 * to either end. Their far side is this process, in a namespace too, where the relay waits out the
 * delay; the kernel loses segments for good (nft) and lets through what the line carries (tbf).
 *
 *     daemon w0 ──── n0 relay f0 ──── w0 daemon
 *
 * Who is at the other end of a cable is written down for good when it is laid. The kernel keeps one
 * table of neighbours for all namespaces of a machine; where that is full (of 1,024 that it found
 * by itself) it sends nothing to anybody new, so that a few fleets cut each other's cables.
 *
 * Namespaces, cables and rules live as long as the processes in them, and end with this one
 * whatever ends it: there is nothing to remove. Needs root (ip-netns(8), nft(8), tc-tbf(8)).
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { missingPrograms } from '../installed.ts';
import {
  type Cables,
  type LinkEnds,
  multiaddressOf,
  type Plugs,
  PORT,
  type Site,
  WITH_US,
} from './site.ts';
import type { Line } from './wire.ts';

const PROGRAMS = ['setpriv', 'unshare', 'nsenter', 'ip', 'tc', 'nft'];
/** What a kernel has to allow, tried in a namespace that is gone afterwards. */
const PROBE =
  'ip link add near type veth peer name far && nft add table inet probe && ' +
  'tc qdisc add dev near root tbf rate 1mbit burst 2kb latency 1s';
/** Bytes that may pass at once: one segment, or nothing would. */
const BURST_BYTES = 1_600;
/** What waits in front of a slow line, in time; more is lost. */
const QUEUE = '1s';
const MILLION = 1_000_000;

/** Why there can be no namespaces here; null where there can. */
export function whyNoNamespaces(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  if (process.execve === undefined) return 'this runtime cannot replace itself';
  const missing = missingPrograms(PROGRAMS);
  if (missing !== null) return missing;
  const { status, stderr } = spawnSync('unshare', ['--net', '--', 'sh', '-c', PROBE]);
  return status === 0 ? null : `the kernel allows none: ${String(stderr).trim()}`;
}

/** The command that runs another one in a network of its own. */
export const IN_OWN_NETWORK = ['unshare', '--net', '--'] as const;

/** Links whose cables were laid: each has a number of its own in the network of this process. */
let linksLaid = 0;

/** Makes a namespace for each daemon, and the cables of each link; itself in one already. */
export async function openNamespaces(
  size: number,
  links: readonly LinkEnds[],
  cables: Cables,
): Promise<Site> {
  run('ip link set lo up');
  const holders = await Promise.all(Array.from({ length: size }, openNamespace));
  const site = new Namespaces(holders, links, cables);
  site.cable();
  return site;
}

class Namespaces implements Site {
  /** A process in each namespace, which keeps it while its daemon is down. */
  readonly #holders: readonly ChildProcess[];
  readonly #links: readonly LinkEnds[];
  readonly #cables: Cables;
  /** The number of its first link. */
  readonly #from: number;

  constructor(holders: readonly ChildProcess[], links: readonly LinkEnds[], cables: Cables) {
    this.#holders = holders;
    this.#links = links;
    this.#cables = cables;
    this.#from = linksLaid;
    linksLaid += links.length;
  }

  /** Lays two cables for each link, with losses and rate on the first of them. */
  cable(): void {
    const { bitsPerS, lossPpm } = this.#cables;
    for (const link of this.#links) {
      const [from, to] = link;
      const at = this.#numberOf(link);
      const { near, far } = hostsOf(at);
      this.#plug(`n${at}`, near, from);
      this.#plug(`f${at}`, far, to);
      if (bitsPerS === null) continue;
      const limit = `root tbf rate ${bitsPerS}bit burst ${BURST_BYTES} latency ${QUEUE}`;
      run(`tc qdisc add dev n${at} ${limit}`);
      run(`${this.within(from).join(' ')} tc qdisc add dev w${at} ${limit}`);
    }
    if (lossPpm === 0) return;
    run('nft add table inet cables');
    for (const [hook, side] of [
      ['input', 'iifname'],
      ['output', 'oifname'],
    ] as const) {
      run(`nft 'add chain inet cables ${hook} { type filter hook ${hook} priority 0; }'`);
      const some = `numgen random mod ${MILLION} < ${lossPpm}`;
      run(`nft 'add rule inet cables ${hook} ${side} "n*" ${some} drop'`);
    }
  }

  within(index: number): readonly string[] {
    return [...WITH_US, 'nsenter', `--net=/proc/${this.#pidOf(index)}/ns/net`, '--'];
  }

  listenOf(): string {
    return multiaddressOf({ host: '0.0.0.0', port: PORT });
  }

  plugsOf(link: LinkEnds): Plugs {
    const { near, far } = hostsOf(this.#numberOf(link));
    return { near: { host: near.here, port: PORT }, far: { host: far.there, port: PORT } };
  }

  relayed({ delayMs }: Line): Line {
    return { delayMs, bitsPerS: null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const holder of this.#holders) holder.kill('SIGKILL');
  }

  /** A cable from here to a daemon, where its end is called `w`, with an address at either end. */
  #plug(name: string, { here, there }: Ends, index: number): void {
    const far = { dev: `w${name.slice(1)}`, ip: there, mac: macOf(there) };
    const near = { dev: name, ip: here, mac: macOf(here) };
    const peer = `peer name ${far.dev} address ${far.mac} netns ${this.#pidOf(index)}`;
    run(`ip link add ${near.dev} address ${near.mac} type veth ${peer}`);
    run(raise(near, far));
    run(`${this.within(index).join(' ')} sh -c '${raise(far, near)}'`);
  }

  #numberOf(link: LinkEnds): number {
    return this.#from + this.#links.indexOf(link);
  }

  #pidOf(index: number): number {
    const pid = this.#holders[index]?.pid;
    if (pid === undefined) throw new Error(`there is no namespace ${index}`);
    return pid;
  }
}

/** The addresses of one cable. */
interface Ends {
  readonly here: string;
  readonly there: string;
}

/** Those of the two cables of a link: sixteen addresses for each link, of 10.0.0.0/8. */
function hostsOf(at: number): { readonly near: Ends; readonly far: Ends } {
  const host = (last: number): string => `10.${at >> 8}.${at & 255}.${last}`;
  return { near: { here: host(1), there: host(2) }, far: { here: host(5), there: host(6) } };
}

/** One end of a cable as the kernel knows it. */
interface Plug {
  readonly dev: string;
  readonly ip: string;
  readonly mac: string;
}

/** Sets one end up, which knows the other one without asking. */
function raise({ dev, ip }: Plug, other: Plug): string {
  return (
    `ip addr add ${ip}/30 dev ${dev} && ip link set ${dev} up && ` +
    `ip neigh add ${other.ip} lladdr ${other.mac} dev ${dev} nud permanent`
  );
}

/** An address that its owner chose (02), and that says its IPv4 address. */
function macOf(ip: string): string {
  const bytes = ip
    .split('.')
    .map((part) => Number.parseInt(part, 10).toString(16).padStart(2, '0'));
  return ['02', '00', ...bytes].join(':');
}

async function openNamespace(): Promise<ChildProcess> {
  const [program, ...rest] = [...WITH_US, ...IN_OWN_NETWORK];
  // Its first words say that the namespace is there.
  const holder = spawn(program, [...rest, 'sh', '-c', 'echo; exec sleep infinity'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return holder;
}

function run(command: string): void {
  const { status, stderr } = spawnSync('sh', ['-c', command]);
  if (status !== 0) throw new Error(`${command}: ${String(stderr).trim()}`);
}
