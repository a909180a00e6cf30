/**
 * Non-volatile indices: counters that only rise, and certificates the maker left.
 *
 * A counter is how a restored disk is told from the newest one. It wears out, so it steps once an
 * epoch and never once a message; and defining a deleted one again goes on where it was.
 * TPM 2.0 Part 3 §31.
 */

import { equalBytes, Reader, Writer } from '../core/bytes.ts';
import type { HashName } from '../core/ciphers.ts';
import { CERTIFICATE_BYTES_MAX, TPM_NV_CHUNK_BYTES } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { Session } from './session.ts';
import { HASH_ALG, NV_TYPE_MASK, TPMA_NV } from './tpm-constants.ts';
import { nameOf } from './tpm-public.ts';
import { isTpmError } from './tpm-rc.ts';
import type { TpmRunner } from './tpm-runner.ts';
import { EMPTY, type Entity, entityOf, readHash, readSized, sized } from './tpm-structures.ts';

/** An index that is defined, by its public area. */
export interface NvIndex extends Entity {
  /** TPMA_NV, see `TPMA_NV`. */
  readonly attributes: number;
  readonly sizeBytes: number;
}

/** Bytes of a counter, a big-endian u64. Part 2 §13.2, TPM_NT_COUNTER. */
export const NV_COUNTER_BYTES = 8;

/** Whoever knows the secret of the counter reads and steps it; no power cut counts as a guess. */
const COUNTER_ATTRIBUTES =
  TPMA_NV.AUTH_READ | TPMA_NV.AUTH_WRITE | TPMA_NV.NO_DA | TPMA_NV.TYPE_COUNTER;

/**
 * The name a counter defined by `defineCounter` has once it was stepped, without a TPM: for
 * approvals that are signed elsewhere. The WRITTEN bit is part of it. Part 1 §16.
 */
export function counterName(handle: number): Uint8Array {
  return nameOf('sha256', counterPublic(handle, COUNTER_ATTRIBUTES | TPMA_NV.WRITTEN));
}

/**
 * Defines a counter, and steps it once so that it has a value. `session` hides `auth` on its way
 * and may be a password where it is empty. Part 3, TPM2_NV_DefineSpace.
 */
export async function defineCounter(
  tpm: TpmRunner,
  owner: Entity,
  handle: number,
  session: Session | 'password' = 'password',
  auth: Uint8Array = EMPTY,
): Promise<NvIndex> {
  await tpm.run({
    name: 'NV_DefineSpace',
    handles: [owner],
    sessions: [session],
    parameters: new Writer()
      .raw(sized(auth))
      .raw(sized(counterPublic(handle, COUNTER_ATTRIBUTES)))
      .finish(),
    secrecy: session === 'password' ? 'none' : 'request',
    commandClass: 'slow',
  });
  await incrementCounter(tpm, { ...(await readNvPublic(tpm, handle)), auth });
  return { ...(await readNvPublic(tpm, handle)), auth };
}

/** Removes an index of the owner. Part 3, TPM2_NV_UndefineSpace. */
export async function undefineNv(tpm: TpmRunner, owner: Entity, index: Entity): Promise<void> {
  await tpm.run({
    name: 'NV_UndefineSpace',
    handles: [owner, index],
    sessions: ['password'],
    commandClass: 'slow',
  });
}

/** Steps a counter by one. Part 3, TPM2_NV_Increment. */
export async function incrementCounter(
  tpm: TpmRunner,
  index: Entity,
  session: Session | 'password' = 'password',
): Promise<void> {
  await tpm.run({
    name: 'NV_Increment',
    handles: [index, index],
    sessions: [session],
    commandClass: 'slow',
  });
}

/** The value of a counter. Refuses `tpm-malformed` for an index that is none. */
export async function readCounter(
  tpm: TpmRunner,
  index: NvIndex,
  session: Session | 'password' = 'password',
): Promise<bigint> {
  if ((index.attributes & NV_TYPE_MASK) !== TPMA_NV.TYPE_COUNTER) {
    throw new Refusal('tpm-malformed', { field: 'counter', got: index.handle });
  }
  const reader = new Reader(await readChunk(tpm, index, 0, NV_COUNTER_BYTES, session));
  const value = reader.u64();
  reader.end();
  return value;
}

/** The public area and the name of an index. Part 3, TPM2_NV_ReadPublic. */
export async function readNvPublic(tpm: TpmRunner, handle: number): Promise<NvIndex> {
  const { parameters } = await tpm.run({ name: 'NV_ReadPublic', handles: [entityOf(handle)] });
  const publicArea = readSized(parameters);
  const name = readSized(parameters);
  parameters.end();
  return { ...decodeNvPublic(publicArea, handle, name), handle, name, auth: EMPTY };
}

/**
 * What the maker left at `handle`, whole, such as an EK certificate with its padding; undefined
 * if nothing is there. Refuses `too-large`. Part 3, TPM2_NV_Read.
 */
export async function readCertificateNv(
  tpm: TpmRunner,
  handle: number,
): Promise<Uint8Array | undefined> {
  let index: NvIndex;
  try {
    index = await readNvPublic(tpm, handle);
  } catch (error) {
    if (isTpmError(error, 'HANDLE')) return undefined;
    throw error;
  }
  if (index.sizeBytes > CERTIFICATE_BYTES_MAX) {
    throw new Refusal('too-large', { limit: CERTIFICATE_BYTES_MAX, got: index.sizeBytes });
  }
  const bytes = new Uint8Array(index.sizeBytes);
  for (let at = 0; at < bytes.length; at += TPM_NV_CHUNK_BYTES) {
    const size = Math.min(TPM_NV_CHUNK_BYTES, bytes.length - at);
    bytes.set(await readChunk(tpm, index, at, size, 'password'), at);
  }
  return bytes;
}

async function readChunk(
  tpm: TpmRunner,
  index: Entity,
  offset: number,
  size: number,
  session: Session | 'password',
): Promise<Uint8Array> {
  const { parameters } = await tpm.run({
    name: 'NV_Read',
    handles: [index, index],
    sessions: [session],
    parameters: new Writer().u16(size).u16(offset).finish(),
    secrecy: session === 'password' ? 'none' : 'response',
  });
  const chunk = readSized(parameters, size);
  parameters.end();
  if (chunk.length !== size) throw new Refusal('truncated', { expected: size, got: chunk.length });
  return chunk;
}

/** TPMS_NV_PUBLIC of a counter without a policy. Part 2 §13.5. */
function counterPublic(handle: number, attributes: number): Uint8Array {
  return new Writer()
    .u32(handle)
    .u16(HASH_ALG.sha256)
    .u32(attributes)
    .raw(sized(EMPTY))
    .u16(NV_COUNTER_BYTES)
    .finish();
}

/** Refuses `tpm-malformed` for another index than was asked for, or a name that is not its own. */
function decodeNvPublic(
  publicArea: Uint8Array,
  handle: number,
  name: Uint8Array,
): { readonly attributes: number; readonly sizeBytes: number } {
  const reader = new Reader(publicArea);
  const got = reader.u32();
  const nameHash: HashName = readHash(reader);
  const attributes = reader.u32();
  readSized(reader);
  const sizeBytes = reader.u16();
  reader.end();
  const isOwn = got === handle && equalBytes(name, nameOf(nameHash, publicArea));
  if (!isOwn) throw new Refusal('tpm-malformed', { field: 'name', got });
  return { attributes, sizeBytes };
}
