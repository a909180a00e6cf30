/**
 * A later version of this program: the shipping process, and beside it what a later one may say and
 * this one cannot read (PROTOCOL §6.1). What both know is said by the process itself.
 */

import { compareBytes, concat, toUtf8 } from '../core/bytes.ts';
import { encodeCanonical } from '../core/canonical.ts';
import { sha256 } from '../core/digest.ts';
import { type DocumentType, encodeEnvelope, signSlot } from '../federation/envelope.ts';
import type { Draft, Input } from '../federation/input.ts';
import { signerOf } from './founding.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** A kind of frame that no version had before. */
const LATER_FRAME = 0x40;
/** A type of document that no version had before. */
const LATER_TYPE = 'novelty' as DocumentType;
const ENVELOPE_FRAME = 5;
/** How a frame begins that carries such a document. */
const LATER_DOCUMENT = concat(
  Uint8Array.of(ENVELOPE_FRAME),
  encodeEnvelope(LATER_TYPE, [], new Uint8Array()).subarray(0, 5 + LATER_TYPE.length),
);

/** True for a frame that only a later version reads. */
export function isOfLaterVersion(input: Input): boolean {
  if (input.kind !== 'frame') return false;
  if (input.bytes[0] === LATER_FRAME) return true;
  const head = input.bytes.subarray(0, LATER_DOCUMENT.length);
  return compareBytes(head, LATER_DOCUMENT) === 0;
}

/** Says to everybody linked with it what is new in its version. */
export function speakAsLater(world: World, machine: Machine): void {
  const said = toUtf8(`${machine.name} ${world.now}`);
  const payload = encodeCanonical({
    domain: machine.domain,
    type: LATER_TYPE,
    version: String(world.now),
  });
  const slot = signSlot(LATER_TYPE, payload, signerOf(world.suite, `${machine.name}/node`));
  const envelope = encodeEnvelope(LATER_TYPE, [slot], payload);
  for (const { wires, up } of world.network.linksOf(machine)) {
    if (!up) continue;
    const [{ from, to }] = wires;
    const peer = from === machine ? to.name : from.name;
    for (const frame of [
      concat(Uint8Array.of(LATER_FRAME), sha256(said)),
      concat(Uint8Array.of(ENVELOPE_FRAME), envelope),
    ]) {
      world.network.send(machine, peer, frame, null);
    }
  }
}

/** Entries with a member that this version does not know: it is signed, carried and ignored. */
export function laterDraft(generation: number): Draft {
  const body = { group: 'default', entries: [generation], hours: '08-17' };
  return { type: 'entries', name: 'entries/default', body };
}
