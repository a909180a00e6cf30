/**
 * An issuing key that was made in the chip and never leaves it. Its file holds what the chip alone
 * can load; each signature is made under an approved boot, so that a tampered one signs nothing.
 *
 * Its policy names its approver for good: under another approver it is another key.
 */

import { join } from 'node:path';
import { equalBytes, fromBase64Url, toBase64Url, toUtf8 } from '../../core/bytes.ts';
import { canonicalText, parseCanonical } from '../../core/canonical.ts';
import { encodeDer, encodeUnsigned, TAG } from '../../core/der.ts';
import { sha256 } from '../../core/digest.ts';
import { KEY_FILE_BYTES_MAX, TPM_BUFFER_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { Members } from '../../federation/members.ts';
import { approverPolicy, type BootApprovals } from '../../firmware/boot-approvals.ts';
import { createObject, loadObject, type ObjectBlob } from '../../firmware/tpm-keys.ts';
import { decodePublic } from '../../firmware/tpm-public.ts';
import { startSession } from '../../firmware/tpm-sessions.ts';
import { signDigest } from '../../firmware/tpm-signing.ts';
import { signingKeyP256 } from '../../firmware/tpm-templates.ts';
import { readPrivate } from '../host/files.ts';
import { encodeP256Spki } from '../identity/private-key.ts';
import { createPrivateFile, destroyPrivateFile, hasPrivateFile } from '../store/private-file.ts';
import { underApprovedBoot } from './boot-policy.ts';
import type { Chip } from './chip.ts';
import type { IssuingKey } from './custody.ts';
import { openStorageKey } from './storage-key.ts';

/** How a file of this kind ends. */
const RESIDENT_SUFFIX = '.resident';
const POINT_BYTES = 64;

/** Where resident keys live, and what they obey now. */
export interface ResidentHome {
  readonly folder: string;
  readonly chip: Chip;
  /** Name of the storage root key. */
  readonly storageKey: Uint8Array;
  /** What is approved at this moment. */
  readonly boots: () => BootApprovals;
}

/**
 * Opens the issuing key of this name, making it the first time, and anew where the approver is
 * another. Refuses `key-malformed`, `boot-unapproved`, `chip-replaced`; fails as the chip does.
 */
export async function openResidentKey(home: ResidentHome, name: string): Promise<IssuingKey> {
  const path = join(home.folder, `${name}${RESIDENT_SUFFIX}`);
  const kept = (await hasPrivateFile(path)) ? await loadResident(path) : undefined;
  if (kept !== undefined && equalBytes(kept.approver, home.boots().approver)) {
    return issuingKeyOf(home, kept.blob);
  }
  await destroyPrivateFile(path);
  const blob = await createResident(home);
  await createPrivateFile(path, encodeResident(home.boots().approver, blob));
  return issuingKeyOf(home, blob);
}

function createResident({ chip, storageKey, boots }: ResidentHome): Promise<ObjectBlob> {
  const template = signingKeyP256({ kind: 'policy', policy: approverPolicy(boots().approver) });
  return chip.use('issuing', (tpm) =>
    tpm.hold(async (held) => {
      const parent = await openStorageKey(held, storageKey);
      const session = await startSession(held, { kind: 'hmac', salt: parent });
      return createObject(held, { parent, template, session });
    }),
  );
}

function issuingKeyOf(home: ResidentHome, blob: ObjectBlob): IssuingKey {
  const publicArea = decodePublic(blob.publicArea);
  if (publicArea.kind !== 'ecc') throw new Refusal('key-malformed', { expected: 'P-256' });
  return {
    keyType: 'ec-p256',
    spki: encodeP256Spki(publicArea.point),
    sign: (message) => signResident(home, blob, sha256(message)),
  };
}

async function signResident(
  { chip, storageKey, boots }: ResidentHome,
  blob: ObjectBlob,
  digest: Uint8Array,
): Promise<Uint8Array> {
  const signature = await chip.use('issuing', (tpm) =>
    tpm.hold(async (held) => {
      const parent = await openStorageKey(held, storageKey);
      const key = await loadObject(held, parent, blob);
      return underApprovedBoot(held, parent, boots(), (session) =>
        signDigest(held, key, digest, session),
      );
    }),
  );
  if (signature.kind !== 'ecdsa') throw new Refusal('tpm-malformed', { field: 'signature' });
  return encodeDer(TAG.sequence, encodeUnsigned(signature.r), encodeUnsigned(signature.s));
}

interface StoredResident {
  readonly approver: Uint8Array;
  readonly blob: ObjectBlob;
}

async function loadResident(path: string): Promise<StoredResident> {
  const bytes = await readPrivate(path, KEY_FILE_BYTES_MAX);
  const stored = refusalOf(() => decodeResident(bytes));
  if (stored instanceof Refusal) throw new Refusal('key-malformed', { path });
  return stored;
}

function encodeResident(approver: Uint8Array, blob: ObjectBlob): Uint8Array {
  const text = canonicalText({
    approver: toBase64Url(approver),
    public: toBase64Url(blob.publicArea),
    private: toBase64Url(blob.privateArea),
  });
  return toUtf8(text);
}

function decodeResident(bytes: Uint8Array): StoredResident {
  const members = new Members(parseCanonical(bytes), 'resident');
  const read = (name: string): Uint8Array =>
    fromBase64Url(members.text(name, 2 * TPM_BUFFER_BYTES_MAX));
  return {
    approver: members.bytes('approver', POINT_BYTES),
    blob: { publicArea: read('public'), privateArea: read('private') },
  };
}
