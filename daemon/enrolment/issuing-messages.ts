/**
 * What a member and its authority say to each other about identities (PROTOCOL §7.2): canonical
 * JSON, one request and one answer, in a grant or at the desk.
 *
 *     {"key": "<SPKI>", "slices": [{"entry": "e-…", "first": 83121, "keys": ["<SPKI>", …]}],
 *      "token": null, "type": "identities"}
 *     {"intermediate": null, "slices": [{"entry": "e-…", "first": 83121,
 *      "leaves": ["<certificate>", …], "revision": 1}], "token": null, "type": "identities"}
 *
 * Binary members are base64url. The messages carry no signature: whoever carries them, a grant or
 * an admitted link, says whose they are. What may be granted is decided in `authority-issuing.ts`.
 */

import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import {
  encodeCanonical,
  type Json,
  type JsonObject,
  parseCanonical,
} from '../../core/canonical.ts';
import {
  CERTIFICATE_BYTES_MAX,
  DESK_BYTES_MAX,
  ENTRIES_MAX,
  JWT_AUDIENCE_CHARS_MAX,
  JWT_AUDIENCES_MAX,
  JWT_CHARS_MAX,
  SLICE_WINDOWS_MAX,
} from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { Members } from '../../federation/members.ts';

/** Keys for one entry, one for each window from `first` on. */
export interface SliceRequest {
  readonly entry: string;
  readonly first: number;
  readonly keys: readonly Uint8Array[];
}

/** Leaves for one entry as it was at that revision, one for each window from `first` on. */
export interface SliceAnswer {
  readonly entry: string;
  readonly revision: number;
  readonly first: number;
  readonly leaves: readonly Uint8Array[];
}

/** A token that a workload of an entry asks for. */
export interface TokenRequest {
  readonly entry: string;
  readonly audience: readonly string[];
}

export interface IdentitiesRequest {
  /** SubjectPublicKeyInfo of the node's issuing key; null where none is asked for. */
  readonly key: Uint8Array | null;
  readonly slices: readonly SliceRequest[];
  readonly token: TokenRequest | null;
}

export interface IdentitiesAnswer {
  /** The certificate of the issuing key; null where the lease allows none. */
  readonly intermediate: Uint8Array | null;
  readonly slices: readonly SliceAnswer[];
  readonly token: string | null;
}

const TYPE = 'identities';
const ENTRY_CHARS_MAX = 32;
const SPKI_BYTES_MAX = 2_048;
const WINDOW_MAX = 2 ** 31;

/** The bytes of a request. */
export function encodeRequest({ key, slices, token }: IdentitiesRequest): Uint8Array {
  return encodeCanonical({
    type: TYPE,
    key: key === null ? null : toBase64Url(key),
    slices: slices.map(({ keys, ...slice }) => ({ ...slice, keys: keys.map(toBase64Url) })),
    token: token === null ? null : { ...token },
  });
}

/** Reads a request. Refuses `issuing-malformed`. */
export function decodeRequest(bytes: Uint8Array): IdentitiesRequest {
  return reading(bytes, (members) => ({
    key: members.value('key') === null ? null : bytesOf(members.value('key'), SPKI_BYTES_MAX),
    slices: members.list('slices', ENTRIES_MAX).map((_, i) => {
      const slice = members.item('slices', i);
      const keys = slice.list('keys', SLICE_WINDOWS_MAX);
      return { ...headOf(slice), keys: keys.map((key) => bytesOf(key, SPKI_BYTES_MAX)) };
    }),
    token: members.value('token') === null ? null : tokenOf(members.object('token')),
  }));
}

/** The bytes of an answer. */
export function encodeAnswer({ intermediate, slices, token }: IdentitiesAnswer): Uint8Array {
  return encodeCanonical({
    type: TYPE,
    intermediate: intermediate === null ? null : toBase64Url(intermediate),
    slices: slices.map(encodeSlice),
    token,
  });
}

/** Reads an answer. Refuses `issuing-malformed`. */
export function decodeAnswer(bytes: Uint8Array): IdentitiesAnswer {
  return reading(bytes, (members) => {
    const certificate = members.value('intermediate');
    const isNone = certificate === null;
    return {
      intermediate: isNone ? null : bytesOf(certificate, CERTIFICATE_BYTES_MAX),
      slices: members
        .list('slices', ENTRIES_MAX)
        .map((_, i) => readSlice(members.item('slices', i))),
      token: members.value('token') === null ? null : members.text('token', JWT_CHARS_MAX),
    };
  });
}

/** The leaves of one entry as a member of an answer, and as a record of the store. */
export function encodeSlice({ leaves, ...slice }: SliceAnswer): JsonObject {
  return { ...slice, leaves: leaves.map(toBase64Url) };
}

/** Reads the leaves of one entry. Refuses `issuing-malformed` where the bytes are a record. */
export function decodeSlice(record: Uint8Array): SliceAnswer {
  return reading(record, readSlice);
}

function readSlice(slice: Members): SliceAnswer {
  const leaves = slice.list('leaves', SLICE_WINDOWS_MAX);
  const revision = slice.integer('revision', 1, Number.MAX_SAFE_INTEGER);
  return {
    ...headOf(slice),
    revision,
    leaves: leaves.map((leaf) => bytesOf(leaf, CERTIFICATE_BYTES_MAX)),
  };
}

function headOf(slice: Members): { readonly entry: string; readonly first: number } {
  return {
    entry: slice.text('entry', ENTRY_CHARS_MAX),
    first: slice.integer('first', 0, WINDOW_MAX),
  };
}

function tokenOf(token: Members): TokenRequest {
  const audience = token.list('audience', JWT_AUDIENCES_MAX).map((name) => {
    const isName = typeof name === 'string' && name !== '' && name.length <= JWT_AUDIENCE_CHARS_MAX;
    return isName ? name : token.refuse('audience');
  });
  if (audience.length === 0) token.refuse('audience');
  return { entry: token.text('entry', ENTRY_CHARS_MAX), audience };
}

function bytesOf(value: Json, max: number): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase64Url(value) : null;
  if (bytes !== null && bytes.length > 0 && bytes.length <= max) return bytes;
  throw new Refusal('issuing-malformed', { why: 'no bytes, or too many', limit: max });
}

/** Runs a reader whose own refusals all mean that this is no such message. */
function reading<T>(bytes: Uint8Array, read: (members: Members) => T): T {
  try {
    return read(new Members(parseCanonical(bytes, DESK_BYTES_MAX), TYPE));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal('issuing-malformed', { ...error.details, cause: error.code });
  }
}
