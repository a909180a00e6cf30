/**
 * What an authority stands by beyond the signature that said it (PROTOCOL §2.5).
 *
 * A Root that calls a documents key compromised, or a revocation of it, takes what it signed from
 * belief, everywhere. The machine that writes keeps those contents in the same step, and signs them
 * anew with its next voice: they are the domain's, whoever stole the key. It keeps the names of the
 * lost manifest too: whoever missed that Root holds them, and takes no manifest that omits one. And
 * where a higher rank took over while this machine was cut off, what it published since is
 * remembered until it is known whether the other stands by it too; what it does not is lost, and
 * shown to people.
 */

import { toHex } from '../core/bytes.ts';
import { encodeCanonical, parseCanonical } from '../core/canonical.ts';
import { MANIFEST_NAMES_MAX, NAME_CHARS_MAX } from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId } from '../core/suite.ts';
import type { Admission } from './admission.ts';
import { type Belief, type HeldManifest, isWhole } from './belief.ts';
import { CONTENT_TYPES } from './document.ts';
import type { Effect, RecordWrite } from './effect.ts';
import type { Draft } from './input.ts';
import { Members } from './members.ts';
import { type RecordKind, recordKey } from './record-key.ts';

const HEAD_MEMBERS = new Set(['domain', 'name', 'salt', 'spiffe_sequence', 'type', 'version']);

/** The contents of one machine's own domain, as far as no signature in force says them. */
export class OwnContents {
  readonly #domain: TrustDomain;
  /** Taken from belief, to be signed anew. */
  #kept: readonly Draft[];
  /** Names of the manifest that went with them. */
  #lostNames: readonly string[];
  /** What we stood by before another machine spoke. */
  #fork: readonly Draft[];

  constructor(domain: TrustDomain, records: ReadonlyMap<string, Uint8Array>) {
    this.#domain = domain;
    const { drafts, names } = decodeDrafts(records.get(recordKey(domain, 'drafts')));
    this.#kept = drafts;
    this.#lostNames = names;
    this.#fork = decodeDrafts(records.get(recordKey(domain, 'fork'))).drafts;
  }

  /** Contents that wait to be signed anew. */
  get kept(): readonly Draft[] {
    return this.#kept;
  }

  /** Manifest keys that the next manifest has to name, as gone where it says nothing of them. */
  get lostNames(): readonly string[] {
    return this.#lostNames;
  }

  /** They were signed anew: the records that forget them, in the step that stores the beacon. */
  signed(): readonly RecordWrite[] {
    if (this.#kept.length === 0 && this.#lostNames.length === 0) return [];
    this.#kept = [];
    this.#lostNames = [];
    return [this.#record('drafts', [])];
  }

  /** What else is stored and told when the belief about our own domain changes. */
  follow(
    before: Belief,
    after: Belief,
    isOurs: (keyId: KeyId) => boolean,
  ): Pick<Admission, 'writes' | 'notes'> {
    if (after.manifest === null) return { writes: this.#keep(before, after), notes: [] };
    const writes = this.#beginFork(before, after.manifest, isOurs);
    if (this.#fork.length === 0 || !isWhole(after)) return { writes, notes: [] };
    const lost = lostIn(this.#fork, draftsHeld(after));
    this.#fork = [];
    const details = { names: lost.join(', '), rank: after.manifest.rank };
    const alarm: Effect = { kind: 'alarm', code: 'fork', domain: this.#domain, details };
    return {
      writes: [...writes, this.#record('fork', [])],
      notes: lost.length === 0 ? [] : [alarm],
    };
  }

  #keep(before: Belief, after: Belief): readonly RecordWrite[] {
    const gone = [...before.documents.keys()].filter((key) => !after.documents.has(key));
    const names = [...(before.manifest?.manifest.pins.keys() ?? [])];
    if (gone.length === 0 && names.length === 0) return [];
    this.#lostNames = [...new Set([...this.#lostNames, ...names])];
    const all = [...this.#kept, ...draftsHeld(before)];
    this.#kept = [...new Map(all.map((draft) => [draft.name, draft])).values()];
    return [this.#record('drafts', this.#kept, this.#lostNames)];
  }

  #beginFork(
    before: Belief,
    next: HeldManifest,
    isOurs: (keyId: KeyId) => boolean,
  ): readonly RecordWrite[] {
    if (isOurs(next.signedBy)) return [];
    const mine = before.manifest === null ? this.#kept : draftsHeld(before);
    const wasOurs = before.manifest === null || isOurs(before.manifest.signedBy);
    if (!wasOurs || mine.length === 0) return [];
    this.#fork = mine;
    this.#kept = [];
    this.#lostNames = [];
    return [this.#record('fork', mine), this.#record('drafts', [])];
  }

  #record(
    kind: RecordKind & ('drafts' | 'fork'),
    drafts: readonly Draft[],
    names: readonly string[] = [],
  ): RecordWrite {
    const isEmpty = drafts.length === 0 && names.length === 0;
    const value = isEmpty ? null : encodeDrafts({ drafts, names });
    return { key: recordKey(this.#domain, kind), value };
  }
}

/** Every content document held, as drafts of the same contents. */
export function draftsHeld(belief: Belief): readonly Draft[] {
  return [...belief.documents.values()].map(({ head, members }) => {
    const body = Object.entries(members.json()).filter(([name]) => !HEAD_MEMBERS.has(name));
    return { type: head.type, name: head.name, body: Object.fromEntries(body) };
  });
}

/** Names of what one side says and the other does not, or says otherwise. */
function lostIn(mine: readonly Draft[], theirs: readonly Draft[]): readonly string[] {
  const said = new Map(theirs.map(({ name, body }) => [name, toHex(encodeCanonical(body))]));
  const lost = mine.filter(({ name, body }) => said.get(name) !== toHex(encodeCanonical(body)));
  return lost.map(({ name }) => name).sort();
}

/** What a record holds of contents: drafts, and names of the manifest that said them. */
interface StoredDrafts {
  readonly drafts: readonly Draft[];
  readonly names: readonly string[];
}

function encodeDrafts({ drafts, names }: StoredDrafts): Uint8Array {
  return encodeCanonical({
    drafts: drafts.map(({ type, name, body }) => ({ type, name, body })),
    names: [...names],
  });
}

function decodeDrafts(record: Uint8Array | undefined): StoredDrafts {
  if (record === undefined) return { drafts: [], names: [] };
  const members = new Members(parseCanonical(record), 'drafts');
  const drafts = members.list('drafts', MANIFEST_NAMES_MAX).map((_, i) => {
    const draft = members.item('drafts', i);
    const type = CONTENT_TYPES.find((known) => known === draft.value('type'));
    const name = draft.text('name', NAME_CHARS_MAX);
    return { type: type ?? draft.refuse('type'), name, body: draft.object('body').json() };
  });
  const names = members
    .list('names', MANIFEST_NAMES_MAX)
    .map((name) => (typeof name === 'string' ? name : members.refuse('names')));
  return { drafts, names };
}
