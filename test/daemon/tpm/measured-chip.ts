/**
 * A chip that measured the sound boot, with the log of that boot as a file: what the tests of the
 * attestation commands work on.
 */

import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hashOf } from '../../../core/ciphers.ts';
import type { Tpm } from '../../../firmware/tpm.ts';
import { extendPcr } from '../../../firmware/tpm-pcr.ts';
import { type MakerFiles, startEndorsed, trustFile } from '../../endorsed-swtpm.ts';
import { bootOf, type Measurement } from '../../fakes/soft-chip.ts';
import { SOUND_BOOT } from '../../firmware/sound-boot.ts';
import type { Swtpm } from '../../swtpm.ts';
import { holdfast, type Outcome } from '../commands/rig.ts';

export const NONCE = '00112233445566778899aabbccddeeff';

/** The chip, and a folder of files beside its state. */
export class MeasuredChip implements AsyncDisposable {
  readonly chip: Swtpm;
  readonly maker: MakerFiles;
  /** Both certificates of the maker. */
  readonly roots: string;

  private constructor(chip: Swtpm, maker: MakerFiles, roots: string) {
    this.chip = chip;
    this.maker = maker;
    this.roots = roots;
  }

  static async start(): Promise<MeasuredChip> {
    const { chip, maker } = await startEndorsed();
    const roots = await trustFile(maker, chip.folder.file('roots.pem'));
    const measured = new MeasuredChip(chip, maker, roots);
    await measured.measure(SOUND_BOOT);
    await measured.writeLog('log', SOUND_BOOT);
    return measured;
  }

  get where(): string {
    return `swtpm:unix:${this.chip.socketPath}`;
  }

  file(name: string): string {
    return this.chip.folder.file(name);
  }

  /** Runs a command line in which `@name` is a file of this folder. */
  run(line: string): Promise<Outcome> {
    const words = line.split(' ').map((word) => word.replace(/^@/, `${this.file('.')}/`));
    return holdfast(words, dirname(this.roots));
  }

  /** Quotes into a file, over `NONCE`, with the log named. */
  async quote(file: string, more = '', log = 'log'): Promise<void> {
    const options = `--nonce ${NONCE} --event-log @${log} --intermediates @maker/issuercert.pem`;
    const line = `attest quote @${file} --tpm ${this.where} ${options} ${more}`.trim();
    const { code, err } = await this.run(line);
    if (code !== 0) throw new Error(err);
  }

  /** The bytes of a log of these measurements, in a file. */
  async writeLog(file: string, measurements: readonly Measurement[]): Promise<void> {
    await writeFile(this.file(file), bootOf('sha256', measurements).eventLog);
  }

  async measure(measurements: readonly Measurement[]): Promise<void> {
    await using tpm = await this.chip.open();
    for (const each of measurements) await extend(tpm, each);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.chip[Symbol.asyncDispose]();
  }
}

async function extend(tpm: Tpm, { pcr, bytes }: Measurement): Promise<void> {
  const banks = ['sha1', 'sha256', 'sha384'] as const;
  await extendPcr(
    tpm,
    pcr,
    banks.map((bank) => ({ bank, digest: hashOf(bank, bytes) })),
  );
}
