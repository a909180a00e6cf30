/**
 * Writes cpio archives in the format that Linux unpacks as its first root file system.
 *
 * The "new ASCII" format: a header of hex digits, the name, the bytes, each padded to four
 * (Linux Documentation/driver-api/early-userspace/buffer-format.rst). Inodes and times are fixed,
 * so that equal files give equal archives, and equal archives equal measurements.
 */

import { concat, toUtf8 } from '../../core/bytes.ts';

/** One file of an archive; its path begins without a slash. */
export type ArchiveEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'file'; readonly path: string; readonly bytes: Uint8Array };

const MODES = { folder: 0o040755, link: 0o120777, file: 0o100755 } as const;
const NO_BYTES = new Uint8Array(0);

/** The archive of these entries, with every folder on the way to them. */
export function encodeArchive(entries: readonly ArchiveEntry[]): Uint8Array {
  const folders = new Set(entries.flatMap(({ path }) => foldersAbove(path)));
  const all: readonly ArchiveEntry[] = [
    ...[...folders].map((path): ArchiveEntry => ({ kind: 'folder', path })),
    ...entries,
  ];
  const parts = all.map((entry, at) => encodeEntry(entry, at + 1));
  return concat(...parts, header('TRAILER!!!', { inode: 0, mode: 0, sizeBytes: 0 }));
}

/** `a/b/c` lies in `a` and `a/b`, the outer one first. */
function foldersAbove(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, at) => names.slice(0, at + 1).join('/'));
}

function encodeEntry(entry: ArchiveEntry, inode: number): Uint8Array {
  const bytes = contentsOf(entry);
  const sizeBytes = bytes.length;
  const head = header(entry.path, { inode, mode: MODES[entry.kind], sizeBytes });
  return concat(head, bytes, padding(sizeBytes));
}

function contentsOf(entry: ArchiveEntry): Uint8Array {
  if (entry.kind === 'folder') return NO_BYTES;
  return entry.kind === 'link' ? toUtf8(entry.target) : entry.bytes;
}

interface Fields {
  readonly inode: number;
  readonly mode: number;
  readonly sizeBytes: number;
}

function header(path: string, { inode, mode, sizeBytes }: Fields): Uint8Array {
  const name = toUtf8(`${path}\0`);
  const owner = [0, 0];
  const links = 1;
  const time = 0;
  const devices = [0, 0, 0, 0];
  const checksum = 0;
  const fields = [inode, mode, ...owner, links, time, sizeBytes, ...devices, name.length, checksum];
  const digits = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  const head = concat(toUtf8(`070701${digits}`), name);
  return concat(head, padding(head.length));
}

function padding(sizeBytes: number): Uint8Array {
  return new Uint8Array((4 - (sizeBytes % 4)) % 4);
}
