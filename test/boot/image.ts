/**
 * Unified kernel images, the disk that firmware boots them from, and the one that keeps state.
 *
 * An image is systemd's stub with kernel, root file system and command line in sections of their
 * own; the stub measures each of them into PCR 11 (systemd-stub(7)). Firmware measures the image
 * as a whole into PCR 4, and under Secure Boot asks for its signature.
 */

import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { TemporaryFolder } from '../folder.ts';
import { FILES } from './requirements.ts';

/** What an image is made of. */
export interface ImageParts {
  readonly kernel: string;
  readonly initramfs: string;
  readonly commandLine: string;
}

/** Where sections are loaded: far enough apart for a kernel, and for what follows it. */
const ADDRESSES = {
  '.osrel': 0x2_0000,
  '.cmdline': 0x3_0000,
  '.linux': 0x200_0000,
  '.initrd': 0x400_0000,
} as const;

/** Builds an image; the path of its file. */
export function buildImage(folder: TemporaryFolder, name: string, parts: ImageParts): string {
  const inside = (part: string, text: string): string => {
    const path = folder.file(`${name}.${part}`);
    writeFileSync(path, text);
    return path;
  };
  const sections: Readonly<Record<keyof typeof ADDRESSES, string>> = {
    '.osrel': inside('osrel', 'ID=holdfast\nPRETTY_NAME="Holdfast boot test"\n'),
    '.cmdline': inside('cmdline', parts.commandLine),
    '.linux': parts.kernel,
    '.initrd': parts.initramfs,
  };
  const words = Object.entries(ADDRESSES).flatMap(([section, address]) => [
    ...['--add-section', `${section}=${sections[section as keyof typeof ADDRESSES]}`],
    ...['--change-section-vma', `${section}=0x${address.toString(16)}`],
  ]);
  const image = folder.file(`${name}.efi`);
  execFileSync('objcopy', [...words, FILES.stub, image], { stdio: 'ignore' });
  return image;
}

/** Signs an image by the key that the firmware of the tests was given. */
export function signImage(folder: TemporaryFolder, image: string): string {
  const key = createPrivateKey({
    key: readFileSync(FILES.signingKey),
    passphrase: SNAKEOIL_PASSPHRASE,
  });
  const keyFile = folder.file('signing.key');
  writeFileSync(keyFile, key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const signed = image.replace(/\.efi$/, '.signed.efi');
  const by = ['--key', keyFile, '--cert', FILES.signingCertificate];
  execFileSync('sbsign', [...by, '--output', signed, image], { stdio: 'ignore' });
  return signed;
}

/** As the package of the firmware documents it: the key is for tests, and everybody has it. */
const SNAKEOIL_PASSPHRASE = 'snakeoil';

const DISK_MIB = 256;
const STATE_MIB = 64;

/** A disk with one FAT file system, on which firmware finds the image by its default name. */
export function buildDisk(image: string): string {
  const disk = image.replace(/\.efi$/, '.disk');
  const sectors = DISK_MIB * 2_048;
  execFileSync('mformat', ['-i', disk, '-C', '-F', '-T', String(sectors), '::']);
  execFileSync('mmd', ['-i', disk, '::/EFI', '::/EFI/BOOT']);
  execFileSync('mcopy', ['-i', disk, image, '::/EFI/BOOT/BOOTX64.EFI']);
  return disk;
}

/** A disk with one empty file system, for what the guest is to remember. */
export function buildStateDisk(folder: TemporaryFolder): string {
  const disk = folder.file('state.disk');
  execFileSync('mke2fs', ['-q', '-t', 'ext4', disk, `${STATE_MIB}M`], { stdio: 'ignore' });
  return disk;
}
