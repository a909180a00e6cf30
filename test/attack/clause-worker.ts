/** A thread that loads the shipping code with one line changed, and runs one test file on it. */

import { registerHooks } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { Clause } from './clauses.ts';

parentPort?.once('message', async ({ file, find, replace, test }: Clause) => {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(`/dist/${file}`)) return loaded;
      const source = String(loaded.source);
      parentPort?.postMessage(source.split(find).length - 1);
      return { ...loaded, source: source.replace(find, () => replace) };
    },
  });
  // Only now: whatever is imported before the hook is loaded as it ships.
  await import(`../${test}`);
});
