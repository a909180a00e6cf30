/** The `ProcessInspector` port: one caller whose facts and whose end a test decides. */

import type { Digest } from '../../core/digest.ts';
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
}
