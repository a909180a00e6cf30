/**
 * Who on this machine fetched which X509-SVID last, since the start: for people who want to know
 * whether a workload holds what it should. In memory alone; nothing rests on it.
 */

import { ENTRIES_MAX } from '../../core/limits.ts';
import { type BootMs, elapsedMs } from '../../core/time.ts';
import type { FetchedView } from '../control/views.ts';
import type { WorkloadIdentities } from '../identity/directory.ts';
import type { Selector } from '../identity/selector.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';

type Fetch = Omit<FetchedView, 'agoMs'> & { readonly at: BootMs };

const UID = /^unix:uid:([0-9]{1,10})$/;

export class FetchBook {
  readonly #fetches = new Map<string, Fetch>();

  /** An answer went to a process that these selectors describe. The oldest makes room. */
  note(
    { identities }: Pick<WorkloadIdentities, 'identities'>,
    selectors: readonly Selector[],
    at: BootMs,
  ): void {
    const uid = selectors.map((each) => UID.exec(each)?.[1]).find((found) => found !== undefined);
    for (const { entry, svid } of identities) {
      const { spiffeId } = entry;
      this.#fetches.delete(spiffeId);
      const [oldest] = this.#fetches.keys();
      if (this.#fetches.size >= ENTRIES_MAX && oldest !== undefined) this.#fetches.delete(oldest);
      const notAfter = formatRfc3339(svid.notAfter);
      this.#fetches.set(spiffeId, { spiffeId, uid: Number.parseInt(uid ?? '', 10), notAfter, at });
    }
  }

  /** All of them, by SPIFFE ID. */
  views(now: BootMs): readonly FetchedView[] {
    return [...this.#fetches.values()]
      .map(({ at, ...fetch }) => ({ ...fetch, agoMs: elapsedMs(at, now) }))
      .sort((a, b) => (a.spiffeId < b.spiffeId ? -1 : 1));
  }
}
