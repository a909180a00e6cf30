/**
 * The names of all durable records, in one place: a prefix or a key belongs to one owner.
 *
 * A name that is no longer used stays here as retired, because an old state folder may still hold
 * it, and a new meaning under an old name would be read as the old one.
 */

/** Keys that stand alone. */
export const RECORDS = {
  /** Version of the layout; written first, read before anything else. */
  format: 'format',
  /** Sum over all other records, renewed with each batch. */
  seal: 'seal',
  /** Head of the audit log when it was last known whole. */
  auditHead: 'audit-head',
  /** What this node is: its domain, and whether its founding is still under way. */
  self: 'self',
  /** Names of the role keys that were made here after the founding. */
  roleKeys: 'role-keys',
  /** How far this node is with being enrolled; at a member. */
  enrolment: 'enrolment',
  /** A grant that is being taken: what a crash left of it is taken at the next start. */
  grant: 'grant',
  /** Whom this node joined over the network; at a member. */
  joining: 'joining',
  /** The authorities that sign our identities, and the state of each. */
  authorities: 'authorities',
  /** Version of the bundle document that this machine published last. */
  published: 'published',
  /** Alarms that nobody cleared yet. */
  alarms: 'alarms',
  /** The number that the counter of the chip is compared with. */
  generation: 'generation',
  /** Digest of the backup that this state came back from, until it has run long enough. */
  restored: 'restored',
} as const;

/** Prefixes; what follows is the owner's own opaque string. */
export const SPACES = {
  /** Keys that the federation core names. */
  federation: 'federation/',
  /** Addresses to stay linked with, by the partner's domain. */
  link: 'link/',
  /** Certificates that are out, by serial. */
  issued: 'issued/',
  /** What a member was granted to issue with: its intermediate, and leaves by entry. */
  issuing: 'issuing/',
  /** Machines that ask to be nodes of our domain, by node id; at an authority. */
  application: 'application/',
  /** Nodes that were granted a lease, by node id; at an authority. */
  enrolled: 'enrolled/',
  /** Marks of chips, by the digest of the attestation key's name; at an authority. */
  chip: 'chip/',
  /** Proposals that wait for signatures, by their digest; at an authority. */
  proposal: 'proposal/',
  /** What a partner proposes to honour of it, by its domain; at an authority. */
  relationProposal: 'relation-proposal/',
  /** Boots that wait to be approved, by the digest of their draft; at an authority. */
  boots: 'boots/',
  /** Partners that speak SPIFFE federation alone, by their domain. */
  spiffePartner: 'spiffe-partner/',
} as const;

/** Names that once meant something; none may come back. */
export const RETIRED: readonly string[] = [];

/** True if `key` is registered above. The store refuses to write anything else. */
export function isRegistered(key: string): boolean {
  return (
    Object.values(RECORDS).some((name) => name === key) ||
    Object.values(SPACES).some((prefix) => key.startsWith(prefix) && key.length > prefix.length)
  );
}
