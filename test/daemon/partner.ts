/**
 * A partner domain in the hands of a test: every key of it is known, so whatever its authority or a
 * thief could ever say can be written into a bundle file and carried to a live daemon.
 */

import { DAY_MS } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import {
  type BeaconPlan,
  CONTENTS,
  DOMAIN,
  type ForgedBeacon,
  forgeBeacon,
  forgeRoot,
} from '../federation/forge.ts';

/** The partner's name. */
export const PARTNER: string = DOMAIN;

const FOUNDED = Date.now() - DAY_MS;
const ROOT = forgeRoot({ issuedAt: FOUNDED, until: FOUNDED + 300 * DAY_MS });

/** A beacon of the partner: of epoch 100 and made just now, unless the plan says otherwise. */
export function partnerBeacon(plan: BeaconPlan = {}): ForgedBeacon {
  return forgeBeacon({ epoch: 100, issuedAt: Date.now() - 500, ...plan });
}

/** The beacon of a file that names no other. */
const BEACON = partnerBeacon().bytes;

/** A bundle file: what is left out of `parts` is what the partner published. */
export interface FileParts {
  readonly root?: Uint8Array;
  readonly beacon?: Uint8Array;
  readonly manifest?: Uint8Array;
  readonly bundle?: Uint8Array;
}

/** The text of a bundle file of the partner. */
export function partnerFile(parts: FileParts = {}): string {
  const { root = ROOT, manifest = CONTENTS.manifest, bundle = CONTENTS.bundle } = parts;
  const { beacon = BEACON } = parts;
  const blocks = { root, beacon, manifest, bundle };
  return Object.entries(blocks)
    .map(([label, bytes]) => encodeBlock(label, bytes))
    .join('');
}
