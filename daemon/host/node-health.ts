/**
 * How the machine itself fares, as far as its kernel tells: disk, memory, temperature, battery, and
 * what this process takes of them. What cannot be read is absent, never a guess.
 */

import { readdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** One look at the machine. Bytes, degrees Celsius, shares from 0 to 1, seconds. */
export interface NodeHealth {
  readonly diskFreeBytes?: number;
  readonly diskBytes?: number;
  readonly memoryAvailableBytes?: number;
  readonly memoryBytes?: number;
  /** Of the hottest zone. */
  readonly temperatureCelsius?: number;
  /** How full the battery is that is emptiest. */
  readonly batteryShare?: number;
  readonly onBattery?: boolean;
  readonly processResidentBytes: number;
  readonly processCpuSeconds: number;
  readonly processOpenFiles?: number;
}

/** Where the kernel tells; another root for tests. */
export interface HealthSources {
  readonly proc: string;
  readonly sys: string;
}
const KERNEL: HealthSources = { proc: '/proc', sys: '/sys' };

/** Looks at the machine whose disk holds `folder`. */
export async function readNodeHealth(
  folder: string,
  sources: HealthSources = KERNEL,
): Promise<NodeHealth> {
  const [disk, memory, temperature, battery, files] = await Promise.all([
    diskOf(folder),
    memoryOf(sources.proc),
    hottestOf(sources.sys),
    batteryOf(sources.sys),
    namesIn(join(sources.proc, 'self/fd')),
  ]);
  const { user, system } = process.cpuUsage();
  return {
    ...{ ...disk, ...memory, ...temperature, ...battery },
    processResidentBytes: process.memoryUsage.rss(),
    processCpuSeconds: (user + system) / 1e6,
    ...(files.length === 0 ? {} : { processOpenFiles: files.length }),
  };
}

async function diskOf(folder: string): Promise<Partial<NodeHealth>> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { diskFreeBytes: bavail * bsize, diskBytes: blocks * bsize };
  } catch {
    return {}; // a file system that does not say
  }
}

async function memoryOf(proc: string): Promise<Partial<NodeHealth>> {
  const text = await textOf(join(proc, 'meminfo'));
  const bytesOf = (name: string): number | undefined => {
    const kilobytes = new RegExp(`^${name}: +([0-9]{1,12}) kB$`, 'm').exec(text)?.[1];
    return kilobytes === undefined ? undefined : Number.parseInt(kilobytes, 10) * 1024;
  };
  const [memoryAvailableBytes, memoryBytes] = [bytesOf('MemAvailable'), bytesOf('MemTotal')];
  if (memoryAvailableBytes === undefined || memoryBytes === undefined) return {};
  return { memoryAvailableBytes, memoryBytes };
}

/** Thermal zones tell thousandths of a degree. Kernel: Documentation/driver-api/thermal. */
async function hottestOf(sys: string): Promise<Partial<NodeHealth>> {
  const folder = join(sys, 'class/thermal');
  const zones = (await namesIn(folder)).filter((name) => name.startsWith('thermal_zone'));
  const readings = await Promise.all(zones.map((zone) => integerIn(join(folder, zone, 'temp'))));
  const known = readings.filter((reading) => reading !== undefined);
  return known.length === 0 ? {} : { temperatureCelsius: Math.max(...known) / 1_000 };
}

/** Kernel: Documentation/ABI/testing/sysfs-class-power. */
async function batteryOf(sys: string): Promise<Partial<NodeHealth>> {
  const folder = join(sys, 'class/power_supply');
  const supplies = await Promise.all(
    (await namesIn(folder)).map(async (name) => ({
      type: (await textOf(join(folder, name, 'type'))).trim(),
      percent: await integerIn(join(folder, name, 'capacity')),
      status: (await textOf(join(folder, name, 'status'))).trim(),
    })),
  );
  const batteries = supplies.filter(({ type }) => type === 'Battery');
  const shares = batteries.flatMap(({ percent }) => (percent === undefined ? [] : [percent / 100]));
  if (shares.length === 0) return {};
  return {
    batteryShare: Math.min(...shares),
    onBattery: batteries.some(({ status }) => status === 'Discharging'),
  };
}

async function integerIn(path: string): Promise<number | undefined> {
  const text = (await textOf(path)).trim();
  return /^-?[0-9]{1,9}$/.test(text) ? Number.parseInt(text, 10) : undefined;
}

/** The text of a small file of the kernel; empty where there is none. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return ''; // this machine has no such sensor
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // this machine has no such sensors
  }
}
