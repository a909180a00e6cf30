/**
 * Reads the measured sections of a unified kernel image out of its file, a PE executable.
 *
 * No more of PE than the section table (Microsoft PE Format, §COFF File Header, §Section Table).
 * What the stub measures is a section as it is loaded: `VirtualSize` bytes. Images of several
 * profiles, whose sections recur, are refused: which of them is measured is decided at boot.
 */

import { fromUtf8 } from '../core/bytes.ts';
import { hashOf } from '../core/ciphers.ts';
import { UKI_BYTES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { LittleEndianReader } from './little-endian.ts';
import { checkSize, refusedAs } from './malformed.ts';
import type { Bank } from './pcrs.ts';
import { isMeasuredSection, type UkiDigests, type UkiSection } from './uki.ts';

const DOS_MAGIC = 0x5a4d;
const PE_MAGIC = 0x0000_4550;
/** Where the DOS header says where the PE header begins. */
const PE_POINTER_AT = 0x3c;
/** Sections of one image: the stub has some ten of its own. */
const SECTIONS_MAX = 96;
const NAME_BYTES = 8;

/** Where the stub names itself, such as `#### LoaderInfo: systemd-stub 257.9-1 ####`. */
const STUB_SECTION = '.sdmagic';
const STUB_VERSION = /^#### LoaderInfo: systemd-stub ([0-9]{3,4})[^0-9]/;
/** Earlier stubs hold these two sections, and do not measure them. */
const MEASURED_SINCE_254: ReadonlySet<string> = new Set(['.uname', '.sbat']);

/** The digests of the sections that the stub measures. Refuses `too-large`, `uki-malformed`. */
export function digestUki(file: Uint8Array, bank: Bank): UkiDigests {
  checkSize(file, UKI_BYTES_MAX);
  return refusedAs('uki-malformed', () => {
    const all = readSections(file);
    const version = stubVersion(all);
    const sections = new Map<UkiSection, Uint8Array>();
    for (const { name, contents } of all) {
      if (!isMeasuredSection(name)) continue;
      if (version < 254 && MEASURED_SINCE_254.has(name)) continue;
      if (sections.has(name)) throw new Refusal('uki-malformed', { twice: name });
      sections.set(name, hashOf(bank, contents));
    }
    if (!sections.has('.linux')) throw new Refusal('uki-malformed', { lacks: '.linux' });
    return { bank, sections };
  });
}

function stubVersion(sections: readonly Section[]): number {
  const own = sections.find(({ name }) => name === STUB_SECTION);
  const [, version] = STUB_VERSION.exec(fromUtf8(own?.contents ?? new Uint8Array(0))) ?? [];
  if (version === undefined) throw new Refusal('uki-malformed', { lacks: STUB_SECTION });
  return Number.parseInt(version, 10);
}

interface Section {
  readonly name: string;
  readonly contents: Uint8Array;
}

function readSections(file: Uint8Array): readonly Section[] {
  const dos = new LittleEndianReader(file);
  if (dos.u16() !== DOS_MAGIC) throw new Refusal('uki-malformed', { lacks: 'DOS header' });
  dos.take(PE_POINTER_AT - 2);
  const reader = readerAt(file, dos.u32());
  if (reader.u32() !== PE_MAGIC) throw new Refusal('uki-malformed', { lacks: 'PE header' });
  reader.u16(); // machine
  const count = reader.u16();
  if (count > SECTIONS_MAX) throw new Refusal('uki-malformed', { sections: count });
  reader.take(12); // time stamp, symbol table
  const optionalBytes = reader.u16();
  reader.take(2 + optionalBytes); // characteristics, optional header
  return Array.from({ length: count }, () => readSection(file, reader));
}

function readSection(file: Uint8Array, table: LittleEndianReader): Section {
  const padded = table.take(NAME_BYTES);
  const end = padded.indexOf(0);
  const name = fromUtf8(end < 0 ? padded : padded.subarray(0, end));
  const loadedBytes = table.u32();
  table.u32(); // address
  const fileBytes = table.u32();
  const from = table.u32();
  table.take(16); // relocations, line numbers, characteristics
  // What is loaded beyond the file is zeros; tools that build images leave no such gap.
  const wanted = isMeasuredSection(name) || name === STUB_SECTION;
  if (wanted && loadedBytes > fileBytes) {
    throw new Refusal('uki-malformed', { section: name, loadedBytes, fileBytes });
  }
  const contents = wanted ? readerAt(file, from).take(loadedBytes) : new Uint8Array(0);
  return { name, contents };
}

function readerAt(file: Uint8Array, from: number): LittleEndianReader {
  const reader = new LittleEndianReader(file);
  reader.take(from);
  return reader;
}
