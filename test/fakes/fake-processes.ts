/** The `ProcessInspector` port: one caller whose facts and whose end a test decides. */

import type { Digest } from '../../core/digest.ts';
import type { ContainerName } from '../../daemon/attestation/cgroup.ts';
import type {
  ConnectedProcess,
  ProcessInspector,
} from '../../daemon/attestation/workload-attestor.ts';

export class FakeProcesses implements ProcessInspector {
  caller = { pid: 4242, uid: 1000, gid: 1000 };
  isAlive = true;
  startTime: string | undefined = '77';
  path: string | undefined = '/usr/bin/web';
  digest: Digest | undefined;
  groupIds: readonly number[] | undefined = [];
  cgroupPath: string | undefined;
  readonly userNames = new Map<number, string>();
  readonly groupNames = new Map<number, string>();
  readonly unitFiles = new Map<string, string>();
  /** What the engine answers, by the container's id. */
  readonly containers = new Map<string, Uint8Array>();
  /** Called each time the executable was named: where a test changes the world half-way. */
  afterPath: (() => void) | undefined;
  /** How many connections are open, and how many executables were hashed. */
  open = 0;
  hashed = 0;

  peerOf(): ConnectedProcess {
    this.open += 1;
    return {
      ...this.caller,
      isAlive: () => this.isAlive,
      close: () => {
        this.open -= 1;
      },
    };
  }

  startTimeOf(): Promise<string | undefined> {
    return Promise.resolve(this.startTime);
  }

  executablePathOf(): Promise<string | undefined> {
    const { path } = this;
    this.afterPath?.();
    return Promise.resolve(path);
  }

  executableDigestOf(): Promise<Digest | undefined> {
    this.hashed += 1;
    return Promise.resolve(this.digest);
  }

  groupIdsOf(): Promise<readonly number[] | undefined> {
    return Promise.resolve(this.groupIds);
  }

  cgroupPathOf(): Promise<string | undefined> {
    return Promise.resolve(this.cgroupPath);
  }

  userNameOf(uid: number): Promise<string | undefined> {
    return Promise.resolve(this.userNames.get(uid));
  }

  groupNameOf(gid: number): Promise<string | undefined> {
    return Promise.resolve(this.groupNames.get(gid));
  }

  unitFileOf(unit: string): Promise<string | undefined> {
    return Promise.resolve(this.unitFiles.get(unit));
  }

  inspectContainer({ id }: ContainerName): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.containers.get(id));
  }
}
