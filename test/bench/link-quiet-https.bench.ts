/** The rival of plain SPIFFE federation: an HTTPS poll of each domain's bundle each period. */

import { request } from 'node:https';
import { SECOND_MS } from '../../core/time.ts';
import {
  answerWith,
  BLUE,
  bundleOf,
  CURRENT,
  serveForeign,
  webLeaf,
} from '../daemon/bundle-endpoint/foreign.ts';
import { forgeRoot } from '../daemon/identity/forge.ts';
import type { Bench } from './bench.ts';
import { countingCable, DOMAINS, LINK_BYTES_PER_S, PERIOD_MS } from './quiet-link.ts';

/**
 * `link.quiet.https`: one poll of a small bundle through the same counter, of as many servers as
 * there are domains, each over a connection of its own; 1 is the whole link.
 */
export const bench: Bench = {
  name: 'link.quiet.https',
  unit: 'of the link',
  measure: async () => {
    const root = forgeRoot(BLUE, CURRENT);
    await using server = await serveForeign(
      webLeaf(root, CURRENT),
      answerWith(() => bundleOf([root])),
    );
    const cable = await countingCable(server.port);
    await poll(cable.port);
    cable.close();
    return { value: (DOMAINS * cable.bytes) / (PERIOD_MS / SECOND_MS) / LINK_BYTES_PER_S };
  },
};

/** Polls once. What the certificate says is of no interest here, only what it weighs. */
function poll(port: number): Promise<void> {
  const options = { host: '127.0.0.1', port, agent: false, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      response.on('end', resolve);
      response.resume();
    });
    asked.on('error', reject);
    asked.end();
  });
}
