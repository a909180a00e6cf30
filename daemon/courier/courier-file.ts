/**
 * A courier file on a disk, part by part: never more than one part of it is in memory
 * (PROTOCOL §6.8). What stands in a part is not looked at here.
 */

import { fromUtf8, Reader, toUtf8, Writer } from '../../core/bytes.ts';
import { COURIER_BYTES_MAX, COURIER_PARTS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  COURIER_PREFIX_BYTES,
  type CourierKey,
  headerLength,
  openPart,
  PART_BYTES_MAX,
  type PartPlace,
  sealPart,
} from '../../federation/courier.ts';
import type { FreshFile, LongFile } from '../host/long-file.ts';

const LENGTH_BYTES = 4;

/** A sealed part and where it stands. */
export interface SealedPart extends PartPlace {
  readonly sealed: Uint8Array;
}

/** Reads prefix and header. Refuses `too-large`, `truncated` and `courier-malformed`. */
export async function readHeader(file: LongFile): Promise<Uint8Array> {
  if (file.sizeBytes > COURIER_BYTES_MAX) {
    throw new Refusal('too-large', { limit: COURIER_BYTES_MAX, got: file.sizeBytes });
  }
  const prefix = await file.take(COURIER_PREFIX_BYTES);
  const length = headerLength(prefix);
  const header = new Uint8Array(length);
  header.set(prefix);
  header.set(await takeAll(file, length - prefix.length), prefix.length);
  return header;
}

/** Reads the parts that follow the header. Refuses `truncated` and `too-large`. */
export async function* readSealedParts(file: LongFile): AsyncGenerator<SealedPart> {
  let head = await file.take(LENGTH_BYTES);
  for (let index = 0; index === 0 || head.length > 0; index++) {
    if (index >= COURIER_PARTS_MAX) {
      throw new Refusal('too-large', { limit: COURIER_PARTS_MAX, unit: 'parts' });
    }
    const length = new Reader(head).u32();
    if (length > PART_BYTES_MAX) {
      throw new Refusal('too-large', { limit: PART_BYTES_MAX, got: length });
    }
    const sealed = await takeAll(file, length);
    head = await file.take(LENGTH_BYTES);
    yield { index, isLast: head.length === 0, sealed };
  }
}

/** The bundle files in a courier file. Refuses as `readSealedParts` and `openPart` do. */
export async function* readParts(file: LongFile, key: CourierKey): AsyncGenerator<string> {
  for await (const { sealed, ...place } of readSealedParts(file)) {
    yield fromUtf8(openPart(key, place, sealed));
  }
}

/** Appends one bundle file. */
export async function appendPart(
  file: FreshFile,
  key: CourierKey,
  { text, ...place }: PartPlace & { readonly text: string },
): Promise<void> {
  const sealed = sealPart(key, place, toUtf8(text));
  await file.append(new Writer().u32(sealed.length).raw(sealed).finish());
}

async function takeAll(file: LongFile, count: number): Promise<Uint8Array> {
  const bytes = await file.take(count);
  if (bytes.length < count) throw new Refusal('truncated', { expected: count, got: bytes.length });
  return bytes;
}
