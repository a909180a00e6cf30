/**
 * A draft of a domain's approved boot states, as a file to be reviewed: indented JSON.
 *
 * The draft binds nobody. What binds is the document of type `references` that the authority signs
 * and its manifest pins (PROTOCOL §2.4); it holds the same `states`.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { isObject, parseJson } from '../../core/canonical.ts';
import { DOCUMENT_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { encodeState, parseReferences, type ReferenceState } from '../../firmware/references.ts';
import { readBounded } from '../host/files.ts';

/** The bytes of a draft. */
export function encodeReferencesFile(states: readonly ReferenceState[]): Uint8Array {
  const draft = { type: 'references', states: states.map(encodeState) };
  return toUtf8(`${JSON.stringify(draft, undefined, 2)}\n`);
}

/** Parses a draft. Refuses `too-large` and `references-malformed`. */
export function parseReferencesFile(file: Uint8Array): readonly ReferenceState[] {
  const draft = refusalOf(() => parseJson(file, DOCUMENT_BYTES_MAX));
  if (draft instanceof Refusal) {
    if (draft.code === 'too-large') throw draft;
    throw new Refusal('references-malformed', { cause: draft.code, ...draft.details });
  }
  const members = isObject(draft) ? Object.keys(draft).sort().join(' ') : 'no object';
  if (!isObject(draft) || members !== 'states type' || draft.type !== 'references') {
    throw new Refusal('references-malformed', { expected: 'states type', got: members });
  }
  return parseReferences(draft.states ?? null);
}

/** Loads a draft. Fails `file-unreadable`; refuses as `parseReferencesFile`. */
export async function loadReferences(path: string): Promise<readonly ReferenceState[]> {
  return parseReferencesFile(await readBounded(path, DOCUMENT_BYTES_MAX));
}

/** `states` with `learned` in the place of the state of its name, or at the end. */
export function withState(
  states: readonly ReferenceState[],
  learned: ReferenceState,
): readonly ReferenceState[] {
  const at = states.findIndex(({ name }) => name === learned.name);
  return at < 0 ? [...states, learned] : states.with(at, learned);
}
