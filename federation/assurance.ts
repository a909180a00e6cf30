/**
 * Assurance: how much is known about the machine that a word comes from (PROTOCOL §7.3).
 *
 * A closed order of four levels. A level counts only where the domain's authority signed it: what
 * a node says of itself proves nothing.
 */

/** From least to most: nothing proven, a chip of a hypervisor, a chip, a boot judged good. */
export const ASSURANCES = ['software', 'vtpm', 'tpm', 'measured-boot'] as const;
export type Assurance = (typeof ASSURANCES)[number];

/** True if `held` is no less than `needed`. */
export function isAssured(held: Assurance, needed: Assurance): boolean {
  return ASSURANCES.indexOf(held) >= ASSURANCES.indexOf(needed);
}

/** The level of that name, or null where it is none. */
export function parseAssurance(text: string): Assurance | null {
  return ASSURANCES.find((level) => level === text) ?? null;
}
