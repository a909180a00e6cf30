/**
 * Callers that vanish, and what is left of them: nothing. A thousand in each run; for ten thousand:
 * `HOLDFAST_CALLERS=10000 node dist/test/daemon/workload-api/vanishing.test.js`.
 */

import { readdir } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostProcesses } from '../../../daemon/host/process-facts.ts';
import { authoritySource } from '../../../daemon/identity/authority-source.ts';
import { IdentityDirectory } from '../../../daemon/identity/directory.ts';
import { createWorkloadServer } from '../../../daemon/workload-api/server.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { temporaryFolder } from '../../folder.ts';
import { testTrust } from '../identity/trust.ts';

const vanishing = suite('daemon/workload-api/vanishing');

const CALLERS = Number(process.env.HOLDFAST_CALLERS ?? 1_000);
const AT_ONCE = 50;

/** Connects and goes: before a word, after one, or in the middle of a stream. */
function vanish(path: string, manner: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    if (manner % 3 === 0) socket.once('connect', () => socket.destroy());
    else if (manner % 3 === 1) socket.resume().end('PRI * HTTP/2.0\r\n');
    else {
      const session = connectHttp2('http://localhost', { createConnection: () => socket });
      session.on('error', () => undefined);
      const stream = session.request({
        ':method': 'POST',
        ':path': '/SpiffeWorkloadAPI/FetchX509SVID',
        'content-type': 'application/grpc',
        'workload.spiffe.io': 'true',
      });
      stream.on('error', () => undefined);
      stream.once('response', () => socket.destroy());
      stream.end(Uint8Array.of(0, 0, 0, 0, 0));
    }
  });
}

vanishing(`callers leave nothing open, ${CALLERS} of them`, async () => {
  await using folder = await temporaryFolder();
  const clock = new FakeClock();
  const { signers, random, view, entry } = testTrust(clock.now().wall);
  const selectors = [`unix:uid:${process.getuid?.()}`];
  const directory = new IdentityDirectory({
    ...{ clock, random, source: authoritySource(signers, random) },
    view: view([entry('web', { selectors })]),
  });
  const socketPath = folder.file('workload.sock');
  const options = { socketPath, directory, processes: hostProcesses, log: new MemoryLog() };
  const server = await createWorkloadServer(options);
  const before = (await readdir('/proc/self/fd')).length;
  for (let i = 0; i < CALLERS; i += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, j) => vanish(socketPath, i + j)));
  }
  let after = 0;
  for (let tries = 0; tries < 100; tries++) {
    after = (await readdir('/proc/self/fd')).length;
    if (after <= before) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(after <= before, `${before} descriptors before, ${after} after`);
  directory.close();
  await server.close();
});

vanishing.run();
