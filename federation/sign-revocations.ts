/**
 * Signing revocations with the keys that lie on this machine (PROTOCOL §5.5), or drafting them for
 * keys that lie elsewhere.
 *
 * The new document says again whatever is held of the same months that its signers may say, so that
 * earlier ones of those months can be dropped everywhere; others it names beside it. Where many
 * documents are held it says again all that its signers may, or there would be no room for it.
 */

import type { JsonObject } from '../core/canonical.ts';
import { REVOCATION_DOCUMENTS_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { Signer } from '../core/suite.ts';
import { type UnixMs, unixMs } from '../core/time.ts';
import { type Belief, newestRoot } from './belief.ts';
import { signEnvelope } from './envelope.ts';
import {
  besideOf,
  checkTarget,
  type HeldRevocations,
  isPast,
  monthOf,
  type Revocation,
  type RevocationTarget,
  revocationKey,
  revocationsBody,
  thresholdOf,
  unionOf,
} from './revocations.ts';
import type { RevocationRole, Root } from './root.ts';

/** So many documents are many: half of those that there is room for. */
const CROWD = REVOCATION_DOCUMENTS_MAX / 2;
/** The document itself takes a place too. */
const BESIDE_MAX = REVOCATION_DOCUMENTS_MAX - 1;

/**
 * The envelope of a document that revokes `targets`, dated `at`. Refuses `root-unknown`,
 * `revocation-signers` where too few keys are here, `revocation-target` and `revocation-foreign`.
 */
export function signRevocations(
  signers: readonly Signer[],
  belief: Belief,
  targets: readonly RevocationTarget[],
  at: UnixMs,
): Uint8Array {
  const root = newestRoot(belief)?.root;
  if (root === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  const fresh = freshEntries(belief, root, targets, at);
  const compromised = new Set<string>(root.compromised);
  const usable = signers.filter(
    ({ keyId }) => root.revocation.keys.has(keyId) && !compromised.has(keyId),
  );
  const needed = thresholdOf(root.revocation, fresh);
  if (fresh.length === 0 || usable.length < needed) {
    throw new Refusal('revocation-signers', { expected: needed, got: usable.length });
  }
  const said = withHeld(belief, root.revocation, fresh, usable.length);
  const body = bodyOf(belief, said);
  return signEnvelope('revocations', body, usable.slice(0, thresholdOf(root.revocation, said)));
}

/**
 * The same document without a signature, for people to sign on machines of their own
 * (PROTOCOL §2.7). It says again whatever as many signers may say as the new entries take.
 * Refuses `root-unknown`, `revocation-target` and `revocation-foreign`.
 */
export function draftRevocations(
  belief: Belief,
  targets: readonly RevocationTarget[],
  at: UnixMs,
): Uint8Array {
  const root = newestRoot(belief)?.root;
  if (root === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  const fresh = freshEntries(belief, root, targets, at);
  const needed = thresholdOf(root.revocation, fresh);
  const said = withHeld(belief, root.revocation, fresh, needed);
  return signEnvelope('revocations', bodyOf(belief, said), []);
}

function bodyOf(belief: Belief, said: readonly Revocation[]): JsonObject {
  const beside = besideOf(livingOf(belief), said).slice(-BESIDE_MAX);
  return revocationsBody(belief.domain, nextVersion(belief), said, beside);
}

/** The documents held that still say something of what lives. */
function livingOf({ revocations, beacon }: Belief): readonly HeldRevocations[] {
  const now = beacon?.beacon.issuedAt ?? unixMs(0);
  return revocations.documents.filter((document) => !isPast(document, now));
}

function freshEntries(
  belief: Belief,
  root: Root,
  targets: readonly RevocationTarget[],
  at: UnixMs,
): readonly Revocation[] {
  const fresh = targets.map((target): Revocation => ({ ...target, at }));
  for (const target of fresh) checkRevocable(target, belief, root);
  return fresh;
}

/** The new entries, and what is held of their months, still in time, for `signers` keys to say. */
function withHeld(
  { revocations, beacon }: Belief,
  role: RevocationRole,
  fresh: readonly Revocation[],
  signers: number,
): readonly Revocation[] {
  const past = beacon?.beacon.issuedAt ?? 0;
  const months = new Set(fresh.map(monthOf));
  const isCrowded = revocations.documents.length >= CROWD;
  const held = [...revocations.union.values()].filter(
    (entry) =>
      (isCrowded || months.has(monthOf(entry))) &&
      entry.notAfter >= past &&
      thresholdOf(role, [entry]) <= signers,
  );
  return [...unionOf([{ entries: held }, { entries: fresh }]).values()];
}

function nextVersion({ revocations }: Belief): bigint {
  const versions = revocations.documents.map(({ version }) => version);
  return versions.reduce((high, next) => (next > high ? next : high), 0n) + 1n;
}

/** Root and revocation keys are Root's to name: a revocation role that could end itself is none. */
function checkRevocable(target: Revocation, { domain }: Belief, root: Root): void {
  checkTarget(target, domain);
  if (target.class !== 'authority') return;
  const above = [...root.root.keys.keys(), ...root.revocation.keys.keys()];
  if (above.some((keyId) => keyId === target.target)) {
    throw new Refusal('revocation-target', { why: 'a key of Root', got: revocationKey(target) });
  }
}
