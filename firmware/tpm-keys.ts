/**
 * Objects of a TPM: primaries, children, persistent and foreign ones.
 *
 * What is created here is described by tpm-templates.ts. A private part leaves the chip only
 * encrypted to its parent, and comes back by `loadObject`. TPM 2.0 Part 3 §12.
 */

import { equalBytes, type Reader, Writer } from '../core/bytes.ts';
import { Refusal } from '../core/refusal.ts';
import type { Held } from './held.ts';
import type { Session } from './session.ts';
import { TPM_RH, TPM_ST } from './tpm-constants.ts';
import { decodePublic, type KeyPublic, type TpmPublic } from './tpm-public.ts';
import type { TpmRunner } from './tpm-runner.ts';
import {
  EMPTY,
  type Entity,
  entityOf,
  readSized,
  readTicket,
  sized,
  type Ticket,
} from './tpm-structures.ts';
import type { Template } from './tpm-templates.ts';

/** An object in the TPM, with its parsed public area. */
export interface LoadedObject extends Entity {
  readonly publicArea: TpmPublic;
}

/** A loaded object that is a key. */
export interface LoadedKey extends Entity {
  readonly publicArea: KeyPublic;
}

/** A child as it is stored: useless without its parent in the same chip. */
export interface ObjectBlob {
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array;
  /** TPM2B_PRIVATE without its length, encrypted by the parent. */
  readonly privateArea: Uint8Array;
}

/** How an object came to be, for CertifyCreation. */
export interface Creation {
  /** TPMS_CREATION_DATA. Part 2 §15.1. */
  readonly record: Uint8Array;
  readonly hash: Uint8Array;
  readonly ticket: Ticket;
}

/** The seeds that primaries are derived from. */
export type Hierarchy = 'owner' | 'endorsement';

/** The handle of a hierarchy, with the empty secret it has unless somebody took ownership. */
export function hierarchyEntity(hierarchy: Hierarchy, auth: Uint8Array = EMPTY): Entity {
  return entityOf(hierarchy === 'owner' ? TPM_RH.OWNER : TPM_RH.ENDORSEMENT, auth);
}

/**
 * Derives the key of `template` from the seed of a hierarchy: the same template gives the same
 * key until the chip is cleared. Part 3, TPM2_CreatePrimary.
 */
export async function createPrimary(
  held: Held,
  hierarchy: Entity,
  template: Template,
): Promise<LoadedKey & { readonly creation: Creation }> {
  const { handle, parameters } = await held.runLoading({
    name: 'CreatePrimary',
    handles: [hierarchy],
    sessions: ['password'],
    parameters: creationParameters(EMPTY, EMPTY, template),
    commandClass: 'keygen',
  });
  const publicArea = keyOf(decodePublic(readSized(parameters)));
  const creation = readCreation(parameters);
  expectName(publicArea, readSized(parameters));
  parameters.end();
  return { handle, name: publicArea.name, auth: EMPTY, publicArea, creation };
}

/** What a child is made of. */
export interface ChildInput {
  readonly parent: Entity;
  readonly template: Template;
  /** The secret that authorizes the child's use; empty under a policy. */
  readonly auth?: Uint8Array;
  /** What is sealed; absent for a key. */
  readonly secret?: Uint8Array;
  /** Salted and encrypting, so that no secret crosses the bus in the clear. */
  readonly session: Session;
}

/** Makes a child of a storage key. Nothing stays loaded. Part 3, TPM2_Create. */
export async function createObject(
  tpm: TpmRunner,
  { parent, template, auth = EMPTY, secret = EMPTY, session }: ChildInput,
): Promise<ObjectBlob & { readonly creation: Creation }> {
  const { parameters } = await tpm.run({
    name: 'Create',
    handles: [parent],
    sessions: [session],
    parameters: creationParameters(auth, secret, template),
    secrecy: 'request',
    commandClass: 'keygen',
  });
  const privateArea = readSized(parameters);
  const publicArea = readSized(parameters);
  const creation = readCreation(parameters);
  parameters.end();
  return { privateArea, publicArea, creation };
}

/**
 * Loads a child under its parent. Refuses `tpm-malformed` if the TPM names it otherwise than its
 * public area says. Part 3, TPM2_Load.
 */
export async function loadObject(
  held: Held,
  parent: Entity,
  blob: ObjectBlob,
  auth: Uint8Array = EMPTY,
): Promise<LoadedObject> {
  const publicArea = decodePublic(blob.publicArea);
  const { handle, parameters } = await held.runLoading({
    name: 'Load',
    handles: [parent],
    sessions: ['password'],
    parameters: new Writer().raw(sized(blob.privateArea)).raw(sized(blob.publicArea)).finish(),
    commandClass: 'slow',
  });
  expectName(publicArea, readSized(parameters));
  parameters.end();
  return { handle, name: publicArea.name, auth, publicArea };
}

/**
 * Loads the public half of a key made elsewhere. The hierarchy is the owner's, since a ticket
 * made under the null hierarchy is worth nothing. Part 3, TPM2_LoadExternal.
 */
export async function loadExternal(held: Held, template: Template): Promise<LoadedKey> {
  const publicArea = keyOf(decodePublic(template));
  const { handle, parameters } = await held.runLoading({
    name: 'LoadExternal',
    parameters: new Writer().raw(sized(EMPTY)).raw(sized(template)).u32(TPM_RH.OWNER).finish(),
    commandClass: 'slow',
  });
  expectName(publicArea, readSized(parameters));
  parameters.end();
  return { handle, name: publicArea.name, auth: EMPTY, publicArea };
}

/** The public area of whatever is loaded or persistent at `handle`. Part 3, TPM2_ReadPublic. */
export async function readPublic(tpm: TpmRunner, handle: number): Promise<LoadedObject> {
  const { parameters } = await tpm.run({ name: 'ReadPublic', handles: [entityOf(handle)] });
  const publicArea = decodePublic(readSized(parameters));
  expectName(publicArea, readSized(parameters));
  readSized(parameters); // the qualified name, which only the parent's history makes useful
  parameters.end();
  return { handle, name: publicArea.name, auth: EMPTY, publicArea };
}

/**
 * Keeps a loaded primary in the chip at a handle of its own, or removes what is kept there when
 * `object` is that persistent object. Part 3, TPM2_EvictControl.
 */
export async function evictControl(
  tpm: TpmRunner,
  hierarchy: Entity,
  object: Entity,
  persistentHandle: number,
): Promise<void> {
  await tpm.run({
    name: 'EvictControl',
    handles: [hierarchy, object],
    sessions: ['password'],
    parameters: new Writer().u32(persistentHandle).finish(),
    commandClass: 'slow',
  });
}

/** The parameters of Create and CreatePrimary: sensitive, public, no outside data, no PCRs. */
function creationParameters(auth: Uint8Array, secret: Uint8Array, template: Template): Uint8Array {
  const sensitive = new Writer().raw(sized(auth)).raw(sized(secret)).finish();
  return new Writer().raw(sized(sensitive)).raw(sized(template)).raw(sized(EMPTY)).u32(0).finish();
}

function readCreation(reader: Reader): Creation {
  const record = readSized(reader);
  const hash = readSized(reader);
  return { record, hash, ticket: readTicket(reader, TPM_ST.CREATION) };
}

function expectName(publicArea: TpmPublic, name: Uint8Array): void {
  if (!equalBytes(publicArea.name, name)) throw new Refusal('tpm-malformed', { field: 'name' });
}

function keyOf(publicArea: TpmPublic): KeyPublic {
  if (publicArea.kind === 'sealed') throw new Refusal('tpm-malformed', { field: 'type' });
  return publicArea;
}
