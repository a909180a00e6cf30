/** Makes PE files, as small as the reader of unified kernel images lets them be. */

import { toUtf8 } from '../../core/bytes.ts';

/** One section of a file to be made. */
export interface PeSection {
  readonly name: string;
  readonly contents: Uint8Array;
  /** What the table says is loaded; the contents where absent. */
  readonly loadedBytes?: number;
}

/** A PE file of nothing but a section table and sections, each padded as in a real file. */
export function peOf(...sections: readonly PeSection[]): Uint8Array {
  const headerBytes = 0x80 + 24 + 40 * sections.length;
  const starts = sections.map((_, i) => headerBytes + 0x200 * i);
  const file = new Uint8Array(headerBytes + 0x200 * sections.length);
  const view = new DataView(file.buffer);
  view.setUint16(0, 0x5a4d, true);
  view.setUint32(0x3c, 0x80, true);
  view.setUint32(0x80, 0x4550, true);
  view.setUint16(0x86, sections.length, true);
  for (const [i, { name, contents, loadedBytes = contents.length }] of sections.entries()) {
    const row = 0x80 + 24 + 40 * i;
    file.set(toUtf8(name), row);
    view.setUint32(row + 8, loadedBytes, true);
    view.setUint32(row + 16, 0x200, true);
    view.setUint32(row + 20, starts[i] ?? 0, true);
    file.set(contents, starts[i]);
  }
  return file;
}
