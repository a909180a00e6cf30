/** PCR 11 foretold from the parts of an image. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, fromUtf8, toHex } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import {
  BOOT_PHASES,
  phasesReached,
  predictPcr11,
  type UkiDigests,
  type UkiSection,
} from '../../firmware/uki.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { pcrsOf, VECTORS_ABSENT, vector, vectorJson } from './vectors.ts';

const uki = suite('firmware/uki');

function image(...sections: readonly (readonly [UkiSection, Uint8Array])[]): UkiDigests {
  return { bank: 'sha256', sections: new Map(sections) };
}

const SOME = new Uint8Array(32).fill(7);

uki('without a kernel is refused', () => {
  refuses('uki-malformed', () => predictPcr11(image(['.osrel', SOME]), []));
});

uki('with a digest of another bank is refused', () => {
  refuses('uki-malformed', () => predictPcr11(image(['.linux', new Uint8Array(48)]), []));
});

uki('with a section that is not measured is refused', () => {
  const signatures = '.pcrsig' as UkiSection;
  refuses('uki-malformed', () => predictPcr11(image(['.linux', SOME], [signatures, SOME]), []));
});

uki('is measured in the order of systemd, not of the file', () => {
  const forth = image(['.linux', SOME], ['.initrd', SOME]);
  const back = image(['.initrd', SOME], ['.linux', SOME]);
  assert.equal(predictPcr11(forth, []), predictPcr11(back, []));
});

uki('tells the phase that a boot has reached', () => {
  const kernel = image(['.linux', SOME]);
  for (const count of [0, 1, 2, 3, 4]) {
    assert.is(phasesReached(kernel, predictPcr11(kernel, BOOT_PHASES.slice(0, count))), count);
  }
  assert.is(phasesReached(kernel, SOME), null);
});

if (VECTORS_ABSENT !== null) {
  skip('firmware/uki › the image of a real boot', VECTORS_ABSENT);
} else {
  const sums = fromUtf8(vector('qemu-ovmf-uki/sections.sha256')).split('\n');
  const sumOf = (name: string): Uint8Array =>
    fromHex(sums.find((line) => line.includes(name))?.slice(0, 64) ?? '');
  const booted = image(
    ['.linux', sumOf('vmlinuz')],
    ['.osrel', hashOf('sha256', vector('qemu-ovmf-uki/osrel'))],
    ['.cmdline', hashOf('sha256', vector('qemu-ovmf-uki/cmdline'))],
    ['.initrd', sumOf('initrd')],
  );

  uki('of a real boot is foretold', () => {
    const pcrs = pcrsOf(vectorJson('qemu-ovmf-uki/expected-pcrs.json').sha256);
    assert.is(toHex(predictPcr11(booted, [])), toHex(pcrs.get(11) ?? new Uint8Array(0)));
    assert.ok(toHex(predictPcr11(booted, [])).startsWith('13afee85'));
  });
}

uki.run();
