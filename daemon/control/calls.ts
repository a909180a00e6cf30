/**
 * The methods of the control socket: what may be asked of a daemon, and what it answers.
 *
 * Parameters are parsed strictly by the daemon (params.ts); results come from a daemon that this
 * user already trusts with the keys, so their members are not checked again, only their frame is.
 */

import type {
  AlarmStatus,
  ApplicationView,
  AttestationView,
  AuditEntryView,
  AuditHeadView,
  AuthorityUse,
  BackupView,
  BundleFormat,
  BundleView,
  CallerView,
  CeremonyView,
  CourierPreview,
  EnrolledView,
  EnrolMessage,
  EnrolWish,
  EntryApplied,
  EntryApply,
  EntryCreate,
  EntryUpdate,
  EntryView,
  FetchedView,
  ImportOutcome,
  JoinView,
  KeyFileView,
  KeyToFolder,
  KeyType,
  NodeStatus,
  PortableKey,
  ReferencesDraft,
  RelationAccept,
  RelationAdd,
  RelationProposalView,
  RelationTermsView,
  RelationView,
  RevocationView,
  RevokeParams,
  RoleKey,
  SigningAuthority,
  SpiffeRelationAdd,
  Status,
  TimeStatus,
} from './views.ts';

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
  'references.approve': { params: ReferencesDraft; result: { readonly text: string } };
  /** Has it wait for a person to approve it. */
  'references.offer': { params: ReferencesDraft; result: CeremonyView };
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
