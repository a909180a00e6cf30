/**
 * What the daemon shows over its control socket: the shapes of the facts that commands, programs
 * (`--json`) and the terminal read. Times are milliseconds, dates RFC 3339, epochs decimal text.
 *
 * Types and a few closed lists; nothing here is computed.
 *
 * Reason: it is one vocabulary in one place.
 */

import type { Json } from '../../core/canonical.ts';
import type { RefusalCode } from '../../core/refusal.ts';

/** PROTOCOL §4.5, and `NONE` where nothing of the domain is held yet. */
export type Tier = 'FRESH' | 'DEGRADED' | 'SURVIVAL' | 'EXPIRED' | 'QUARANTINED' | 'NONE';

/** How stale one domain is, and what follows from it (PROTOCOL §4.8). */
export interface DomainStatus {
  readonly domain: string;
  readonly own: boolean;
  /** `spiffe`: its endpoint shows a bundle that nobody signed; no epoch, no beacon, no stop. */
  readonly relation: 'own' | 'partner' | 'spiffe';
  /** What is honoured of it; null of our own domain, and where an endpoint says no terms. */
  readonly terms: RelationTermsView | null;
  readonly tier: Tier;
  /** Null where nothing bounds it: nothing is held, or the state was put back. */
  readonly ageMs: number | null;
  /** The limits in force: the tightest of all that apply. */
  readonly limits: AgeLimitsView;
  /** The tier it falls to next, and when, if nothing newer arrives. */
  readonly nextCliff: { readonly tier: Tier; readonly inMs: number } | null;
  /** How much of the way there is gone, in percent: 0 below a half. */
  readonly alert: 0 | 50 | 75 | 90;
  /** Of a `spiffe` partner: the sequence of its bundle; empty if that has none. */
  readonly epoch: string;
  readonly tick: number;
  readonly rootVersion: string;
  /** Its fingerprint as words, to be compared aloud; empty for `spiffe` partners. */
  readonly words: string;
  /** Digest of the newest beacon, in hex; empty if none is held. */
  readonly beacon: string;
  readonly stopped: boolean;
  readonly late: boolean;
  readonly timeUnknown: boolean;
  /** What people permit on its statements beyond their age, now. */
  readonly overrides: readonly OverrideStatus[];
  /** Null where nothing of it came since the start, and of our own and of `spiffe` partners. */
  readonly heard: HeardStatus | null;
  /** What it costs this node; null of our own and of `spiffe` partners. */
  readonly share: ShareStatus | null;
  /** What would make it fresh again, or keep it so; empty where there is nothing to do. */
  readonly mend: string;
}

/** What a partner fills of our store, and what is left of its bytes, in percent (PROTOCOL §6.2). */
export interface ShareStatus {
  readonly storedBytes: number;
  readonly storedMax: number;
  /** Over links with its nodes. */
  readonly moved: number;
  /** New of itself. */
  readonly news: number;
}

/** An override in force. */
export interface OverrideStatus {
  /** Its digest, by which it is withdrawn. */
  readonly id: string;
  readonly action: string;
  /** The worst tier in which the act is permitted. */
  readonly tier: Tier;
  readonly reason: string;
  /** Names of those who signed, as Root has them. */
  readonly people: readonly string[];
  /** RFC 3339. */
  readonly notAfter: string;
}

export interface PeerStatus {
  readonly peer: string;
  readonly domain: string;
  readonly node: string;
  /** How long the link has been up. */
  readonly sinceMs: number;
  /** What its lease lets it have of its own domain: everything, or the entries of its groups. */
  readonly class: 'authority' | 'member';
  /** Bits a second that the link carries, where they are few; else null. */
  readonly bitsPerS: number | null;
  /** How long ago anything came from it, and how many bytes came since the link is up. */
  readonly heardMs: number;
  readonly heardBytes: number;
  /** What it may still send at once, in percent, of sync frames and of gossip. */
  readonly budget: { readonly sync: number; readonly gossip: number };
}

/** By what way the newest evidence of a domain came, and how long ago. */
export interface HeardStatus {
  readonly by: 'link' | 'gossip' | 'file';
  /** Who was linked at the other end; empty for a file. */
  readonly peer: string;
  readonly agoMs: number;
}

export interface AlarmStatus {
  /** By which a person clears it. */
  readonly id: number;
  /** RFC 3339. */
  readonly at: string;
  readonly code: string;
  readonly domain: string;
  readonly detail: string;
}

/** The node that this daemon is, and what makes it one of its domain. */
export interface NodeStatus {
  /** Id of its key, in hex. */
  readonly id: string;
  readonly spiffeId: string;
  /** Null on a member that is not enrolled yet. */
  readonly lease: {
    readonly group: string;
    readonly kind: string;
    readonly assurance: string;
    readonly issuedAt: string;
    readonly notAfter: string;
    /** Code of why it is not in force; empty while it is. */
    readonly trouble: string;
  } | null;
}

/** Where the private keys of a node lie. */
export interface KeysStatus {
  readonly custody: 'files' | 'chip';
  /** Where the chip is; empty without one. */
  readonly tpm: string;
  /** Name of the approved state that this boot fits; empty without a chip. */
  readonly boot: string;
}

/** A key that a person may take along. */
export interface PortableKey {
  readonly name: string;
  /** True if nothing that runs here needs it. */
  readonly movable: boolean;
}

/** Which key goes into which folder, as a file that needs no chip. */
export interface KeyToFolder {
  readonly name: string;
  readonly folder: string;
}

/** Where it lies now. */
export interface KeyFileView {
  readonly name: string;
  readonly path: string;
}

/** The daemon at one glance. */
export interface Status {
  readonly version: string;
  readonly domain: string;
  readonly assurance: string;
  readonly authority: boolean;
  readonly node: NodeStatus;
  /** Such as `1 of 1`. */
  readonly rootThreshold: string;
  /** Its beacon key is the one in force: it signs for its domain. False on a standby. */
  readonly writes: boolean;
  /** The rank that Root gives its beacon key; null without one. */
  readonly rank: number | null;
  /** Digest of the first Root, in hex: what partners compare. */
  readonly fingerprint: string;
  readonly startedAt: string;
  readonly wallMs: number;
  readonly timeKnown: boolean;
  readonly time: TimeStatus;
  /** What guards the marks (PROTOCOL §5.7); `rolled-back`: the store is older than its counter. */
  readonly antiRollback: 'proven' | 'software' | 'rolled-back';
  readonly keys: KeysStatus;
  readonly sockets: { readonly control: string; readonly workload: string };
  readonly listen: readonly string[];
  /** False for a node that opens no socket of a network. */
  readonly transmits: boolean;
  /** URL that our bundle endpoint listens at; empty where there is none. */
  readonly bundleEndpoint: string;
  readonly domains: readonly DomainStatus[];
  readonly peers: readonly PeerStatus[];
  readonly entries: number;
  readonly alarms: readonly AlarmStatus[];
}

/** What somebody may do, from least to most; each may do all that those before it may. */
export const ROLES = ['observer', 'auditor', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whom the daemon takes a caller for. */
export interface CallerView {
  /** Name of the user, or a SPIFFE ID. */
  readonly name: string;
  /** Null for a caller that is not on this machine. */
  readonly uid: number | null;
  readonly role: Role;
  /** `socket`, or the address of another machine. */
  readonly from: string;
}

/** What date the daemon goes by, and why (PROTOCOL §4.4). */
export interface TimeStatus {
  readonly known: boolean;
  readonly basis: 'wall' | 'beacon-key' | 'quorum' | 'operator';
  /** Why it is not known: `start`, `jump`, `store`; `late` where it is, and too roughly to sign. */
  readonly doubts: readonly string[];
  readonly clock: string;
  /** What the clock of the machine says. */
  readonly wall: string;
}

/** The kind of a workload's keys; `ml-dsa-65` for clients that know it. */
export type KeyType = 'ec-p256' | 'ml-dsa-65';

/** How much is known about a machine, from least to most. */
export type AssuranceLevel = 'software' | 'vtpm' | 'tpm' | 'measured-boot';

export interface EntryView {
  readonly id: string;
  readonly spiffeId: string;
  readonly selectors: readonly string[];
  /** Whose nodes hold the entry. */
  readonly group: string;
  /** SPIFFE ID of the one node that serves it; empty for every node of the group. */
  readonly parent: string;
  readonly x509SvidTtlMs: number;
  readonly jwtSvidTtlMs: number;
  readonly keyType: KeyType;
  readonly dnsNames: readonly string[];
  readonly federatesWith: readonly string[];
  readonly hint: string;
  readonly admin: boolean;
  readonly minAssurance: AssuranceLevel;
  /** RFC 3339; empty for never. */
  readonly expiresAt: string;
  /** RFC 3339; empty for an entry older than this member. */
  readonly createdAt: string;
  /** Counts the changes of this entry, from 1. */
  readonly revision: number;
}

export interface EntryCreate {
  readonly spiffeId: string;
  readonly selectors: readonly string[];
  readonly group?: string;
  readonly parent?: string;
  readonly x509SvidTtlMs?: number;
  readonly jwtSvidTtlMs?: number;
  readonly keyType?: KeyType;
  readonly dnsNames?: readonly string[];
  readonly federatesWith?: readonly string[];
  readonly hint?: string;
  readonly admin?: boolean;
  readonly minAssurance?: AssuranceLevel;
  /** A whole second in RFC 3339, such as `2027-01-01T00:00:00Z`; empty for never. */
  readonly expiresAt?: string;
}

/** What is left out stays as it is. */
export type EntryUpdate = Omit<
  Partial<EntryCreate>,
  'spiffeId' | 'selectors' | 'group' | 'parent'
> & {
  readonly id: string;
};

export interface EntryApply {
  /** What should be; an entry is found by its SPIFFE ID, selectors, group and parent. */
  readonly entries: readonly EntryCreate[];
  /** What becomes of entries that are not in the list. */
  readonly others: 'keep' | 'delete';
  /** `preview` answers with the difference and changes nothing. */
  readonly act: 'preview' | 'publish';
}

/** One entry that is not as it should be; `null` stands for what is absent. */
export interface EntryChangeView {
  readonly kind: 'create' | 'update' | 'delete';
  readonly id: string;
  readonly spiffeId: string;
  readonly members: readonly {
    readonly member: string;
    readonly from: Json;
    readonly to: Json;
  }[];
}

export interface EntryApplied {
  readonly changes: readonly EntryChangeView[];
  readonly unchanged: number;
  /** In which all of it holds. */
  readonly epoch: string;
}

export interface AuthorityView {
  readonly subject: string;
  readonly notAfter: string;
  /** SHA-256 of the certificate, in hex. */
  readonly fingerprint: string;
}

export interface BundleView {
  readonly domain: string;
  readonly tier: Tier;
  /** Null where nothing bounds it. */
  readonly ageMs: number | null;
  readonly epoch: string;
  /** Digest of the first Root, in hex. */
  readonly fingerprint: string;
  readonly authorities: readonly AuthorityView[];
}

/** Something that signs for our domain, and where it is in its life. */
export interface SigningAuthority {
  readonly id: string;
  readonly use: AuthorityUse;
  readonly keyType: KeyType;
  readonly state: 'prepared' | 'active' | 'old';
  /** All that it signed is being issued anew. */
  readonly tainted: boolean;
  readonly notAfter: string;
}

/** What a machine asks to be. */
export interface EnrolWish {
  readonly group: string;
  readonly kind: 'slices' | 'cell' | 'domain';
}

/** A message of an enrolment as a file, and whose node it is about. */
export interface EnrolMessage {
  /** The armoured text. */
  readonly text: string;
  /** Id of the node's key, in hex. */
  readonly node: string;
}

/** How far joining over the network is. */
export interface JoinView {
  readonly node: NodeStatus;
  /** Code of what the last attempt ran into; empty where there was none. */
  readonly trouble: string;
}

/** A machine that asks to be a node of our domain. */
export interface ApplicationView extends EnrolWish {
  readonly node: string;
  readonly way: 'network' | 'courier';
  /** SHA-256 of its endorsement key as SubjectPublicKeyInfo, in hex; empty without a chip. */
  readonly endorsement: string;
  /** What its newest answer earned; empty before any. */
  readonly assurance: string;
  readonly approved: boolean;
  readonly notAfter: string;
}

/** A node that was granted a lease. */
export interface EnrolledView {
  readonly node: string;
  readonly spiffeId: string;
  readonly group: string;
  readonly kind: string;
  readonly assurance: string;
  readonly grantedAt: string;
  readonly notAfter: string;
  readonly revoked: boolean;
}

/** Boots to approve. */
export interface ReferencesDraft {
  /** A file of drafted states. */
  readonly text: string;
  /** A generation that no chip of the domain has passed; `0` where the usual one does. */
  readonly generation: string;
}

/** Something that waits for the word or the signature of a person. */
export interface CeremonyView {
  readonly kind: 'root' | 'revocations' | 'override' | 'enrolment' | 'relation' | 'boots';
  /** Digest of what is proposed, or the id of a node. */
  readonly id: string;
  /** What it is, in a few words. */
  readonly title: string;
  /** The digest as words, to be compared aloud; empty where two persons look at no digest. */
  readonly words: string;
  /** Whether it takes signatures of keys that people hold, or one word of who may give it. */
  readonly by: 'key' | 'word';
  /** What would be otherwise, a line each. */
  readonly changes: readonly string[];
  readonly signatures: readonly {
    /** Such as `root keys of version 3`. */
    readonly name: string;
    readonly needed: number;
    /** Ids of the keys that may sign, and of those that did. */
    readonly keys: readonly string[];
    readonly signed: readonly string[];
  }[];
  readonly broughtBy: string;
  /** When it came; empty where that is not known. */
  readonly since: string;
  /** When it ends by itself; empty where it does not. */
  readonly until: string;
}

/** A workload on this machine that fetched an identity since the daemon started. */
export interface FetchedView {
  readonly spiffeId: string;
  /** Who asked last, as the kernel says, and how long ago an answer went there. */
  readonly uid: number;
  readonly agoMs: number;
  /** When the newest SVID that was handed out ends. */
  readonly notAfter: string;
}

/** How this machine booted, as its own chip quotes it now. */
export interface AttestationView {
  /** Where the chip is; empty without one, and then there is nothing else. */
  readonly tpm: string;
  readonly verdict: 'approved' | 'unapproved' | 'none';
  /** The approved state that it fits, or comes nearest to; empty where none is approved. */
  readonly state: string;
  readonly differences: readonly {
    readonly code: string;
    readonly where: string;
    readonly expected: string;
    readonly got: string;
  }[];
  readonly bank: string;
  readonly secureBoot: string;
  readonly pcrs: readonly {
    readonly pcr: number;
    /** Hex. */
    readonly value: string;
    /** Whether a log leads to the value; else `trouble` is the code of why not. */
    readonly explained: boolean;
    readonly trouble: string;
  }[];
  /** What was measured, by PCR; the last ones where there are too many. */
  readonly events: readonly EventView[];
}

/** One measured event. */
export interface EventView {
  readonly pcr: number;
  readonly index: number;
  readonly source: string;
  readonly type: string;
  /** Of `digest` alone the text is a hint, of `nothing` all is. */
  readonly proven: 'all' | 'digest' | 'nothing';
  readonly digest: string;
  readonly text: string;
}

/** What can be revoked, as commands name it. */
export const REVOCATION_KINDS = ['svid', 'identity', 'node', 'authority'] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

/** What is to be revoked, for good. */
export interface RevokeParams {
  readonly kind: RevocationKind;
  /** A serial in hex, a SPIFFE ID, or the id of a node's key, an authority or a key of Root. */
  readonly target: string;
  /** A sentence for the audit log; empty for none. */
  readonly reason: string;
}

/** One entry of what is revoked. */
export interface RevocationView {
  readonly domain: string;
  readonly kind: RevocationKind;
  readonly target: string;
  readonly at: string;
  /** When the target would have ended anyhow; empty for never. */
  readonly notAfter: string;
}

/** What an authority signs: certificates or tokens. */
export type AuthorityUse = 'x509' | 'jwt';

/** What became of one document of an imported file. */
export interface ImportOutcome {
  readonly type: string;
  readonly outcome: 'admitted' | 'held already' | RefusalCode;
}

/** A mark of a domain that a file would move: a Root, an epoch, a tick, a document by its name. */
export interface ChangedMark {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** What a file would change, and what would become of each document in it. */
export interface CourierPreview {
  readonly domains: readonly {
    readonly domain: string;
    readonly marks: readonly ChangedMark[];
  }[];
  readonly documents: readonly ImportOutcome[];
}

export interface RelationView {
  readonly domain: string;
  readonly kind: 'holdfast' | 'spiffe';
  /** Of a `spiffe` partner; null for others. */
  readonly endpoint: EndpointView | null;
  readonly fingerprint: string;
  readonly peers: readonly string[];
  readonly terms: RelationTermsView;
  readonly tier: Tier;
}

/** What a relation grants (PROTOCOL §2.4). */
export interface RelationTermsView {
  /** Paths whose identities are honoured; `/` is the whole domain. */
  readonly scope: readonly string[];
  readonly minAssurance: AssuranceLevel;
  /** Tightens the partner's own limits; null leaves them as they are. */
  readonly limits: AgeLimitsView | null;
  /** True if the partner's bundle is served down to SURVIVAL (PROTOCOL §4.7). */
  readonly survivalForeign: boolean;
  readonly peering: boolean;
  readonly serveBundle: boolean;
  /** MiB that nodes of the partner may move at once, and that may be new of it (PROTOCOL §6.2). */
  readonly budgetMib: number;
  /** Empty where only people end it. */
  readonly notAfter: string;
}

/** Ages at which evidence stops being FRESH, DEGRADED and SURVIVAL. */
export interface AgeLimitsView {
  readonly freshForMs: number;
  readonly degradedForMs: number;
  readonly survivalForMs: number;
}

/** How a `spiffe` partner is reached. */
export interface EndpointView {
  readonly url: string;
  readonly profile: EndpointProfileName;
  /** The SPIFFE ID that has to answer; empty for `https_web`. */
  readonly endpointId: string;
  /** Code of what the last poll ran into; empty if it did well. */
  readonly trouble: string;
}

export type EndpointProfileName = 'https_web' | 'https_spiffe';

/** The triple that names an endpoint, and what a person carried here to begin with. */
export interface SpiffeRelationAdd {
  readonly domain: string;
  readonly url: string;
  readonly profile: EndpointProfileName;
  /** Given with `https_spiffe`, and never with `https_web`. */
  readonly endpointId?: string;
  /** A SPIFFE bundle as JSON. */
  readonly bundle?: string;
}

export interface RelationAdd {
  /** A bundle file of the partner. */
  readonly text: string;
  readonly peers: readonly string[];
  readonly survivalForeign?: boolean;
}

/** What a partner asks to be honoured of it. */
export interface RelationProposalView {
  readonly domain: string;
  readonly asks: RelationTermsView;
  readonly addresses: readonly string[];
  readonly issuedAt: string;
  readonly notAfter: string;
}

export interface RelationAccept {
  /** A bundle file of the partner, with or without a proposal. */
  readonly text: string;
  readonly terms: RelationTermsView;
  /** Those there are stay where none is given. */
  readonly peers: readonly string[];
}

/** A backup that waits to be fetched. */
export interface BackupView {
  readonly digest: string;
  readonly bytes: number;
  /** Names of keys in it that open in the chip of this machine alone. */
  readonly chipHeld: readonly string[];
}

/** The last of so many entries, and the hash that the next one has to carry. */
export interface AuditHeadView {
  readonly seq: number;
  /** Hex. */
  readonly hash: string;
}

export interface AuditEntryView {
  readonly seq: number;
  readonly at: string;
  readonly event: string;
  readonly previous: string;
  readonly fields: Readonly<Record<string, Json>>;
}

/** Roles that a daemon makes keys of its own for. */
export const ROLE_KEYS = ['beacon', 'documents', 'revocation'] as const;
export type RoleKey = (typeof ROLE_KEYS)[number];

export type BundleFormat = 'holdfast' | 'spiffe';
