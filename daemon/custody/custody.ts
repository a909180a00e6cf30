/**
 * Where the private material of a node lies, as the rest of the daemon sees it.
 *
 * Two ports. `KeyCustody` keeps secrets that a process needs in its memory: hybrid seeds, the key
 * of the transport, authorities. `IssuingKey` only ever signs, so it may be one that no process can
 * have. Which kind a daemon gets is decided where it is composed: files (`file-custody.ts`), or the
 * chip. A name is ours, never input.
 */

/** Secrets by name. What a call refuses or fails beyond this page is told by each kind. */
export interface KeyCustody {
  /** True if a secret of this name is kept; says nothing about its content. */
  has(name: string): Promise<boolean>;
  /**
   * Keeps a new secret durably: after a crash it is whole or absent. Never replaces one that is
   * kept: that fails `file-unwritable`, since an overwritten key is gone for good.
   */
  create(name: string, secret: Uint8Array): Promise<void>;
  /** The secret. Refuses `key-malformed`; fails `file-unreadable` where none is kept. */
  load(name: string): Promise<Uint8Array>;
  /** Destroys a secret (PROTOCOL §3.5); an absent one is destroyed already. */
  destroy(name: string): Promise<void>;
}

/** A key that signs what is issued, wherever its private half is. */
export interface IssuingKey {
  readonly keyType: 'ec-p256';
  /** SubjectPublicKeyInfo, DER (RFC 5480 §2). */
  readonly spki: Uint8Array;
  /** ECDSA with SHA-256 over `message`: Ecdsa-Sig-Value, DER (RFC 3279 §2.2.3). */
  sign(message: Uint8Array): Promise<Uint8Array>;
}
