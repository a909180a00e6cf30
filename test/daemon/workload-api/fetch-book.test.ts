/** Who fetched what: the newest of each identity, with the user who asked. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bootMs, unixMs } from '../../../core/time.ts';
import type { WorkloadIdentity } from '../../../daemon/identity/directory.ts';
import type { Selector } from '../../../daemon/identity/selector.ts';
import { FetchBook } from '../../../daemon/workload-api/fetch-book.ts';

const fetches = suite('daemon/workload-api/fetch-book');

const identity = (spiffeId: string, notAfter: number) =>
  ({ entry: { spiffeId }, svid: { notAfter: unixMs(notAfter) } }) as unknown as WorkloadIdentity;
const selectors = ['unix:gid:7', 'unix:uid:1000', 'unix:path:/bin/x'] as Selector[];

fetches('are kept by identity, the newest of each', () => {
  const book = new FetchBook();
  book.note({ identities: [identity('b', 1_000), identity('a', 1_000)] }, selectors, bootMs(10));
  book.note({ identities: [identity('b', 5_000)] }, selectors, bootMs(20));
  assert.equal(book.views(bootMs(30)), [
    { spiffeId: 'a', uid: 1_000, notAfter: '1970-01-01T00:00:01.000Z', agoMs: 20 },
    { spiffeId: 'b', uid: 1_000, notAfter: '1970-01-01T00:00:05.000Z', agoMs: 10 },
  ]);
});

fetches.run();
