/**
 * The control protocol: what a command or a terminal may ask of the daemon, and the frames it asks
 * in. JSON-RPC 2.0, one frame a WebSocket message, over a Unix socket that only its owner may open.
 *
 * Pure: nothing here does I/O, so the daemon, the commands and the terminal share it. Parameters
 * are parsed strictly by the daemon (params.ts); results come from a daemon that this user already
 * trusts with the keys, so their members are not checked again, only their frame is. No batches,
 * and no notifications towards the daemon.
 *
 * Reason: it is one vocabulary in one place, and most of it is types.
 */

import { isObject, type Json, type JsonObject, parseJson } from '../../core/canonical.ts';
import type { FailureCode } from '../../core/failure.ts';
import { CONTROL_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, type RefusalCode, type RefusalDetails } from '../../core/refusal.ts';

/** The HTTP path of the WebSocket. */
export const CONTROL_PATH = '/control';

// ---- what is said ----

/** PROTOCOL §4.5, and `NONE` where nothing of the domain is held yet. */
export type Tier = 'FRESH' | 'DEGRADED' | 'SURVIVAL' | 'EXPIRED' | 'QUARANTINED' | 'NONE';

/** How stale one domain is, and what follows from it (PROTOCOL §4.8). */
export interface DomainStatus {
  readonly domain: string;
  readonly own: boolean;
  /** `spiffe`: its endpoint shows a bundle that nobody signed; no epoch, no beacon, no stop. */
  readonly relation: 'own' | 'partner' | 'spiffe';
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
  /** What would make it fresh again; empty if it is. */
  readonly mend: string;
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
  /** Why it is not known: `start`, `jump`, `store`. */
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

/** Something that waits for the word or the signature of a person. */
export interface CeremonyView {
  readonly kind: 'root' | 'revocations' | 'override' | 'enrolment' | 'relation';
  /** Digest of what is proposed, or the id of a node. */
  readonly id: string;
  /** What it is, in a few words. */
  readonly title: string;
  /** The digest of a proposal as words, to be compared aloud; empty for others. */
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
type Nothing = Readonly<Record<string, never>>;

/** Every method: its parameters and its result. */
export interface Calls {
  status: { params: Nothing; result: Status };
  /** Whom the daemon takes us for. */
  whoami: { params: Nothing; result: CallerView };
  'entry.create': { params: EntryCreate; result: EntryView & { readonly epoch: string } };
  'entry.list': { params: Nothing; result: { readonly entries: readonly EntryView[] } };
  'entry.show': { params: { readonly id: string }; result: EntryView };
  /** Every change of an entry, oldest first, of one that was deleted too. */
  'entry.history': {
    params: { readonly id: string };
    result: { readonly entries: readonly AuditEntryView[] };
  };
  'entry.update': { params: EntryUpdate; result: EntryView & { readonly epoch: string } };
  'entry.apply': { params: EntryApply; result: EntryApplied };
  'entry.delete': {
    params: { readonly id: string };
    result: { readonly id: string; readonly epoch: string };
  };
  'authority.confirm': {
    params: Readonly<Record<string, never>>;
    result: { readonly resumed: true };
  };
  'authority.show': {
    params: Nothing;
    result: { readonly authorities: readonly SigningAuthority[] };
  };
  'authority.prepare': {
    params: { readonly use: AuthorityUse; readonly keyType: KeyType };
    result: SigningAuthority;
  };
  'authority.activate': { params: { readonly id: string }; result: SigningAuthority };
  'authority.taint': { params: { readonly id: string }; result: SigningAuthority };
  'authority.revoke': { params: { readonly id: string }; result: SigningAuthority };
  revoke: { params: RevokeParams; result: { readonly revoked: readonly RevocationView[] } };
  /** A proposal for people whose keys lie elsewhere. */
  'revoke.propose': { params: RevokeParams; result: { readonly text: string } };
  'revoke.list': {
    params: { readonly domain?: string };
    result: { readonly revocations: readonly RevocationView[] };
  };
  /** Makes a key for a role and keeps it; the next Root may name it. `text`: its public half. */
  'root.key': {
    params: { readonly role: RoleKey };
    result: { readonly keyId: string; readonly text: string };
  };
  /** What is approved, as a file; empty where nothing is. */
  'references.show': { params: Nothing; result: { readonly text: string } };
  'references.approve': {
    params: {
      /** A file of drafted states. */
      readonly text: string;
      /** A generation that no chip of the domain has passed; `0` where the usual one does. */
      readonly generation: string;
    };
    result: { readonly text: string };
  };
  'references.withdraw': {
    params: { readonly name: string };
    result: { readonly text: string };
  };
  'key.list': { params: Nothing; result: { readonly keys: readonly PortableKey[] } };
  'key.copy': { params: KeyToFolder; result: KeyFileView };
  'key.move': { params: KeyToFolder; result: KeyFileView };
  /** Seals the state as it is under `key`, made of a passphrase and `salt`; both in base64url. */
  'backup.begin': {
    params: { readonly salt: string; readonly key: string };
    result: BackupView;
  };
  /** A piece of the backup of this digest, from 1 on; in base64url. */
  'backup.part': {
    params: { readonly digest: string; readonly part: number };
    result: { readonly bytes: string };
  };
  'time.show': { params: Nothing; result: TimeStatus };
  /** Without a date: the clock of the machine is right. */
  'time.tell': { params: { readonly at?: string }; result: TimeStatus };
  /** At a member: asks to be a node. */
  'enroll.request': { params: EnrolWish; result: EnrolMessage };
  /** At an authority: what the machine has to answer. */
  'enroll.challenge': { params: { readonly text: string }; result: EnrolMessage };
  /** At a member; `fingerprint` pins a domain that it does not know yet. */
  'enroll.answer': {
    params: { readonly text: string; readonly fingerprint?: string };
    result: EnrolMessage;
  };
  /** At an authority: the grant, where the machine may have one. */
  'enroll.grant': { params: { readonly text: string }; result: EnrolMessage };
  /** At a member: asks over the network, and goes on asking until it is granted. */
  'enroll.join': {
    params: EnrolWish & { readonly address: string; readonly fingerprint: string };
    result: JoinView;
  };
  'enroll.install': { params: { readonly text: string }; result: NodeStatus };
  'enroll.list': {
    params: Nothing;
    result: {
      readonly applications: readonly ApplicationView[];
      readonly nodes: readonly EnrolledView[];
    };
  };
  /** `node` is the id of a node or the start of it. */
  'enroll.approve': {
    params: { readonly node: string; readonly forgetMarks?: boolean };
    result: ApplicationView;
  };
  'enroll.refuse': { params: { readonly node: string }; result: { readonly node: string } };
  /** Who fetched which X509-SVID here. */
  'workload.list': { params: Nothing; result: { readonly fetched: readonly FetchedView[] } };
  /** Quotes the boot in progress: the chip takes a second or so. */
  'attestation.show': { params: Nothing; result: AttestationView };
  /** Everything that waits for people. */
  'ceremony.list': { params: Nothing; result: { readonly ceremonies: readonly CeremonyView[] } };
  /** A proposal as a file, to be signed elsewhere. `id` may be the start of one. */
  'ceremony.file': { params: { readonly id: string }; result: { readonly text: string } };
  /** Brings a proposal, or more signatures of it; the one that completes it publishes it. */
  'ceremony.offer': {
    params: { readonly text: string };
    result: {
      readonly ceremony: CeremonyView;
      /** What became of it when it was published; empty while signatures are missing. */
      readonly documents: readonly ImportOutcome[];
    };
  };
  'ceremony.approve': { params: { readonly id: string }; result: { readonly id: string } };
  'ceremony.refuse': {
    params: { readonly id: string; readonly reason: string };
    result: { readonly id: string };
  };
  'bundle.show': { params: { readonly domain?: string }; result: BundleView };
  'bundle.export': {
    params: { readonly domain?: string; readonly format: BundleFormat };
    result: { readonly text: string };
  };
  'bundle.import': {
    params: { readonly text: string };
    result: { readonly documents: readonly ImportOutcome[] };
  };
  /** The file that makes this node known to whoever seals a courier file to it. */
  'courier.recipient': {
    params: Nothing;
    result: { readonly text: string; readonly node: string };
  };
  /** The bundle file of one domain, with what all of these recipients may read of ours. */
  'courier.part': {
    params: { readonly domain?: string; readonly recipients: readonly string[] };
    result: { readonly text: string; readonly domain: string };
  };
  /** The key of a file that is sealed to this node; `header` and `key` are base64url. */
  'courier.open': {
    params: { readonly header: string };
    result: { readonly key: string };
  };
  /** What `bundle.import` of the same text would change. */
  'courier.preview': { params: { readonly text: string }; result: CourierPreview };
  'federation.add': { params: RelationAdd; result: RelationView };
  'federation.add-spiffe': { params: SpiffeRelationAdd; result: RelationView };
  /** Polls the endpoint of a `spiffe` partner now. */
  'federation.refresh': { params: { readonly domain: string }; result: RelationView };
  'federation.list': { params: Nothing; result: { readonly relations: readonly RelationView[] } };
  'federation.remove': {
    params: { readonly domain: string };
    result: { readonly domain: string; readonly epoch: string };
  };
  /**
   * Asks a domain to honour this of ours: a file that holds our bundle file, too. With `send` a
   * linked node of that domain is asked.
   */
  'relation.propose': {
    params: {
      readonly to: string;
      readonly asks: RelationTermsView;
      readonly addresses: readonly string[];
      readonly send: boolean;
    };
    result: { readonly text: string };
  };
  /** What partners proposed over a link. */
  'relation.proposals': {
    params: Nothing;
    result: { readonly proposals: readonly RelationProposalView[] };
  };
  /** Gives the relation to a partner that proposed something these terms. */
  'relation.answer': {
    params: {
      readonly domain: string;
      readonly terms: RelationTermsView;
      readonly peers: readonly string[];
    };
    result: RelationView;
  };
  /** Relates to the domain of a file under these terms, or gives these to the relation there is. */
  'relation.accept': { params: RelationAccept; result: RelationView };
  /** All terms anew; none may grant more than it did. */
  'relation.narrow': {
    params: { readonly domain: string; readonly terms: RelationTermsView };
    result: RelationView;
  };
  'relation.withdraw': {
    params: { readonly domain: string };
    result: { readonly domain: string; readonly epoch: string };
  };
  /** A person has seen to an alarm; the audit log keeps it. */
  'alarm.clear': { params: { readonly id: number }; result: AlarmStatus };
  'audit.tail': {
    params: { readonly lines: number };
    result: { readonly entries: readonly AuditEntryView[] };
  };
  /** Reads the whole log: its last entry, which follows from the first one hash by hash. */
  'audit.verify': { params: Nothing; result: AuditHeadView };
  /** From then on this client gets notifications. */
  subscribe: { params: Nothing; result: Nothing };
}

export type Method = keyof Calls;
export type ParamsOf<M extends Method> = Calls[M]['params'];
export type ResultOf<M extends Method> = Calls[M]['result'];

/** What subscribers are told: an audit entry, or that the status is worth asking for again. */
export type Notification =
  | { readonly method: 'event'; readonly params: AuditEntryView }
  | { readonly method: 'changed'; readonly params: Nothing };

/** Why a call was not answered as asked. */
export interface ControlTrouble {
  readonly code: RefusalCode | FailureCode | 'internal';
  /** The sentence a person reads. */
  readonly message: string;
  readonly details: RefusalDetails;
  readonly mend: string;
}

/** A trouble that the daemon answered with, on the asking side. */
export class ControlError extends Error implements ControlTrouble {
  override readonly name = 'ControlError';
  readonly code: ControlTrouble['code'];
  readonly details: RefusalDetails;
  readonly mend: string;

  constructor({ code, message, details, mend }: ControlTrouble) {
    super(message);
    this.code = code;
    this.details = details;
    this.mend = mend;
  }
}

// ---- how it is said ----

export interface Request {
  readonly id: number;
  /** As it came: whether there is such a method is the next question. */
  readonly method: string;
  readonly params: JsonObject;
}

/** What the daemon sends. `id` is null where no request could be read. */
export type Answer =
  | { readonly kind: 'result'; readonly id: number; readonly result: Json }
  | { readonly kind: 'error'; readonly id: number | null; readonly trouble: ControlTrouble }
  | { readonly kind: 'notification'; readonly notification: Notification };

export function encodeRequest<M extends Method>(
  id: number,
  method: M,
  params: ParamsOf<M>,
): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** Reads a request. Refuses `control-request`, and what `parseJson` does. */
export function parseRequest(frame: Uint8Array): Request {
  const value = parseJson(frame, CONTROL_BYTES_MAX);
  if (!isObject(value)) return refuse('not an object');
  const { jsonrpc, id, method, params = {}, ...rest } = value;
  if (jsonrpc !== '2.0' || Object.keys(rest).length > 0) return refuse('not JSON-RPC 2.0');
  if (!isRequestId(id)) return refuse('id');
  if (typeof method !== 'string') return refuse('method');
  if (!isObject(params)) return refuse('params');
  return { id, method, params };
}

export function encodeAnswer(answer: Answer): string {
  switch (answer.kind) {
    case 'result':
      return JSON.stringify({ jsonrpc: '2.0', id: answer.id, result: answer.result });
    case 'error': {
      const { message, ...data } = answer.trouble;
      const error = { code: rpcCode(answer.trouble.code), message, data };
      return JSON.stringify({ jsonrpc: '2.0', id: answer.id, error }, plainNumber);
    }
    case 'notification':
      return JSON.stringify({ jsonrpc: '2.0', ...answer.notification });
  }
}

/** Reads what the daemon sent. Refuses `control-request` for a frame that is no answer. */
export function parseAnswer(frame: Uint8Array): Answer {
  const value = parseJson(frame, CONTROL_BYTES_MAX);
  if (!isObject(value) || value.jsonrpc !== '2.0') return refuse('not JSON-RPC 2.0');
  const { id, method, params, result, error } = value;
  if (id === undefined && isObject(params) && (method === 'event' || method === 'changed')) {
    return { kind: 'notification', notification: { method, params } as unknown as Notification };
  }
  if (isObject(error) && (id === null || isRequestId(id))) {
    return { kind: 'error', id, trouble: troubleIn(error) };
  }
  if (isRequestId(id) && result !== undefined) return { kind: 'result', id, result };
  return refuse('no answer');
}

function troubleIn({ message, data }: JsonObject): ControlTrouble {
  const { code, details, mend } = isObject(data) ? data : {};
  return {
    // A daemon of another version may know codes that this one does not; they are shown as told.
    code: (typeof code === 'string' ? code : 'internal') as ControlTrouble['code'],
    message: typeof message === 'string' ? message : '',
    details: (isObject(details) ? details : {}) as RefusalDetails,
    mend: typeof mend === 'string' ? mend : '',
  };
}

function isRequestId(id: Json | undefined): id is number {
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0;
}

/** The number JSON-RPC wants beside our code (JSON-RPC 2.0 §5.1). */
function rpcCode(code: ControlTrouble['code']): number {
  switch (code) {
    case 'control-request':
      return -32_600;
    case 'control-method':
      return -32_601;
    case 'control-params':
      return -32_602;
    case 'internal':
      return -32_603;
    default:
      return -32_000;
  }
}

function plainNumber(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function refuse(why: string): never {
  throw new Refusal('control-request', { why });
}
