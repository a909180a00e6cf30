/**
 * What a boot needs of the machine it runs on: an emulator, firmware, a kernel. As root on Debian
 * or its kin what is missing is installed; elsewhere the reason comes back, and nothing runs.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { missingPrograms } from '../installed.ts';
import { ROOT } from '../root.ts';

/** Packages by what of them is used. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  swtpm: 'swtpm',
  swtpm_setup: 'swtpm-tools',
  swtpm_localca: 'swtpm-tools',
  objcopy: 'binutils',
  mformat: 'mtools',
  mke2fs: 'e2fsprogs',
  sbsign: 'sbsigntool',
};

/** Files of packages; the names are Debian's. */
export const FILES = {
  firmware: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd',
  variables: '/usr/share/OVMF/OVMF_VARS_4M.fd',
  secureVariables: '/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd',
  signingKey: '/usr/share/ovmf/PkKek-1-snakeoil.key',
  signingCertificate: '/usr/share/ovmf/PkKek-1-snakeoil.pem',
  stub: '/usr/lib/systemd/boot/efi/linuxx64.efi.stub',
  busybox: '/bin/busybox',
} as const;

const FILE_PACKAGES: Readonly<Record<keyof typeof FILES, string>> = {
  firmware: 'ovmf',
  variables: 'ovmf',
  secureVariables: 'ovmf',
  signingKey: 'ovmf',
  signingCertificate: 'ovmf',
  stub: 'systemd-boot-efi',
  busybox: 'busybox-static',
};

/** The newest small kernel of Debian is what this package depends on. */
const KERNEL_PACKAGE = 'linux-image-cloud-amd64';
/** Not part of what is published, and kept between runs. */
const KERNEL_FOLDER = join(ROOT, 'dist/test/boot/kernel');

/** The path of a kernel once everything is there; else why not, as `missing`. */
export type Requirements = { readonly kernel: string } | { readonly missing: string };

/** Looks for what is needed, and installs it where it may. */
export function findRequirements(): Requirements {
  if (process.arch !== 'x64') return { missing: 'the guest is x64, and so has to be the runtime' };
  const packages = missingPackages();
  if (packages.length > 0) install(packages);
  const still = missingPackages();
  if (still.length > 0) return { missing: `${still.join(', ')} not installed` };
  const kernel = findKernel() ?? downloadKernel();
  return kernel === undefined
    ? { missing: `${KERNEL_PACKAGE} cannot be downloaded with apt-get` }
    : { kernel };
}

function missingPackages(): readonly string[] {
  const programs = Object.entries(PROGRAMS).filter(([name]) => missingPrograms([name]) !== null);
  const files = (Object.keys(FILES) as (keyof typeof FILES)[]).filter(
    (name) => !existsSync(FILES[name]),
  );
  const packages = [
    ...programs.map(([, name]) => name),
    ...files.map((name) => FILE_PACKAGES[name]),
  ];
  return [...new Set(packages)];
}

function install(packages: readonly string[]): void {
  if (process.getuid?.() !== 0 || missingPrograms(['apt-get']) !== null) return;
  console.log(`installing ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const words of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', ...packages],
  ]) {
    spawnSync('apt-get', words, { env, stdio: 'ignore' });
  }
}

function findKernel(): string | undefined {
  return globSync(join(KERNEL_FOLDER, 'boot/vmlinuz-*')).sort().at(-1);
}

/** Downloads and unpacks the kernel; nothing of it is installed. */
function downloadKernel(): string | undefined {
  if (missingPrograms(['apt-get', 'apt-cache', 'dpkg-deb']) !== null) return undefined;
  const told = spawnSync('apt-cache', ['depends', KERNEL_PACKAGE], { encoding: 'utf8' }).stdout;
  const name = /linux-image-[0-9][\w.+-]+-cloud-amd64/.exec(told)?.[0];
  if (name === undefined) return undefined;
  mkdirSync(KERNEL_FOLDER, { recursive: true });
  spawnSync('apt-get', ['download', '-q', name], { cwd: KERNEL_FOLDER, stdio: 'ignore' });
  const [archive] = globSync(`${name}_*.deb`, { cwd: KERNEL_FOLDER });
  if (archive === undefined) return undefined;
  execFileSync('dpkg-deb', ['--extract', archive, '.'], { cwd: KERNEL_FOLDER });
  return findKernel();
}
