/** Mutants of what a thief of keys or seeds would gain by. */

import type { Mutant } from './mutants.ts';

export const THIEF_MUTANTS: readonly Mutant[] = [
  {
    name: 'a writer goes on by a chain whose stop somebody else revealed',
    file: 'federation/writer.js',
    find: 'if (chain?.isRead(own) !== true)',
    replace: 'if (own !== null)',
    faults: ['stolen-seeds'],
  },
  {
    name: 'a document that no beacon pins is taken',
    file: 'federation/admit-content.js',
    find: 'pin === undefined || pin.digest !== head.digest || pin.version !== head.version',
    replace: 'pin === undefined',
    faults: ['stolen-documents-key'],
  },
  {
    name: 'a second beacon of one number takes the place of the first',
    file: 'federation/admit-beacon.js',
    find: 'held !== null && order === 0',
    replace: 'false',
    faults: ['stolen-beacon-key'],
  },
  {
    name: 'a second beacon of one number is called late',
    file: 'federation/admit-beacon.js',
    find: 'beacon.lineage < newest.lineage || order < 0',
    replace: 'beacon.lineage < newest.lineage || (held !== null && order <= 0)',
    faults: ['stolen-beacon-key'],
  },
  {
    name: 'a Root needs no threshold',
    file: 'federation/root.js',
    find: 'if (got < role.threshold)',
    replace: 'if (false)',
    faults: ['stolen-root-key'],
  },
  {
    name: 'one key may sign twice',
    file: 'federation/envelope.js',
    find: 'if (keyId === last)',
    replace: 'if (false)',
    faults: ['stolen-root-key'],
  },
  {
    name: 'one person alone may override',
    file: 'federation/root.js',
    find: 'threshold: OVERRIDE_SIGNERS',
    replace: 'threshold: 1',
    faults: ['stolen-override-key'],
    world: { domains: 2, followers: 1 },
  },
  {
    name: 'an override is admitted in silence',
    file: 'federation/admit-override.js',
    find: "{ kind: 'alarm', code: 'override', domain, details },",
    replace: '',
    faults: ['stolen-override-key'],
    world: { domains: 2, followers: 1 },
  },
  {
    name: 'one key revokes an authority',
    file: 'federation/revocations.js',
    find: 'isAuthority ? Math.max(role.authorityThreshold, role.leaseThreshold) : ',
    replace: '',
    faults: ['stolen-revocation-key'],
  },
];
