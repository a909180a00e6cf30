/** The state of an image that nobody has booted, drafted like an approved one. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../../core/bytes.ts';
import { hashOf } from '../../../core/ciphers.ts';
import { draftUkiState } from '../../../daemon/tpm/uki-state.ts';
import type { ReferenceState } from '../../../firmware/references.ts';
import { BOOT_PHASES, predictPcr11, type UkiDigests } from '../../../firmware/uki.ts';

const successors = suite('daemon/tpm/uki-state');

const ANY = new Set([toHex(new Uint8Array(32))]);
const LIKE: ReferenceState = {
  name: 'edge 12',
  bank: 'sha256',
  pcrs: new Map([4, 7, 11].map((pcr) => [pcr, ANY])),
  events: [4, 7, 11].map((pcr) => ({ pcr, allow: ANY, require: ANY })),
  secureBoot: 'required',
  firmwareVersionMin: 3n,
};
const LINUX = hashOf('sha256', toUtf8('the next kernel'));
const IMAGE: UkiDigests = { bank: 'sha256', sections: new Map([['.linux', LINUX]]) };

successors('hold to the image in the phases of services, and not to its loaders', () => {
  const state = draftUkiState(LIKE, IMAGE, 'edge 13');
  assert.equal([...state.pcrs.keys()], [7, 11]);
  const sysinit = toHex(predictPcr11(IMAGE, BOOT_PHASES.slice(0, 3)));
  const ready = toHex(predictPcr11(IMAGE, BOOT_PHASES));
  assert.equal(state.pcrs.get(11), new Set([sysinit, ready]));
  assert.is(state.secureBoot, 'required');
  assert.is(state.firmwareVersionMin, 3n);
});

successors('name the image by its sections, so that a difference names an event', () => {
  const rule = draftUkiState(LIKE, IMAGE, 'edge 13').events.find(({ pcr }) => pcr === 11);
  assert.ok(rule?.require.has(toHex(LINUX)));
  assert.is(rule?.require.size, 2);
  assert.is(rule?.allow.size, 2 + BOOT_PHASES.length);
});

successors('hold to no phase where the state they are like holds to none', () => {
  const values = new Set(Array.from({ length: 5 }, (_, i) => toHex(new Uint8Array(32).fill(i))));
  const early = { ...LIKE, pcrs: new Map([[11, values]]) };
  const found = draftUkiState(early, IMAGE, 'edge 13').pcrs.get(11);
  assert.is(found?.size, 5);
  assert.ok(found?.has(toHex(predictPcr11(IMAGE, []))));
});

successors.run();
