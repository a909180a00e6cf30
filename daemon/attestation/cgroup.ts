/**
 * What the place of a process in the cgroup tree says: its systemd unit and its container
 * (cgroups(7); systemd's CGROUP_DELEGATION).
 *
 * Only places that root alone can make count. A user may make any name below the cgroup that was
 * delegated to it, `docker-<id>.scope` of somebody else's container too, so what is looked for has
 * to stand at the top, before the first unit. What is found there and nowhere else is the truth.
 */

/** A container, by the engine that runs it. */
export interface ContainerName {
  readonly engine: 'docker' | 'podman';
  /** 64 hex digits. */
  readonly id: string;
}

const UNIT = /\.(?:service|scope|socket|mount|swap)$/;
const CONTAINERS: readonly (readonly [ContainerName['engine'], RegExp])[] = [
  ['docker', /^\/system\.slice\/docker-([0-9a-f]{64})\.scope(?:\/|$)/],
  ['docker', /^\/docker\/([0-9a-f]{64})(?:\/|$)/],
  ['podman', /^\/machine\.slice\/libpod-([0-9a-f]{64})\.scope(?:\/|$)/],
  ['podman', /^\/libpod_parent\/libpod-([0-9a-f]{64})(?:\/|$)/],
];

/** The path in the unified hierarchy, out of `/proc/<pid>/cgroup`; undefined if there is none. */
export function cgroupPathIn(text: string): string | undefined {
  // A place outside of our own root is shown by dots, and means nothing to us.
  const path = /^0::(\/.*)$/m.exec(text)?.[1];
  return path === undefined || path.split('/').includes('..') ? undefined : path;
}

/** The system's unit that a process belongs to: the first that is no slice. */
export function unitIn(cgroupPath: string): string | undefined {
  const segments = cgroupPath.split('/').slice(1);
  const first = segments.find((segment) => !segment.endsWith('.slice'));
  if (first === undefined || !UNIT.test(first)) return undefined;
  // systemd puts an underscore before what would clash with a file of the kernel.
  return first.replace(/^_/, '');
}

/** The container that a process belongs to. */
export function containerIn(cgroupPath: string): ContainerName | undefined {
  for (const [engine, pattern] of CONTAINERS) {
    const id = pattern.exec(cgroupPath)?.[1];
    if (id !== undefined) return { engine, id };
  }
  return undefined;
}
