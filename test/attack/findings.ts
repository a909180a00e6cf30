/**
 * All findings of the review of the first design, and what each has: a test by its number and a
 * mutant in clauses.ts, or the reason why there is no attack to try.
 */

/** Numbers of those that name an attack. */
export const ATTACKS: readonly string[] = [
  ...['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8'],
  ...['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'H7', 'H8', 'H9', 'H10', 'H11', 'H12', 'H13', 'H14'],
  ...['H15', 'H16', 'H17'],
  ...['M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M7', 'M8', 'M9', 'M10', 'M11', 'M12', 'M13', 'M14'],
  ...['M16', 'L2'],
];

/** Those that name none. */
export const NO_ATTACK: Readonly<Record<string, string>> = {
  M15: 'claims of the page: what is hybrid and what is classical stands in THREATS',
  L1: 'no relay marks what it relays, so that nobody is convicted by the word of a peer',
  L3: 'no seed and no state of a chain is stored: crash tests read every record',
  L4: 'how a tick is shown to people: as a QR code first',
};
