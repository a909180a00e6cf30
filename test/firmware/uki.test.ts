/** PCR 11 foretold from the parts of an image. */

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, fromUtf8, toHex, toUtf8 } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import {
  BOOT_PHASES,
  phasesReached,
  predictPcr11,
  type UkiDigests,
  type UkiSection,
} from '../../firmware/uki.ts';
import { digestUki } from '../../firmware/uki-file.ts';
import { temporaryFolder } from '../folder.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { type PeSection, peOf } from './pe-file.ts';
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

const stub = (version: string): PeSection => ({
  name: '.sdmagic',
  contents: toUtf8(`#### LoaderInfo: systemd-stub ${version} ####`),
});
const STUB = stub('257.9-1');
const CODE = { name: '.text', contents: toUtf8('code of the stub') };
const LINUX = { name: '.linux', contents: toUtf8('the kernel') };
const CMDLINE = { name: '.cmdline', contents: toUtf8('quiet') };

uki('is read off its file, without padding and without the stub', () => {
  const { bank, sections } = digestUki(peOf(CODE, STUB, CMDLINE, LINUX), 'sha384');
  assert.is(bank, 'sha384');
  assert.equal(sections.size, 2);
  assert.equal(sections.get('.linux'), hashOf('sha384', LINUX.contents));
  assert.equal(sections.get('.cmdline'), hashOf('sha384', CMDLINE.contents));
});

uki('of an old stub has sections that are not measured', () => {
  const sbat = { name: '.sbat', contents: toUtf8('sbat,1') };
  const measuredBy = (version: string): boolean =>
    digestUki(peOf(stub(version), sbat, LINUX), 'sha256').sections.has('.sbat');
  assert.is(measuredBy('252.39-1~deb12u2'), false);
  assert.is(measuredBy('253.1'), false);
  assert.is(measuredBy('254-1'), true);
  assert.is(measuredBy('260~rc1'), true);
});

const brokenFiles: readonly (readonly [string, Uint8Array])[] = [
  ['no kernel', peOf(STUB)],
  ['no stub of systemd', peOf(LINUX)],
  ['a stub of no version', peOf(LINUX, stub('next'))],
  ['a section twice', peOf(STUB, LINUX, CMDLINE, CMDLINE)],
  ['a section that is loaded beyond the file', peOf(STUB, { ...LINUX, loadedBytes: 0x201 })],
  ['no DOS header', peOf(STUB, LINUX).subarray(2)],
  ['no PE header', peOf(STUB, LINUX).fill(0, 0x80, 0x84)],
  ['a section beyond its end', peOf(STUB, LINUX).subarray(0, 0x2f0)],
  ['nothing in it', new Uint8Array(0)],
];

for (const [name, file] of brokenFiles) {
  uki(`with ${name} is refused`, () => {
    refuses('uki-malformed', () => digestUki(file, 'sha256'));
  });
}

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

const MEASURE = '/usr/lib/systemd/systemd-measure';

if (!existsSync(MEASURE)) {
  skip('firmware/uki › agrees with systemd-measure', `${MEASURE} is not installed`);
} else {
  uki('agrees with systemd-measure on sections, phases and banks', async () => {
    await using folder = await temporaryFolder();
    const names = [
      '.linux',
      '.osrel',
      '.cmdline',
      '.initrd',
      '.splash',
      '.dtb',
      '.pcrpkey',
    ] as const;
    const words = names.map((name) => {
      writeFileSync(folder.file(name), `contents of ${name}`);
      return `--${name.slice(1)}=${folder.file(name)}`;
    });
    for (const bank of ['sha256', 'sha384'] as const) {
      const digests = names.map(
        (name) => [name, hashOf(bank, toUtf8(`contents of ${name}`))] as const,
      );
      const whole: UkiDigests = { bank, sections: new Map(digests) };
      for (const count of [0, 1, 4]) {
        const phases = BOOT_PHASES.slice(0, count);
        const asked = [`--bank=${bank}`, `--phase=${phases.join(':') || ':'}`];
        const { stdout } = spawnSync(MEASURE, ['calculate', ...words, ...asked]);
        const expected = `11:${bank}=${toHex(predictPcr11(whole, phases))}`;
        assert.ok(String(stdout).includes(expected), `${expected} in ${stdout}`);
      }
    }
  });
}

uki.run();
