/**
 * A domain of which every key is known, half a year apart: what it said then, and all that whoever
 * was away since has to climb. Its second Root calls the key compromised that signed until then.
 */

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { signerOf } from '../fakes/coalition.ts';
import { DOMAIN, forgeBeacon, forgeContents, forgeRoot, KEYS } from '../federation/forge.ts';

/** The domain. */
export const AWAY_DOMAIN: string = DOMAIN;
export const AWAY_ROOTS = 12;
export const AWAY_EPOCH = 50_000;

const AWAY_MS = 182 * DAY_MS;
const LIMITS = { freshForMs: 10 * MINUTE_MS, degradedForMs: HOUR_MS, survivalForMs: DAY_MS };

/** Two bundle files: of half a year ago, and of this moment. */
export interface HalfAYear {
  readonly before: string;
  readonly now: string;
}

/** Writes both files; `nowMs` is the time of the second. */
export function halfAYear(nowMs: number): HalfAYear {
  const thenMs = nowMs - AWAY_MS;
  const until = nowMs + 100 * DAY_MS;
  const [stolen = KEYS.root, standby = KEYS.root] = KEYS.beacon;
  const beacon = [standby, signerOf('blue/beacon-2')];
  const later = { beacon, ranks: [1, 2], compromised: [stolen], until };
  const roots = [
    forgeRoot({ issuedAt: thenMs - DAY_MS, until }),
    ...Array.from({ length: AWAY_ROOTS - 1 }, (_, i) =>
      forgeRoot({ version: i + 2, issuedAt: thenMs + (i + 1) * DAY_MS, ...later }),
    ),
  ];
  return {
    before: fileOf(roots.slice(0, 1), { epoch: 1, issuedAt: thenMs }),
    now: fileOf(roots, {
      ...{ epoch: AWAY_EPOCH, issuedAt: nowMs - SECOND_MS },
      ...{ root: AWAY_ROOTS, rank: 1, signer: standby },
    }),
  };
}

function fileOf(
  roots: readonly Uint8Array[],
  plan: NonNullable<Parameters<typeof forgeBeacon>[0]> & { readonly epoch: number },
): string {
  const { manifest, bundle } = forgeContents(plan.epoch);
  const beacon = forgeBeacon({ ...plan, manifest, members: { limits: LIMITS } }).bytes;
  const blocks = [
    ...roots.map((bytes) => ['root', bytes] as const),
    ...Object.entries({ beacon, manifest, bundle }),
  ];
  return blocks.map(([label, bytes]) => encodeBlock(label, bytes)).join('');
}
