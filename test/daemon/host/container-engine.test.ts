/** Asking an engine on a real socket: a good answer, and every bad one, which is none. */

import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8 } from '../../../core/bytes.ts';
import { CONTAINER_ANSWER_BYTES_MAX } from '../../../core/limits.ts';
import { inspectContainer } from '../../../daemon/host/container-engine.ts';
import { temporaryFolder } from '../../folder.ts';

const engines = suite('daemon/host/container-engine');

const ID = 'ab'.repeat(32);

/** What is read from an engine that answers like this. */
async function ask(answer: RequestListener): Promise<string | undefined> {
  await using folder = await temporaryFolder();
  const server: Server = createServer(answer).listen(folder.file('engine.sock'));
  await once(server, 'listening');
  const told = await inspectContainer(folder.file('engine.sock'), ID);
  server.closeAllConnections();
  server.close();
  return told === undefined ? undefined : fromUtf8(told);
}

engines('hand over what they say about a container', async () => {
  const told = await ask((request, response) => response.end(`${request.method} ${request.url}`));
  assert.is(told, `GET /v1.40/containers/${ID}/json`);
});

engines('that know nothing, break off, say too much or never end give no answer', async () => {
  const answers: readonly RequestListener[] = [
    (_, response) => response.writeHead(404).end('{}'),
    (_, response) => response.writeHead(302, { location: 'http://x/' }).end(),
    (request) => request.socket.destroy(),
    (request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => request.socket.destroy());
    },
    (_, response) => response.end('x'.repeat(CONTAINER_ANSWER_BYTES_MAX + 1)),
    (_, response) => response.write('{'),
  ];
  for (const answer of answers) assert.is(await ask(answer), undefined);
});

engines('that are not there give none', async () => {
  assert.is(await inspectContainer('/nonexistent/engine.sock', ID), undefined);
});

engines.run();
