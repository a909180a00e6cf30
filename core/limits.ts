/**
 * Every bound of the project, with its unit and its reason, in one place.
 *
 * A size limit here precedes every parse elsewhere. A number that a specification fixes is named
 * in the file that implements the specification; what stands here is what we chose.
 *
 * Reason: a table of bounds, one place to look each up.
 */

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './time.ts';

// ---- documents (PROTOCOL §1.4) ----

/** One document, envelope included: what an hour of a 9.6 kbit/s link can still carry. */
export const DOCUMENT_BYTES_MAX = 1024 * 1024;
/** One beacon: it has to fit one gossip message. */
export const BEACON_BYTES_MAX = 16 * 1024;
/** Two beacons that prove an equivocation, and the length between them. */
export const PROOF_BYTES_MAX = 2 * BEACON_BYTES_MAX + 4;
/** Documents kept as they were read though nobody holds them, by their bytes. */
export const READINGS_BYTES_MAX = 4 * DOCUMENT_BYTES_MAX;
/** Signatures in one envelope; a coalition's root role is a handful of people. */
export const SIGNERS_MAX = 16;
/** Nesting of a payload; our own documents use four levels. */
export const JSON_DEPTH_MAX = 32;
/** Names one manifest may list. */
export const MANIFEST_NAMES_MAX = 4_096;
/** Characters of a document name such as `entries/default`. */
export const NAME_CHARS_MAX = 128;
/** Authorities one bundle may carry; SPIRE publishes three at most. */
export const AUTHORITIES_MAX = 64;
/** Relations of one domain. */
export const RELATIONS_MAX = 512;
/** A proposal of a relation may wait so long for an answer. */
export const RELATION_PROPOSAL_MS_MAX: number = 30 * DAY_MS;
/** Paths in the scope of one relation. */
export const SCOPE_PATHS_MAX = 32;
/** One exported file: a Root chain, a beacon, a tick and the bundle. */
export const BUNDLE_FILE_BYTES_MAX = 8 * 1024 * 1024;
/** One courier file: a bundle file for each domain, one after the other. */
export const COURIER_BYTES_MAX = 512 * 1024 * 1024;
/** Domains of one courier file: ours and all that we relate to. */
export const COURIER_PARTS_MAX: number = RELATIONS_MAX + 1;
/** Nodes that one courier file is sealed to; their number is one byte. */
export const COURIER_RECIPIENTS_MAX = 64;
/** A recipient's file: a lease and the statement of its node, in armour. */
export const RECIPIENT_CHARS_MAX: number = 32 * 1024;
/** Documents in one exported file. */
export const BUNDLE_FILE_DOCUMENTS_MAX = 1_024;

// ---- names (SPIFFE-ID §2) ----

/** Bytes of a trust domain name. */
export const TRUST_DOMAIN_BYTES_MAX = 255;
/** Bytes of a whole SPIFFE ID. */
export const SPIFFE_ID_BYTES_MAX = 2_048;

// ---- freshness (PROTOCOL §3, §4) ----

/** Default and floor of the time between two ticks. */
export const TICK_PERIOD_MS = MINUTE_MS;
export const TICK_PERIOD_MS_MIN = SECOND_MS;
export const TICK_PERIOD_MS_MAX = HOUR_MS;
/** Ticks of one chain: bounds the hashing a forged tick can cause to about 4 ms. */
export const TICK_COUNT_MAX = 4_096;
/** The life of one chain, and so the freeze a stolen seed buys. */
export const CHAIN_MS_MAX = DAY_MS;
/** Default and ceiling of the three age limits. */
export const FRESH_FOR_MS = 10 * MINUTE_MS;
export const DEGRADED_FOR_MS = DAY_MS;
export const SURVIVAL_FOR_MS = 7 * DAY_MS;
export const FRESH_CEILING_MS = DAY_MS;
export const DEGRADED_CEILING_MS = 7 * DAY_MS;
export const SURVIVAL_CEILING_MS = 30 * DAY_MS;
/** freshFor is at least so many tick periods, or every lost packet would be a fall. */
export const FRESH_PERIODS_MIN = 3;
/** How far ahead of our clock evidence may be dated and still be believed. */
export const MAX_LEAD_MS = 2 * MINUTE_MS;
/** The shortest mean time between two epochs: what stops numbering ahead of time. */
export const MIN_EPOCH_MS = SECOND_MS;
export const MIN_EPOCH_MS_MIN = 10;
export const MIN_EPOCH_MS_MAX = HOUR_MS;
/** The writer renews when this share of its chain is left. */
export const CHAIN_RENEW_SHARE = 1 / 8;
/**
 * First and longest wait of a writer after a beacon that its own ladder refused: what is over by
 * itself is so within a second, and each try costs an epoch, a write and two signatures.
 */
export const OWN_BEACON_RETRY_MS_MIN = SECOND_MS;
export const OWN_BEACON_RETRY_MS_MAX = MINUTE_MS;
/** Step by which the stored ledger runs ahead of powered time. */
export const LEDGER_STEP_MS = 10 * MINUTE_MS;
/** First and longest wait between two questions for the time, while it is not known. */
export const QUESTION_MS_MIN = 2 * SECOND_MS;
export const QUESTION_MS_MAX = MINUTE_MS;
/** An answer counts for so long after its question; it may come over a slow link. */
export const QUESTION_FOR_MS = 5 * MINUTE_MS;
/** Questions of ours under way at once. */
export const QUESTIONS_MAX = 16;
/** Questions that a peer may have answered per second, and at once: each costs a signature. */
export const ANSWER_RATE_PER_S = 1;
export const ANSWER_BURST = 10;
/** The least and the most that a writer may speak after its standby answered. */
export const WRITER_FOR_MS_MIN = 4 * SECOND_MS;
export const WRITER_FOR_MS_MAX = DAY_MS;
/** A beacon key of Root ends after so long, unless Root says otherwise. */
export const BEACON_KEY_LIFE_MS = 400 * DAY_MS;
/** People of a domain are reminded of that end from so long before: time to bring them together. */
export const BEACON_KEY_NOTE_MS = 30 * DAY_MS;
/** (epoch, digest) pairs kept per domain, to show forks. */
export const EPOCH_HISTORY_MAX = 64;
/** Bytes that a foreign domain may fill of our store with what is positive. */
export const FOREIGN_STORE_BYTES_MAX = 16 * 1024 * 1024;
/** The same of all foreign domains together, eight shares: what is stored is held in memory. */
export const FOREIGN_STORES_BYTES_MAX = 8 * FOREIGN_STORE_BYTES_MAX;
/** What each has whatever the others fill: Roots, evidence and a bundle many times over. */
export const FOREIGN_STORE_BYTES_MIN = 256 * 1024;
/** Beacons kept whole behind the newest of a domain, to prove what two histories differ in. */
export const BEACONS_KEPT_MAX = 8;
/** Entries that all revocation documents of a domain hold together, and documents kept of one. */
export const REVOCATIONS_MAX = 2_048;
export const REVOCATION_DOCUMENTS_MAX = 16;
/** Revocations whose targets end in the same span go into one document, and are pruned together. */
export const REVOCATION_MONTH_MS: number = 30 * DAY_MS;
/** Measured events that one answer shows of a boot, and characters of the text of each. */
export const BOOT_EVENTS_SHOWN_MAX = 2_048;
export const BOOT_EVENT_CHARS_MAX = 256;
/**
 * An authority that starts asks others so long for the newest documents of its own domain: whoever
 * was linked with it dials again within five seconds.
 */
export const RESUME_ASK_MS = 6 * SECOND_MS;
/** Proposals that may wait at an authority for signatures. */
export const PROPOSALS_MAX = 16;
/** How long an override may permit what an age forbids. */
export const OVERRIDE_MS_MAX = DAY_MS;
/** People who have to sign one. */
export const OVERRIDE_SIGNERS = 2;
/** Overrides kept at once: each ends within a day, and each takes two people. */
export const OVERRIDES_MAX = 64;
export const OVERRIDE_REASON_CHARS_MAX = 256;

// ---- peers (PROTOCOL §6) ----

/** One sync frame: a document and its header. */
export const FRAME_BYTES_MAX = DOCUMENT_BYTES_MAX + 64;
/** One gossip message: a Root step stays outside, a beacon with a long manifest fits. */
export const GOSSIP_BYTES_MAX = 16 * 1024;
/** Gossip messages a peer may send per second, and at once. */
export const GOSSIP_RATE_PER_S = 20;
export const GOSSIP_BURST = 100;
/** Bytes of gossip a peer may send per second, and at once, whatever they say. */
export const GOSSIP_BYTES_PER_S = 64 * 1024;
export const GOSSIP_BYTES_BURST = 512 * 1024;
/** Sync frames a peer may send per second, and at once. */
export const SYNC_RATE_PER_S = 20;
export const SYNC_BURST = 200;
/**
 * What our relation to a domain may grant it of the two budgets below, in MiB, and what it grants
 * unless it says so. With less than two a largest document would never pass.
 */
export const DOMAIN_BUDGET_MIB_MIN = 2;
export const DOMAIN_BUDGET_MIB = 32;
export const DOMAIN_BUDGET_MIB_MAX = 256;
/**
 * Bytes that the nodes of one foreign domain may move here at once and each second, both ways: what
 * all may be told of a hundred domains several times over.
 */
export const DOMAIN_MOVED_BURST: number = 2 * FOREIGN_STORE_BYTES_MAX;
export const DOMAIN_MOVED_PER_S: number = 256 * 1024;
/** The same of what withdraws anything, once that is spent. */
export const DOMAIN_RESERVE_BURST: number = 4 * 1024 * 1024;
export const DOMAIN_RESERVE_PER_S: number = 16 * 1024;
/** Bytes that are new of one foreign domain: twice what may be stored; then a beacon a second. */
export const DOMAIN_NEWS_BURST: number = 2 * FOREIGN_STORE_BYTES_MAX;
export const DOMAIN_NEWS_PER_S: number = 16 * 1024;
/** Hash steps a peer may cause per minute by ticks (about 20 ms of one core). */
export const TICK_STEPS_PER_MIN = 20_000;
/** Strikes (provably wrong messages) after which a peer loses its place, and for how long. */
export const STRIKES_MAX = 3;
export const BAN_MS = 10 * MINUTE_MS;
/** Bytes that answer one want frame, its first answer aside: half of what may wait for a peer. */
export const WANT_BYTES_MAX = 2 * DOCUMENT_BYTES_MAX;
/** On a slow link little is asked for at once, and again only when it had time to come. */
export const SLOW_WANTS_MAX = 4;
export const SLOW_WANT_TIMEOUT_MS = 2 * MINUTE_MS;
/** Interval of a comparison on a slow link: where it differs, all rows follow. */
export const SLOW_SYNC_INTERVAL_MS = 4 * MINUTE_MS;
/** Documents one want frame may ask for. */
export const WANTS_MAX = 64;
/** Ranges that one frame may speak of, and ids that it says rather than sums (PROTOCOL §6.1). */
export const RANGES_MAX = 256;
export const RANGE_IDS_MAX = 16;
/** Shared domains beyond which rows are compared by ranges, and not said all at once. */
export const ROWS_AT_ONCE_MAX = 16;
/** Rows that changed shortly after others wait for each other so long, and go together. */
export const ROWS_PAUSE_MS = 100;
/** Contents that differ by the newest row are compared once they have differed for so long. */
export const NEWS_SETTLES_MS = 3 * SECOND_MS;
/** Wants that may be open with one peer: one for each domain of a summary. */
export const WANTS_OPEN_MAX = 1_024;
/** Offers in a row that a peer may leave unkept, and what may be open with it from then on. */
export const DEBTS_MAX = 8;
export const DEBTOR_WANTS_MAX = 1;
/** Domains a summary may list. */
export const SUMMARY_DOMAINS_MAX = 1_024;
/** Interval of a full comparison with a peer, until both have heard that they hold the same. */
export const SYNC_INTERVAL_MS = 30 * SECOND_MS;
/** Interval of a comparison with a peer known to hold the same: a bound on what nobody foresaw. */
export const QUIET_INTERVAL_MS = 8 * MINUTE_MS;
/** Links without gossip carry ticks so late, many at once: within what jitter may take. */
export const TICK_BATCH_MS = 10 * SECOND_MS;
/** Bits a second of a link that is called slow, unless configured: an old modem, a LoRa link. */
export const SLOW_RATE = 9_600;
export const SLOW_RATE_MIN = 300;
export const SLOW_RATE_MAX = 10_000_000;
/** Ticks of one frame. */
export const TICKS_MAX = 64;
/** Bytes that a node draws at its start, for the moments that nobody is to foretell. */
export const DICE_BYTES = 32;
/** After an unanswered want, ask again so late. */
export const WANT_TIMEOUT_MS = 10 * SECOND_MS;
/** One admission proof inside the handshake: a lease and a signature pair. */
export const ADMISSION_BYTES_MAX = 32 * 1024;
/** One request to a desk, and one answer: evidence with a long event log fits several times. */
export const DESK_BYTES_MAX = 4 * 1024 * 1024;
/** One request with its answer, over a slow link; a chip may take seconds of it. */
export const DESK_MS_MAX = 5 * MINUTE_MS;
/** Requests that a node answers at once: of one peer, and of all, which bounds what they buffer. */
export const DESK_REQUESTS_PER_PEER_MAX = 2;
export const DESK_REQUESTS_MAX = 8;
/** Handshakes that one host may have under way here: they may be slow, and hold a place each. */
export const HANDSHAKES_PER_HOST_MAX = 8;
/** One that lasts so long gives its place to the next of its host: who answers is faster. */
export const HANDSHAKE_YIELDS_MS = 5 * SECOND_MS;
/** Guests from one host at once; all guests together share the places of one foreign domain. */
export const GUESTS_PER_ADDRESS_MAX = 2;
/**
 * Bytes that the guests of one host may move, both ways: an enrolment with the longest event log,
 * and after it what Roots, beacons and ticks take.
 */
export const GUEST_BYTES_BURST = 8 * 1024 * 1024;
export const GUEST_BYTES_PER_S = 4 * 1024;
/** A link on the recovery lane is built anew so often, so that both sides judge again. */
export const GUEST_LINK_MS_MAX = 10 * MINUTE_MS;
/** Peers linked at once. */
export const CONNECTIONS_MAX = 64;
/**
 * Redial: first delay and cap, with full jitter; it never gives up. Halves that hang on one cable
 * should agree within five seconds of its return; two refused SYNs a second cost next to nothing.
 */
export const REDIAL_MS_MIN = 500;
export const REDIAL_MS_MAX = SECOND_MS;
/** The handshake of one dial, over a slow link with loss. */
export const DIAL_MS_MAX = 20 * SECOND_MS;

/** Characters of one multiaddr, and addresses that one list may hold. */
export const DIAL_ADDRESS_CHARS_MAX = 512;
export const ADDRESSES_MAX = 64;

// ---- identities ----

/** Life of a workload's X509-SVID, and the most an entry may ask for. */
export const SVID_TTL_MS = HOUR_MS;
export const SVID_TTL_MS_MAX = DAY_MS;
export const SVID_TTL_MS_MIN = 5 * SECOND_MS;
/** Certificates start so long before now, for verifiers whose clock is slow. */
export const SVID_BACKDATE_MS = 10 * SECOND_MS;
/** Each slice is a leaf for so long (PROTOCOL §7.2), and lasts so much into the next window. */
export const SLICE_WINDOW_MS = 6 * HOUR_MS;
export const SLICE_OVERLAP_MS = HOUR_MS;
/** Windows ahead that one entry may have leaves for: the ceiling of survivalFor, and one. */
export const SLICE_WINDOWS_MAX = 121;
/** Leaves that one request asks for, those of ML-DSA-65 counted eightfold: some 3 MiB. */
export const SLICES_PER_REQUEST_MAX = 4_096;
/** The same beside a request for a lease: it goes along in `ENROL_REQUEST_BYTES_MAX`. */
export const SLICES_PER_ENROLMENT_MAX = 512;
/** A member whose request for identities failed, or gave nothing new, asks again so much later. */
export const ISSUING_RETRY_MS = 30 * SECOND_MS;
/** X509-SVIDs renewed without a pause, some 6 ms of work, and how many may be waited for. */
export const SVIDS_PER_BATCH_MAX = 64;
export const SVIDS_IN_MAKING_MAX = 4;
/** A renewal that failed is tried again so much later. */
export const SVID_RETRY_MS = 30 * SECOND_MS;
/** Life of a JWT-SVID, and the most and the least an entry may ask for. */
export const JWT_SVID_TTL_MS = 5 * MINUTE_MS;
export const JWT_SVID_TTL_MS_MAX = HOUR_MS;
export const JWT_SVID_TTL_MS_MIN = 5 * SECOND_MS;
/** Characters of one JWT-SVID; a signature of ML-DSA-65 takes 4,412. */
export const JWT_CHARS_MAX = 16 * 1024;
/** Audiences of one JWT-SVID, and characters of one. */
export const JWT_AUDIENCES_MAX = 32;
export const JWT_AUDIENCE_CHARS_MAX = 2_048;
/** One CRL: REVOCATIONS_MAX serials take about 75 KiB. */
export const CRL_BYTES_MAX = 256 * 1024;
/** Life of an authority's certificate, and of a key that signs tokens. */
export const AUTHORITY_LIFE_MS = 365 * DAY_MS;
/** The next authority is published when half of a life, or so much, is left … */
export const AUTHORITY_PREPARE_MS = 30 * DAY_MS;
/** … and signs when a sixth of it, or so much, is left: time for partners to learn of it. */
export const AUTHORITY_ACTIVATE_MS = 7 * DAY_MS;
/** After a change, all Workload API streams have their new state within this. */
export const MASS_UPDATE_MS = 2 * SECOND_MS;
/** Life of a node's lease, renewed at half of it. */
export const LEASE_FOR_MS = 7 * DAY_MS;
/** Certificates one X509-SVID may show, leaf included. */
export const CHAIN_CERTIFICATES_MAX = 8;
/** Bytes of an entry's hint (SPIFFE Workload API §5.2.1). */
export const HINT_BYTES_MAX = 1_024;
/** Registration entries of one domain, the groups they stand in, and selectors of one entry. */
export const ENTRIES_MAX = 10_000;
export const ENTRY_GROUPS_MAX = 256;
export const SELECTORS_MAX = 32;
/** Names of hosts of one entry, and characters of one (RFC 1035 §2.3.4). */
export const DNS_NAMES_MAX = 16;
export const DNS_NAME_CHARS_MAX = 253;
/** Changes that the history of one entry shows, the newest. */
export const ENTRY_HISTORY_MAX = 256;
/** An executable larger than this is not hashed: its sha256 selector is absent. */
export const WORKLOAD_BINARY_BYTES_MAX = 512 * 1024 * 1024;
/** What a container engine may say about one container; an ordinary answer has 10 kB. */
export const CONTAINER_ANSWER_BYTES_MAX = 1024 * 1024;
/** Open Workload API streams, and connections, in all. */
export const WORKLOAD_STREAMS_MAX = 4_096;
/** The same of one uid, so that no local user can shut out the others. */
export const WORKLOAD_STREAMS_PER_UID_MAX = 1_024;

/** First and longest wait of a watcher before it calls a Workload API that was away again. */
export const WATCH_RETRY_MS_MIN = SECOND_MS;
export const WATCH_RETRY_MS_MAX = 30 * SECOND_MS;

// ---- SPIFFE bundle endpoints ----

/** Characters of an endpoint's URL. */
export const ENDPOINT_URL_CHARS_MAX = 2_048;
/** One fetch, redirects included, over a slow link. */
export const ENDPOINT_FETCH_MS_MAX = 20 * SECOND_MS;
/** Redirects that one fetch follows. */
export const ENDPOINT_REDIRECTS_MAX = 3;
/** Least and greatest wait between two polls, whatever the partner's refresh hint says. */
export const REFRESH_MS_MIN = MINUTE_MS;
export const REFRESH_MS_MAX = HOUR_MS;
/** Connections our own endpoint holds at once, and how long one may take to ask. */
export const ENDPOINT_CONNECTIONS_MAX = 256;
export const ENDPOINT_HEADER_MS_MAX = 10 * SECOND_MS;

// ---- local sockets and files ----

/** Kept free on the disk for what takes something back: a few documents, and a new log. */
export const STORE_RESERVE_BYTES = 4 * 1024 * 1024;

/** Alarms shown at once, and characters that one says. */
export const ALARMS_MAX = 100;
export const ALARM_DETAIL_CHARS_MAX = 1_024;

/** Scrapers of the metrics at once, and how long one may take to ask. */
export const METRICS_CONNECTIONS_MAX = 16;
export const METRICS_HEADER_MS_MAX = 10 * SECOND_MS;

/** A daemon that was asked to end is gone after so long, whatever it waits for. */
export const STOP_MS_MAX = 4 * SECOND_MS;

/** One control request or answer. */
export const CONTROL_BYTES_MAX = 10 * 1024 * 1024;
/** Requests a control client may have under way. */
export const CONTROL_PENDING_MAX = 64;
/** Users and groups that one role is given to. */
export const ROLE_HOLDERS_MAX = 64;
/** Control clients at once, and how many of them may be other than admins. */
export const CONTROL_CLIENTS_MAX = 64;
export const CONTROL_OTHERS_MAX = 48;
/** How long a client may take to ask for a connection. */
export const CONTROL_HEADER_MS_MAX = 4 * SECOND_MS;
/** How long a client hears nothing of a daemon before it asks for a sign, and then for that. */
export const CONTROL_SILENCE_MS_MAX = 15 * SECOND_MS;
/** Audit entries that one call shows. */
export const AUDIT_TAIL_LINES_MAX = 1_000;
/** A file of registration entries: as many as a domain may have, some 400 bytes each. */
export const ENTRY_FILE_BYTES_MAX = 4 * 1024 * 1024;
/** A file that holds the number of a process. */
export const PID_FILE_BYTES_MAX = 64;
/** The configuration file. */
export const CONFIG_BYTES_MAX = 256 * 1024;
/** A path that `sockaddr_un` can hold, with its terminating zero (unix(7)). */
export const SOCKET_PATH_BYTES_MAX = 107;
/** One line of the audit log. */
export const AUDIT_LINE_BYTES_MAX = 64 * 1024;
/** Characters of one text in an audit entry; what is longer is cut. */
export const AUDIT_FIELD_CHARS_MAX = 1_024;
/** A key file: in armour, two seeds, or a key of ML-DSA-65 with its certificate. */
export const KEY_FILE_BYTES_MAX = 16 * 1024;
/** A backup: it is put together in memory, and most of it is the audit log. */
export const BACKUP_BYTES_MAX = 64 * 1024 * 1024;
/** One piece of a backup, as the control socket carries it. */
export const BACKUP_PART_BYTES = 1024 * 1024;
/** A file that holds the passphrase of a person's key. */
export const PASSPHRASE_BYTES_MAX = 1_024;

// ---- enrolment ----

/** A request with its chip's certificates, and what it asks to issue with. */
export const ENROL_REQUEST_BYTES_MAX = 256 * 1024;
/** Applications under way at one authority; strangers of the network have half of them. */
export const APPLICATIONS_MAX = 64;
/** How long a challenge holds: by courier, and for who asks over the network. */
export const CHALLENGE_MS_MAX = 14 * DAY_MS;
export const CHALLENGE_ONLINE_MS = DAY_MS;
/** Nodes and chips that an authority remembers. */
export const ENROLLED_MAX = 4_096;
/** Between two attempts of a member to be granted what it asked for. */
export const ENROL_RETRY_MS_MIN = SECOND_MS;
export const ENROL_RETRY_MS_MAX = 5 * MINUTE_MS;
/** The longest such pause while a person is awaited. */
export const ENROL_APPROVAL_MS_MAX = 10 * SECOND_MS;

// ---- evidence of a boot ----

/** A firmware event log; the longest seen in the field has 73 kB. */
export const EVENT_LOG_BYTES_MAX = 1024 * 1024;
/** Events in one log: bounds the hashing of a replay to a few milliseconds a thousand. */
export const LOG_EVENTS_MAX = 4_096;
/** Bytes one event may carry: a whole dbx variable fits. */
export const EVENT_BYTES_MAX = 256 * 1024;
/** The measurement log of userspace: some 20 records of 1 kB in a boot. */
export const USERSPACE_LOG_BYTES_MAX = 256 * 1024;
/** The list of IMA, and its entries: a busy appliance, and some 50 ms of hashing in a replay. */
export const IMA_LOG_BYTES_MAX = 2 * 1024 * 1024;
export const IMA_ENTRIES_MAX = 8_192;
/** One certificate, in NV or carried; the largest maker's has 1.7 kB. */
export const CERTIFICATE_BYTES_MAX = 8 * 1024;
/** Intermediates carried with an endorsement certificate, and signatures tried on the way up. */
export const INTERMEDIATES_MAX = 8;
export const PATH_SIGNATURES_MAX = 32;
/** Roots of makers in one file: twice the makers there are. */
export const EK_ROOTS_MAX = 128;

/** Roots of the Web PKI in one file; the public ones are about half as many. */
export const WEB_ROOTS_MAX = 256;
/** A file of allowed endorsement keys: a line of 100 bytes for each of some 40,000 machines. */
export const EK_LIST_BYTES_MAX = 4 * 1024 * 1024;
/** The largest RSA key of a maker; a longer one would cost more to verify than it is worth. */
export const RSA_BYTES_MAX = 512;
/** One bundle of evidence: three logs, keys, certificates and quotes. */
export const EVIDENCE_BYTES_MAX = 8 * 1024 * 1024;
/** A unified kernel image, whose initrd makes most of it. */
export const UKI_BYTES_MAX = 512 * 1024 * 1024;
/** Approved boot states in one document, and digests one rule may list. */
export const REFERENCE_STATES_MAX = 256;
export const REFERENCE_DIGESTS_MAX = 1_024;
/** Approvals of boots in one document: some for each state, since PCR 11 grows during a boot. */
export const BOOT_APPROVALS_MAX = 1_024;
/** Approvals that one state may come to: a value of PCR 11 for each phase, of few images. */
export const STATE_APPROVALS_MAX = 16;
/** Steps of a chip's counter that one withdrawal may ask for: NV memory wears out. */
export const APPROVAL_STEPS_MAX = 1_024;

// ---- the TPM ----

/** One command or answer: the buffer of the kernel's driver, which no TPM of a PC exceeds. */
export const TPM_MESSAGE_BYTES_MAX = 4_096;
/** One sized buffer inside an answer: a public area, an attestation, a private blob. */
export const TPM_BUFFER_BYTES_MAX = 2_048;
/** Items of one list in an answer. */
export const TPM_LIST_MAX = 1_024;
/** Objects and sessions held at once: what one descriptor of /dev/tpmrm0 admits of each. */
export const TPM_OBJECTS_MAX = 3;
export const TPM_SESSIONS_MAX = 3;
/** Callers that may wait for the TPM; the next one is told that it is busy. */
export const TPM_PENDING_MAX = 1_024;
/** Pieces of work that one part of the daemon may have waiting for the chip. */
export const CHIP_PENDING_MAX = 256;
/** How often the state's generation steps: some 9,000 times a year, of 100,000 and more. */
export const GENERATION_STEP_MS = HOUR_MS;
/** Steps for withdrawals of our own keep this distance, whoever has how much to withdraw. */
export const GENERATION_HASTE_MS = 15 * MINUTE_MS;
/** An unused connection to the chip is closed: an swtpm serves one program at a time. */
export const CHIP_IDLE_MS = SECOND_MS;
/** Sends of one command again after RETRY and its kin, and the first wait; each wait doubles. */
export const TPM_RETRIES_MAX = 8;
export const TPM_RETRY_FIRST_MS = 20;
/** Fresh policy sessions after PCR_CHANGED: something else extends PCRs while a machine boots. */
export const TPM_POLICY_ATTEMPTS_MAX = 30;
/** Reads of the PCRs until two in a row agree that nothing was extended in between. */
export const TPM_PCR_READS_MAX = 8;
/** Bytes of one NV_Read: below the least NV_BUFFER_MAX of the chips in the field. */
export const TPM_NV_CHUNK_BYTES = 512;
/** How long a command may take by its class; discrete chips need seconds, for RSA keys minutes. */
export const TPM_QUICK_MS_MAX = 10 * SECOND_MS;
export const TPM_SLOW_MS_MAX = MINUTE_MS;
export const TPM_KEYGEN_MS_MAX = 5 * MINUTE_MS;
