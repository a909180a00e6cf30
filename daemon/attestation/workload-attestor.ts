/**
 * What a caller of a local socket is, as selectors (SPIFFE Workload API §4, identification of the
 * caller).
 *
 * The kernel says who connected; `/proc` says what that process runs. The second is about a
 * process number, which may be given to another process in the meantime, so the process must be
 * seen to be the same and alive after everything was read. What could not be read is an absent
 * selector: a caller never gains by it. Not defeated here: a process that connects, hands the
 * socket to a child and then executes another program shows that program's path and contents;
 * `unix:path` and `unix:sha256` say which program runs, and only together with `unix:uid` whose.
 */

import type { Digest } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Selector, selectorOf } from '../identity/selector.ts';
import { type ContainerName, containerIn, unitIn } from './cgroup.ts';
import { containerSelectors } from './container.ts';

/** The process at the other end of a socket, as the kernel recorded it on connecting. */
export interface ConnectedProcess {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** False once the process is known to have ended. */
  isAlive(): boolean;
  /** Gives back what the machine keeps open for this. */
  close(): void;
}

/** What the machine can say about processes; `daemon/host` implements it. */
export interface ProcessInspector {
  /** Who is connected to a socket. Refuses `workload-gone`. */
  peerOf(socketFd: number): ConnectedProcess;
  /** Start time in the kernel's own count: with the pid, the name of one process for one boot. */
  startTimeOf(pid: number): Promise<string | undefined>;
  /** The path of the executable; undefined unless it means to us what it means to the process. */
  executablePathOf(pid: number): Promise<string | undefined>;
  /** Supplementary groups. */
  groupIdsOf(pid: number): Promise<readonly number[] | undefined>;
  /** The path in the unified cgroup hierarchy. */
  cgroupPathOf(pid: number): Promise<string | undefined>;
  userNameOf(uid: number): Promise<string | undefined>;
  groupNameOf(gid: number): Promise<string | undefined>;
  /** The file that defines a systemd unit. */
  unitFileOf(unit: string): Promise<string | undefined>;
  /** The engine's JSON about a container. */
  inspectContainer(name: ContainerName): Promise<Uint8Array | undefined>;
  /** SHA-256 of the executable; undefined beyond `WORKLOAD_BINARY_BYTES_MAX`. */
  executableDigestOf(pid: number): Promise<Digest | undefined>;
}

/** What is costly to read, and so is read only if an entry asks for it. */
export interface CostlyFacts {
  /** The whole executable. */
  readonly sha256: boolean;
  /** What a container engine says. */
  readonly container: boolean;
}

/** The selectors of a caller. Refuses `workload-gone` unless it lived on through the reading. */
export async function attestWorkload(
  caller: ConnectedProcess,
  inspector: ProcessInspector,
  asked: CostlyFacts,
): Promise<readonly Selector[]> {
  const { pid } = caller;
  const startTime = await inspector.startTimeOf(pid);
  const [[path, digest, pathAfter], ofUser, ofPlace] = await Promise.all([
    programFacts(pid, inspector, asked),
    userFacts(caller, inspector),
    placeFacts(pid, inspector, asked),
  ]);
  const startTimeAfter = await inspector.startTimeOf(pid);
  if (startTime === undefined || startTime !== startTimeAfter || !caller.isAlive()) {
    throw new Refusal('workload-gone', { pid });
  }
  // A program executed half-way would show the path of one file and the contents of another.
  const ofProgram: readonly Fact[] =
    path === pathAfter
      ? [
          ['unix:path', path],
          ['unix:sha256', digest],
        ]
      : [];
  return [...selectorsOf([...ofUser, ...ofProgram, ...ofPlace.facts]), ...ofPlace.ofContainer];
}

/** A kind of selector and what was read; undefined where it could not be. */
type Fact = readonly [kind: string, value: string | number | undefined];

/** The path, the contents, and the path again. */
async function programFacts(
  pid: number,
  inspector: ProcessInspector,
  asked: CostlyFacts,
): Promise<readonly [string | undefined, Digest | undefined, string | undefined]> {
  const path = await inspector.executablePathOf(pid);
  const digest = asked.sha256 ? await inspector.executableDigestOf(pid) : undefined;
  return [path, digest, digest === undefined ? path : await inspector.executablePathOf(pid)];
}

async function userFacts(
  { pid, uid, gid }: ConnectedProcess,
  inspector: ProcessInspector,
): Promise<readonly Fact[]> {
  const [user, group, supplementary = []] = await Promise.all([
    inspector.userNameOf(uid),
    inspector.groupNameOf(gid),
    inspector.groupIdsOf(pid),
  ]);
  const names = await Promise.all(supplementary.map((id) => inspector.groupNameOf(id)));
  return [
    ['unix:uid', uid],
    ['unix:gid', gid],
    ['unix:user', user],
    ['unix:group', group],
    ...supplementary.map((id): Fact => ['unix:supplementary_gid', id]),
    ...names.map((name): Fact => ['unix:supplementary_group', name]),
  ];
}

async function placeFacts(
  pid: number,
  inspector: ProcessInspector,
  asked: CostlyFacts,
): Promise<{ readonly facts: readonly Fact[]; readonly ofContainer: readonly Selector[] }> {
  const place = await inspector.cgroupPathOf(pid);
  if (place === undefined) return { facts: [], ofContainer: [] };
  const unit = unitIn(place);
  const unitFile = unit === undefined ? undefined : await inspector.unitFileOf(unit);
  const container = asked.container ? containerIn(place) : undefined;
  const told = container === undefined ? undefined : await inspector.inspectContainer(container);
  return {
    facts: [
      ['cgroup:path', place],
      ['systemd:id', unit],
      ['systemd:fragment_path', unitFile],
    ],
    ofContainer:
      container === undefined || told === undefined ? [] : containerSelectors(told, container.id),
  };
}

function selectorsOf(facts: readonly Fact[]): readonly Selector[] {
  return facts
    .map(([kind, value]) => (value === undefined ? undefined : selectorOf(kind, value)))
    .filter((selector) => selector !== undefined);
}
