/**
 * One leg of a hybrid signature: the port behind which an algorithm and its implementation hide.
 */

/** What a verification judges. Legs whose algorithm has a context bind it (FIPS 204 §5.3). */
export interface LegCheck {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly context: string;
  readonly signature: Uint8Array;
}

/** A private key in use. It can be asked to sign, and for nothing else. */
export interface LegKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array, context: string): Uint8Array;
}

/** A signature algorithm. `verify` answers false for whatever is malformed, and never throws. */
export interface Leg {
  readonly name: string;
  readonly publicKeyBytes: number;
  readonly seedBytes: number;
  readonly signatureBytes: number;
  open(seed: Uint8Array): LegKey;
  verify(check: LegCheck): boolean;
}
