/**
 * A daemon that has nothing to do, watched from outside: twenty domains, links to nineteen of them,
 * and its metrics scraped as a Prometheus server would. What the kernel counts for it is read, so
 * that the daemon does nothing for the sake of being watched.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { DaemonProcess } from '../daemon-process.ts';
import { openNeighbours } from './neighbours.ts';

/** Domains that the daemon holds, its own among them. */
export const DOMAINS = 20;
/** How often its metrics are scraped. */
export const SCRAPE_MS = 15_000;

/** What a process had and used at one moment. */
export interface Sample {
  /** Since the watch began. */
  readonly atMs: number;
  readonly rssMb: number;
  /** Open descriptors, sockets among them. */
  readonly handles: number;
  readonly sockets: number;
  /** Processor time that it used since it was started. */
  readonly cpuMs: number;
}

/** Runs `body` with a daemon that has its domains and links, and takes all of it down after. */
export async function withIdleDaemon<T>(body: (daemon: DaemonProcess) => Promise<T>): Promise<T> {
  const daemon = new DaemonProcess('watched.example');
  daemon.configure(`[metrics]\nlisten = "${metricsSocketOf(daemon)}"\n`);
  try {
    await daemon.start();
    await using _neighbours = await openNeighbours(daemon, DOMAINS - 1);
    return await body(daemon);
  } finally {
    await daemon.remove();
  }
}

/** Scrapes for `forMs`, and hands over what the kernel counted at each scrape. */
export async function watch(
  daemon: DaemonProcess,
  forMs: number,
  take: (sample: Sample) => void,
): Promise<void> {
  const from = performance.now();
  for (let next = 0; next <= forMs; next += SCRAPE_MS) {
    await pause(from + next - performance.now());
    await scrape(metricsSocketOf(daemon));
    take(sampleOf(daemon, performance.now() - from));
  }
}

/** Share of one core that was used between two samples. */
export function cpuShare(first: Sample, last: Sample): number {
  return (last.cpuMs - first.cpuMs) / (last.atMs - first.atMs);
}

function metricsSocketOf(daemon: DaemonProcess): string {
  return join(daemon.folder, 'metrics.sock');
}

function sampleOf(daemon: DaemonProcess, atMs: number): Sample {
  const folder = `/proc/${daemon.process.pid}`;
  const open = readdirSync(`${folder}/fd`).map((fd) => targetOf(`${folder}/fd/${fd}`));
  return {
    atMs: Math.round(atMs),
    rssMb: daemon.residentBytes() / 1_000_000,
    handles: open.length,
    sockets: open.filter((target) => target.startsWith('socket:')).length,
    cpuMs: cpuMsOf(readFileSync(`${folder}/stat`, 'utf8')),
  };
}

/** What a descriptor refers to; nothing once it was closed between the list and the look. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** User and system time of proc_pid_stat(5), fields 14 and 15, in ticks of 10 ms. */
function cpuMsOf(stat: string): number {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(afterName[11]) + Number(afterName[12])) * 10;
}

function scrape(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/metrics' }, (response) => {
      response.resume().once('end', resolve);
    });
    asked.once('error', reject).end();
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
