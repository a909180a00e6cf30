/**
 * Which headings hold command lines, and what runs them. A heading that gains its first line has to
 * be entered here; what is not run as told has its reason.
 */

interface Heading {
  /** The test that types its lines; absent where nothing does yet. */
  readonly by?: string;
  /** Lines that are not typed there, by how they begin, or '' for all; and why. */
  readonly left?: Readonly<Record<string, string>>;
}

const BY_SECTIONS = 'test/docs/sections.test.ts';
const BY_ADDRESSES = 'test/docs/addresses.test.ts';
const BY_BOXES = 'test/docs/boxes.test.ts';

const ASKS_A_CHIP = 'asks the chip of the machine';

/** By page and heading. */
export const TOLD: Readonly<Record<string, Heading>> = {
  'README: Two commands': { by: BY_SECTIONS },
  'README: A coalition in five minutes': { by: 'test/readme.test.ts' },
  'OPERATIONS: Install and run': { by: BY_ADDRESSES },
  'OPERATIONS: Commands over a network': { by: 'test/docs/remote.test.ts' },
  'OPERATIONS: Enrol a box': {
    by: BY_BOXES,
    left: {
      'holdfast run': 'the box runs already',
      'holdfast attest quote': ASKS_A_CHIP,
      'holdfast references learn': 'needs what the chip said',
      'holdfast references approve': 'needs what the chip said',
    },
  },
  'OPERATIONS: Give a workload an identity': {
    by: BY_SECTIONS,
    left: { 'holdfast svid watch': 'stays; test/daemon/commands/svid-watch.test.ts runs it' },
  },
  'OPERATIONS: Add a partner': { by: BY_SECTIONS },
  'OPERATIONS: Add a partner by phone and stick': { by: 'test/daemon/phone-and-stick.test.ts' },
  'OPERATIONS: Carry many domains at once': { by: BY_BOXES },
  'OPERATIONS: Add a partner that speaks SPIFFE alone': { by: BY_ADDRESSES },
  'OPERATIONS: When the clock is gone': { by: BY_SECTIONS },
  'OPERATIONS: When an age stands in the way': { by: BY_SECTIONS },
  'OPERATIONS: Watch it live': { by: 'test/tui/window.test.ts' },
  'OPERATIONS: When something is wrong': { by: BY_SECTIONS },
  'OPERATIONS: Keys in a chip': { by: BY_SECTIONS },
  'OPERATIONS: Audit': { by: BY_SECTIONS },
  'OPERATIONS: Backup and restore': { by: BY_SECTIONS },
  'OPERATIONS: Changing the Root': { by: BY_SECTIONS },
  'OPERATIONS: Rotating, losing and losing control of keys': { by: BY_SECTIONS },
  'OPERATIONS: A second machine for the domain': {
    by: 'test/docs/standby.test.ts',
    left: { 'holdfast run': 'a daemon, which the test starts here' },
  },
  'OPERATIONS: Revoking': { by: BY_BOXES },
};
