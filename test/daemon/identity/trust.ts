/** A domain with an authority, entries and a view, for tests of what callers get. */

import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import { addMs, DAY_MS, type UnixMs } from '../../../core/time.ts';
import type { TrustView } from '../../../daemon/identity/directory.ts';
import { createEntry, type Entry, type EntryDraft } from '../../../daemon/identity/entry.ts';
import { createX509Authority, openX509Authority } from '../../../daemon/identity/x509-authority.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { forgeRoot } from './forge.ts';

export const HOME = parseTrustDomain('home.example');
export const AWAY = parseTrustDomain('away.example');

export interface TestTrust {
  readonly random: SeededRandom;
  readonly authority: ReturnType<typeof openX509Authority>;
  readonly awayRoot: Uint8Array;
  entry(name: string, draft?: Partial<EntryDraft>): Entry;
  view(entries: readonly Entry[], change?: Partial<TrustView>): TrustView;
}

export function testTrust(now: UnixMs): TestTrust {
  const random = new SeededRandom('trust');
  const stored = createX509Authority(HOME, now, random);
  const authority = openX509Authority(HOME, stored);
  const awayRoot = forgeRoot(AWAY).der;
  return {
    random,
    authority,
    awayRoot,
    entry: (name, draft = {}) =>
      createEntry(
        { spiffeId: `spiffe://${HOME}/${name}`, selectors: ['unix:uid:1000'], ...draft },
        HOME,
      ),
    view: (entries, change = {}) => ({
      domain: HOME,
      entries,
      ownAuthorities: [stored.certificateDer],
      foreignAuthorities: new Map([[AWAY, [awayRoot]]]),
      issueUntil: addMs(now, 7 * DAY_MS),
      renewUntil: addMs(now, 7 * DAY_MS),
      ...change,
    }),
  };
}
