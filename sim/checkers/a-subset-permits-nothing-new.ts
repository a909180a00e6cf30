/**
 * A subset of the newest messages permits nothing that neither the old nor the full new state
 * permits: whoever withholds some of them gains nothing. Held at the end of a run, from what a
 * partner believed when something was withdrawn to what the authority holds by then.
 */

import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { Belief } from '../../federation/belief.ts';
import type { FileItem } from '../../federation/bundle-file.ts';
import { readManifest } from '../../federation/manifest.ts';
import { asRead, type Moment } from '../../federation/moment.ts';
import { recordsByDomain, restoreBelief } from '../../federation/record.ts';
import { ACTION_CLASSES } from '../../federation/tier.ts';
import { permitted, viewOf } from '../../federation/view.ts';
import type { CheckerKind } from '../checker.ts';
import type { Machine } from '../machine.ts';
import { itemsOf, settle } from './order-does-not-matter.ts';

const SUBSETS = 4;
const DOMAINS_MAX = 4;
const HALF_PPM = 500_000;

interface Earlier {
  readonly machine: Machine;
  readonly records: ReadonlyMap<string, Uint8Array>;
}

export const aSubsetPermitsNothingNew: CheckerKind = {
  sentence: 'a subset of the newest messages permits nothing new',
  make: (world, fail) => {
    const earlier = new Map<TrustDomain, Earlier>();
    return {
      withdrawn: ({ domain }) => {
        const machine = world.honest.find(
          (one) => one.domain !== domain && one.node !== null && speaksOf(one, domain),
        );
        if (machine === undefined || earlier.size >= DOMAINS_MAX) return;
        earlier.set(domain, { machine, records: new Map(machine.believed) });
      },
      end: () => {
        for (const [domain, { machine, records }] of earlier) {
          // Whoever withholds the proof against a stolen key lets that speak on.
          if (world.stolen.has(domain)) continue;
          const authority = world.authorityOf(domain);
          const mine = recordsByDomain(records).get(domain);
          const { node, clock } = machine;
          if (authority === undefined || mine === undefined || node === null) continue;
          const boot = { bootId: clock.bootId, continuity: 'software' } as const;
          const old = restoreBelief(domain, mine, boot);
          if (old === null || hasLostItsEvidence(old)) continue;
          const now = asRead(clock.now(world.now));
          const dice = world.dice(`subset/${domain}`);
          const items = itemsOf(authority);
          const may = new Set([
            ...permissionsOf(machine, old, now),
            // A body that came late is of the old state: its manifest pins it (PROTOCOL §5.1).
            ...permissionsOf(machine, settle(world, now, old, ownBodies(old, items)), now),
            ...permissionsOf(machine, settle(world, now, old, items), now),
            // As the authority heard of it: a Root may retire the key of a beacon held (§2.5).
            ...permissionsOf(
              machine,
              settle(world, now, settle(world, now, old, upTo(items)), items),
              now,
            ),
          ]);
          for (let i = 0; i < SUBSETS; i++) {
            const some = dice.shuffle(items).filter(() => dice.chance(HALF_PPM));
            const partial = permissionsOf(machine, settle(world, now, old, some), now);
            const gained = partial.find((one) => !may.has(one));
            world.coverage.saw('checker: a subset was given');
            if (gained !== undefined) fail(`${machine.name} may ${gained} of ${domain} by a part`);
          }
        }
      },
    };
  },
};

/**
 * A Root took the beacon, and what it had pinned stays, growing older: it may be acted on again,
 * as old as it is, with the next beacon.
 */
function hasLostItsEvidence({ asOf, documents }: Belief): boolean {
  return asOf === null && documents.size > 0;
}

/** Of these what the beacon held pins already: its manifest, and the documents that this names. */
function ownBodies({ beacon, manifest }: Belief, items: readonly FileItem[]): readonly FileItem[] {
  const named = beacon?.beacon.manifestDigest;
  const envelopes = items.flatMap((item) => (item.kind === 'envelope' ? [item.envelope] : []));
  const given = envelopes.find(({ type, digest }) => type === 'manifest' && digest === named);
  const own = given === undefined ? manifest?.manifest : readManifest(given);
  const pinned = new Set([...(own?.pins.values() ?? [])].map(({ digest }) => digest));
  return items.filter((item) => {
    if (item.kind !== 'envelope') return false;
    return item.envelope === given || pinned.has(item.envelope.digest);
  });
}

/** The same without the Roots that came after the newest beacon. */
function upTo(items: readonly FileItem[]): readonly FileItem[] {
  const envelopes = items.flatMap((item) => (item.kind === 'envelope' ? [item.envelope] : []));
  const root = envelopes.find(({ type }) => type === 'beacon')?.members.u64('root') ?? 0n;
  return items.filter((item) => {
    if (item.kind !== 'envelope' || item.envelope.type !== 'root') return true;
    return item.envelope.members.u64('version') <= root;
  });
}

function speaksOf(machine: Machine, domain: TrustDomain): boolean {
  return [...machine.believed.keys()].some((key) => key.includes(`/${domain}/`));
}

/** Acts that rest on something: what may be done in any tier needs no document. */
const RESTING = ACTION_CLASSES.filter((action) => action !== 'revoke' && action !== 'report');

/** Every act that some document of the belief permits: its class, and the document's digest. */
function permissionsOf({ node }: Machine, belief: Belief, now: Moment): readonly string[] {
  if (node === null) return [];
  const { policy } = node;
  const relation = policy.relations.get(belief.domain) ?? null;
  const view = viewOf(belief, now, { relation, tightening: [], overrides: [] });
  return [...view.documents].flatMap(([name, { digest }]) =>
    RESTING.filter(
      (action) =>
        permitted(view, policy, { action, lifetime: action, documents: [name] }).permitted,
    ).map((action) => `${action} ${name} ${digest}`),
  );
}
