/**
 * The points that a large swarm has to reach at least once, or it has failed: every fault, every
 * hook, and the paths of the protocol that the checkers stand on. A smaller one names what it
 * missed.
 */

import { FAULTS } from './faults/table.ts';
import type { Scenario } from './scenario.ts';

/** What every swarm reaches, whatever its faults. */
const ALWAYS = [
  'protocol: a beacon was released',
  'protocol: a document was admitted',
  'tier: FRESH',
];

/** What a swarm reaches that may draw every fault. */
const WITH_ALL_FAULTS = [
  'adversary: an override key, one alone: threshold-unmet',
  'adversary: an override key, one recalls: admitted',
  'adversary: an override key, one twice: signer-duplicate',
  'adversary: an override key, two permit: admitted',
  'adversary: answered again',
  'adversary: delayed',
  'adversary: flooded',
  'adversary: forged',
  'adversary: lied',
  'adversary: misdated',
  'adversary: one revocation key, authority: threshold-unmet',
  'adversary: one revocation key, identity: admitted',
  'adversary: one revocation key, identity: key-revoked',
  'adversary: one revocation key, lease: admitted',
  'adversary: replayed',
  'adversary: said a tick',
  'adversary: signed a bundle',
  'adversary: signed a manifest',
  'adversary: stopped a beacon',
  'adversary: withheld',
  'alarm: clock-or-key',
  'alarm: equivocation',
  'alarm: override',
  'checker: a guest obtained everything',
  'checker: a later version was not understood',
  'checker: a lease was judged',
  'checker: a lease was taken',
  'checker: a date below the bound was refused',
  'checker: a message was refused as held',
  'checker: a number came again',
  'checker: a partner was met by a machine too old itself',
  'checker: a process found its own beacon',
  'checker: a revocation was held',
  'checker: a Root was shown to whoever holds it',
  'checker: a Root took what a compromised key had signed',
  'checker: a withdrawn bundle was still held',
  'checker: a seed was fresh',
  'checker: a stranger was heard',
  'checker: a subset was given',
  'checker: evidence came late',
  'crash: after persist',
  'crash: after send',
  'crash: before persist',
  'crash: before send',
  'disk: a batch failed',
  'disk: a damaged store was refused',
  'disk: a machine was put back with its memory',
  'disk: a writer was put back with its memory',
  'disk: an unsynced batch was lost',
  'network: a frame came twice',
  'network: a frame met a cut',
  'network: a frame overtook another',
  'network: a frame waited behind a clog',
  'network: a frame was lost',
  'network: a link came up: recovery',
  'network: a link was given up',
  'people: a forged Root was refused: root-conflict',
  'people: a forged Root was refused: root-step',
  'people: a forged Root was refused: signer-duplicate',
  'people: a forged Root was refused: threshold-unmet',
  'people: a lease was renewed: granted',
  'people: a machine was updated',
  'people: a proposal was: accepted',
  'people: a proposal was: narrowed',
  'people: a proposal was: signer-unknown',
  'people: a rank given twice was refused',
  'people: a relation was changed',
  'people: a revocation key was called compromised',
  'people: a revocation key was rotated',
  'people: a revocation was acknowledged',
  'people: a root key was called compromised',
  'people: a stolen revocation key was called compromised',
  'people: a withdrawal was acknowledged',
  'people: an override was recalled',
  'people: an override was taken',
  'people: an update was taken back',
  'people: the next rank was given the word',
  'protocol: a forgery was met',
  'protocol: a key was disowned',
  'protocol: a peer was banned',
  'protocol: a stop was admitted',
  'protocol: a stop was revealed',
  'protocol: a wall clock leapt',
  'protocol: evidence was held',
  'refused: root-newer',
  'tier: DEGRADED',
  'tier: EXPIRED',
  'tier: SURVIVAL',
];

/** What a swarm reaches in which standbys take over. */
const WITH_STANDBYS = [
  'alarm: deposed',
  'alarm: standby-silent',
  'checker: a writer spoke after its standby took over',
  'checker: leases vouched for a date',
  'refused: standby-silent',
];

/** What befalls followers, and has no place where there are none. */
const OF_FOLLOWERS = ['restored-backup', 'restored-vm', 'misdating'];

/** The points that a swarm over this scenario must have reached. */
export function pointsOf(scenario: Scenario): readonly string[] {
  const faults = FAULTS.filter(({ name }) => scenario.faults.includes(name));
  const named = faults
    .filter(({ name }) => scenario.followers > 0 || !OF_FOLLOWERS.includes(name))
    .filter(({ name }) => scenario.standbys > 0 || name !== 'standing-in')
    .map(({ name }) => `fault: ${name}`);
  const all = faults.length === FAULTS.length ? WITH_ALL_FAULTS : [];
  const turns = scenario.writerForMs > 0 ? WITH_STANDBYS : [];
  return [...ALWAYS, ...named, ...all, ...turns];
}
