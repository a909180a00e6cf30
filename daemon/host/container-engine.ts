/**
 * Asks a container engine about one container, over the Unix socket that it listens at.
 *
 * The engines of root alone are asked: a user's own engine would say about the user's processes
 * whatever the user likes. An engine that is absent, slow or says too much gives no answer.
 */

import { request } from 'node:http';
import { concat } from '../../core/bytes.ts';
import { CONTAINER_ANSWER_BYTES_MAX } from '../../core/limits.ts';
import type { ContainerName } from '../attestation/cgroup.ts';
import { deadline } from './deadline.ts';

const ANSWER_MS_MAX = 2_000;

/** Where each engine listens by default. */
export const ENGINE_SOCKETS: Readonly<Record<ContainerName['engine'], string>> = {
  docker: '/var/run/docker.sock',
  podman: '/run/podman/podman.sock',
};

/** The JSON about a container, or undefined. */
export function inspectContainer(socketPath: string, id: string): Promise<Uint8Array | undefined> {
  const path = `/v1.40/containers/${id}/json`;
  return new Promise((resolve) => {
    const asked = request({
      ...{ socketPath, path, agent: false },
      headers: { host: 'localhost' },
      signal: deadline(ANSWER_MS_MAX),
    });
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    const giveUp = (): void => {
      resolve(undefined);
      asked.destroy();
    };
    asked.once('error', giveUp);
    asked.once('response', (response) => {
      if (response.statusCode !== 200) return giveUp();
      response.on('data', (chunk: Uint8Array) => {
        sizeBytes += chunk.length;
        if (sizeBytes > CONTAINER_ANSWER_BYTES_MAX) giveUp();
        else chunks.push(chunk);
      });
      response.once('error', giveUp);
      response.once('end', () => resolve(response.complete ? concat(...chunks) : undefined));
    });
    asked.end();
  });
}
