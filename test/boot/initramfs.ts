/**
 * The root file system of the guest: busybox, the pinned runtime with its libraries, and the
 * daemon as it ships (`bin`, `dist` without tests, packages of production).
 */

import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { ROOT } from '../root.ts';
import { type ArchiveEntry, encodeArchive } from './cpio.ts';

/** What a package needs at run time; maps, types and readmes only make the boot longer. */
const SHIPPED = /(?:^|\/)(?:package\.json|[^/]+\.(?:js|mjs|cjs|node|json))$/;
/** Native code for the guest, as two packages name its place. */
const GUEST = /(?:^|\/)linux[-_]x64\/(?!.*musl)/;
const HOME = 'holdfast';

/** The compressed archive. */
export function buildInitramfs(): Uint8Array {
  const runtime = join(ROOT, `node_modules/node-linux-${process.arch}/bin/node`);
  return zstdCompressSync(
    encodeArchive([
      file('init', join(ROOT, 'test/boot/init.sh')),
      ...programEntries('bin/busybox', '/bin/busybox'),
      ...programEntries('bin/node', runtime),
      ...daemonEntries(),
      { kind: 'link', path: 'bin/holdfast', target: `/${HOME}/bin/holdfast.mjs` },
    ]),
  );
}

/** A program and the libraries that its loader would look for, under the same names. */
function programEntries(path: string, program: string): readonly ArchiveEntry[] {
  const libraries = librariesOf(program);
  return [file(path, program), ...libraries.map((library) => file(library.slice(1), library))];
}

function librariesOf(program: string): readonly string[] {
  const { status, stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return status === 0 ? (stdout.match(/(?<=\s)\/\S+/g) ?? []) : []; // else it is static
}

function daemonEntries(): readonly ArchiveEntry[] {
  const own = ['package.json', ...globSync('bin/*.mjs', { cwd: ROOT })];
  const built = globSync('dist/**/*.js', { cwd: ROOT }).filter((path) => !isTest(path));
  const packages = productionPackages().flatMap(filesOf);
  const native = packages.filter((path) => path.endsWith('.node'));
  const libraries = new Set(native.flatMap((path) => librariesOf(join(ROOT, path))));
  return [
    ...[...libraries].sort().map((library) => file(library.slice(1), library)),
    ...[...own, ...built, ...packages]
      .sort()
      .map((path) => file(`${HOME}/${path}`, join(ROOT, path))),
  ];
}

/** What the guest needs of a package, by paths from the root of the project. */
function filesOf(folder: string): readonly string[] {
  // A pattern that began with the folder would be excluded whole, by its first name.
  const within = join(ROOT, folder);
  return globSync('**/*', { cwd: within, exclude: (name) => name === 'node_modules' })
    .filter((path) => SHIPPED.test(path) && (!path.endsWith('.node') || GUEST.test(path)))
    .filter((path) => statSync(join(within, path)).isFile())
    .map((path) => join(folder, path));
}

function isTest(path: string): boolean {
  return path.startsWith('dist/test/') || path.startsWith('dist/sim/');
}

/** Folders of the packages that `npm ci --omit=dev` would install, but for the runtime itself. */
function productionPackages(): readonly string[] {
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  const { packages } = JSON.parse(readFileSync(installed, 'utf8')) as InstalledPackages;
  return Object.entries(packages)
    .filter(([path, { dev }]) => dev !== true && !path.startsWith('node_modules/node-linux-'))
    .map(([path]) => path);
}

interface InstalledPackages {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

function file(path: string, from: string): ArchiveEntry {
  return { kind: 'file', path, bytes: new Uint8Array(readFileSync(from)) };
}
