/**
 * Branded types: values that look alike to a machine and must not be confused by a person.
 *
 * A brand exists only in the type. It is put on by the one constructor that checked the value, so
 * holding a `TrustDomain` or a `Digest` is proof that somebody parsed it.
 */

declare const brand: unique symbol;

/** `Base` that has been checked to be a `Name`. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
