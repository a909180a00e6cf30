/**
 * Refused input, the second kind of trouble: somebody sent what the rules do not admit.
 *
 * One closed table of codes for the whole project. A code is stable: it stands in logs, metrics,
 * exit texts and in PROTOCOL beside the MUST it guards, so none is ever re-used for another
 * meaning. `judgement` is what the sender deserves: `ignore` is honest but late, early or
 * unlucky; `reject` is provably wrong, and costs a peer its place (PROTOCOL §6.2). `means` and
 * `mend` are the sentences a person reads; variable data goes into `details`, never in here.
 *
 * Reason: a closed table is one table; two files would hide which codes are taken.
 */

/** What the sender of refused input deserves. */
export type Judgement = 'ignore' | 'reject';

interface Row {
  readonly judgement: Judgement;
  readonly means: string;
  readonly mend: string;
}

const row = (judgement: Judgement, means: string, mend: string): Row => ({
  judgement,
  means,
  mend,
});

const ASK_SENDER = 'ask the sender for the document again, over another path';
const EXPORT_AGAIN = 'export the file again at its origin and carry it anew';

/** Every refusal of the project, by its code. */
export const REFUSALS = {
  // bytes and text
  'too-large': row('reject', 'more bytes than the limit for this kind of input', ASK_SENDER),
  truncated: row('reject', 'the input ends before a field does', EXPORT_AGAIN),
  'trailing-bytes': row('reject', 'bytes follow the end of the message', EXPORT_AGAIN),
  'bad-encoding': row('reject', 'text that is not the one spelling of its bytes', EXPORT_AGAIN),
  'json-syntax': row('reject', 'not JSON', EXPORT_AGAIN),
  'json-duplicate-key': row('reject', 'a JSON object names a member twice', ASK_SENDER),
  'json-lone-surrogate': row('reject', 'a JSON string holds half a character', ASK_SENDER),
  'json-too-deep': row('reject', 'JSON nested beyond the depth limit', ASK_SENDER),
  'json-number': row('reject', 'a JSON number that I-JSON cannot carry exactly', ASK_SENDER),
  'not-canonical': row('reject', 'the payload is not its own canonical form', ASK_SENDER),

  // names
  'trust-domain-invalid': row(
    'reject',
    'not a SPIFFE trust domain name',
    'use 1 to 255 of a-z, 0-9, dot, dash and underscore',
  ),
  'spiffe-id-invalid': row(
    'reject',
    'not a SPIFFE ID',
    'write spiffe://<trust domain>/<path> with no empty or dot segments',
  ),

  // envelope (PROTOCOL §1)
  'envelope-malformed': row('reject', 'not an envelope of this protocol', EXPORT_AGAIN),
  'document-malformed': row(
    'reject',
    'a member is absent, unknown in form or out of range',
    ASK_SENDER,
  ),
  'document-type': row('reject', 'the document is not of the type it is offered as', ASK_SENDER),
  'document-unknown': row(
    'ignore',
    'a document of a type that this version does not know',
    'update this daemon, if what is new in that type is wanted here',
  ),
  'document-must': row(
    'ignore',
    'the document requires a reader that understands more than this one',
    'update this daemon; the last document stays in use',
  ),
  'signer-surplus': row('reject', 'more signatures than the role has a use for', ASK_SENDER),
  'signer-duplicate': row('reject', 'one key signs twice', ASK_SENDER),
  'signer-unknown': row('reject', 'a signature by a key that the role does not hold', ASK_SENDER),
  'threshold-unmet': row('reject', 'fewer signatures than the role demands', ASK_SENDER),
  'signature-invalid': row('reject', 'a leg of a signature pair does not verify', ASK_SENDER),

  // domains and relations (PROTOCOL §2.4, §5.6)
  'domain-unrelated': row(
    'ignore',
    'no relation to that domain',
    'review the partner and run: holdfast federation add',
  ),
  'domain-mismatch': row('reject', 'the document speaks for another domain', EXPORT_AGAIN),
  'relation-exists': row('ignore', 'that domain is a partner already', 'holdfast federation list'),
  'relation-unknown': row('ignore', 'that domain is no partner', 'holdfast federation list'),
  'relation-self': row('reject', 'a domain has no relation to itself', 'name a partner'),
  'relation-awaited': row(
    'ignore',
    'another change of that relation is about to be published',
    'look at it with holdfast relation show, and ask again',
  ),
  'relation-stale': row(
    'ignore',
    'this proposal of a relation has ended',
    'ask whoever made it for a new one; holdfast time show if our date is wrong',
  ),
  'relation-unproposed': row(
    'ignore',
    'that domain has proposed nothing here, or its proposal has ended',
    'holdfast relation list prints what was proposed',
  ),
  'relation-wider': row(
    'ignore',
    'these terms grant more than the relation does, and narrowing only takes away',
    'wider terms take the file of the partner: holdfast relation accept',
  ),
  'relation-scope': row(
    'ignore',
    'our relation to that domain does not honour this identity',
    'holdfast relation show prints the paths that it honours',
  ),
  'relation-assurance': row(
    'ignore',
    'less is known of that machine than our relation to its domain asks for',
    'the machine proves more (holdfast enroll), or the domain accepts less (holdfast relation)',
  ),
  'relation-over': row(
    'ignore',
    'our relation to that domain has ended by its date',
    'holdfast relation accept gives it another',
  ),
  'scope-malformed': row(
    'reject',
    'not a list of paths such as /web, each once and none below another',
    'write paths as they stand in SPIFFE IDs; / is the whole domain',
  ),

  // roots (PROTOCOL §2.1)
  'root-unknown': row(
    'ignore',
    'no Root of that domain is held',
    'import a bundle file of the domain',
  ),
  'root-conflict': row(
    'ignore',
    'another first Root than the one this domain is pinned to',
    'compare the fingerprint with a person of that domain before doing anything',
  ),
  // Who relays it may hold the next Root already, which names other keys: he is early, not wrong.
  'root-newer': row(
    'ignore',
    'not signed as the newest Root held here asks',
    'wait for the next Root of that domain, or ask the domain for it',
  ),
  'root-step': row('ignore', 'a Root that is not the next version', ASK_SENDER),
  'root-key-reused': row('reject', 'a key occurs twice in a Root', ASK_SENDER),
  'root-change': row(
    'reject',
    'a change that the Root held leaves no room for',
    'holdfast root show prints the keys that it names; a key has one role',
  ),
  'proposal-malformed': row(
    'reject',
    'not a proposal for people to sign',
    'ask whoever made it for the file of root propose or revoke propose',
  ),
  'ceremony-unknown': row(
    'ignore',
    'nothing that waits has this id, or several things do',
    'holdfast ceremony list',
  ),
  'ceremony-key': row(
    'ignore',
    'this waits for signatures of keys that people hold, and a word is none',
    'holdfast ceremony sign ID --key KEY-FILE',
  ),
  'proposal-differs': row(
    'reject',
    'the two files propose different documents, and signatures of one are none of the other',
    'agree on one of the two, and sign that',
  ),
  'root-rank-reused': row(
    'reject',
    'a Root gives a beacon rank away a second time, or one below those there were',
    'give the new beacon key a rank above all of the lineage, as root propose does',
  ),
  'root-rolled-back': row('ignore', 'a Root below the one held', ASK_SENDER),

  // beacons (PROTOCOL §2.2, §5)
  'beacon-key': row('reject', 'signed by a beacon key that is not in force', ASK_SENDER),
  // Whoever relays it may not hold the Root yet that took the key away: he is late, not wrong.
  'beacon-key-replaced': row(
    'ignore',
    'signed by a beacon key after the Root that took its rank away',
    ASK_SENDER,
  ),
  'beacon-rank': row(
    'ignore',
    'signed by a beacon key of a rank that is not in force by what is held',
    'wait for what disowns the ranks before it, or ask the sender for it',
  ),
  'beacon-key-ended': row('reject', 'dated after the end of its beacon key', ASK_SENDER),
  'beacon-root': row('ignore', 'the beacon names a Root that is not held yet', ASK_SENDER),
  'beacon-limits': row('reject', 'limits above the ceilings of Root', ASK_SENDER),
  'beacon-chain': row('reject', 'a tick chain longer than Root allows', ASK_SENDER),
  'epoch-rolled-back': row('ignore', 'an epoch below the one held', ASK_SENDER),
  'epoch-ahead': row('reject', 'an epoch numbered ahead of time', ASK_SENDER),
  'proof-malformed': row(
    'reject',
    'not two beacons that one key signed under one number',
    ASK_SENDER,
  ),
  'epoch-repeated': row(
    'ignore',
    'one key signed two beacons under one number: a proof against the key',
    'ask the domain to continue with its next beacon key',
  ),
  'evidence-held': row(
    'ignore',
    'dated in our future: our clock is slow or a key is stolen',
    'set the clock of this machine, or ask the domain',
  ),
  // Whoever relays it may not hold yet what disowned the key: he is late, not wrong.
  'key-revoked': row(
    'ignore',
    'signed by a key that was revoked or called compromised',
    ASK_SENDER,
  ),

  // the start of an authority (PROTOCOL §2.6)
  'authority-resuming': row(
    'ignore',
    'an authority that started asks others whether they hold newer documents of its domain',
    'wait for a link; where there is none and its disk is the newest: holdfast authority confirm',
  ),

  'standby-founded': row(
    'ignore',
    'a standby is made in a state folder of its own, and this one holds a domain already',
    'name an empty folder: --state FOLDER',
  ),

  // overrides (PROTOCOL §4.9)
  'override-scope': row(
    'reject',
    'an override of what nobody can override: another act, tier or domain',
    'name one act, one tier from DEGRADED to EXPIRED, and the domain it rests on',
  ),
  'override-span': row(
    'reject',
    'an override that lasts longer than a day, or ends before it begins',
    'propose one for at most 24 hours; another one may follow it',
  ),
  'override-ended': row(
    'ignore',
    'an override whose time is over',
    'have two people sign another one',
  ),
  'override-early': row(
    'ignore',
    'an override dated in our future',
    'set the clock of this machine, or of the one it was drafted on',
  ),
  // Its relayer holds both, and gives the other one too.
  'override-unknown': row(
    'ignore',
    'takes back an override that is not held here',
    'import the override first, or nothing: it permits nothing here',
  ),
  'overrides-full': row(
    'ignore',
    'more overrides than are kept at once',
    'wait until one of them ends: each does within a day',
  ),

  // the time (PROTOCOL §4.4)
  'time-unknown': row(
    'ignore',
    'this machine does not know what time it is',
    'link it with a node of its own domain that knows, or run: holdfast time confirm',
  ),
  'time-below-bound': row(
    'ignore',
    'a date below what is known to have passed',
    'look at a clock that you trust, and run: holdfast time set',
  ),
  'answer-unasked': row('ignore', 'an answer to no question of ours', ASK_SENDER),
  // Whoever answers may know a newer Root: by that his key may well be in force.
  'answer-voice': row(
    'ignore',
    'an answer by a key that is not in force by what is held',
    'wait for the newest Root of the domain',
  ),

  // revocations (PROTOCOL §5.5)
  'revocation-foreign': row('reject', 'revokes what another domain issued', ASK_SENDER),
  'revocation-target': row(
    'reject',
    'nothing that could be revoked bears this name',
    'name a serial in hex, a SPIFFE ID of the own domain, or an id as commands print it',
  ),
  // It may have been admitted elsewhere before the rotation: whoever relays it is not wrong.
  'revocation-key': row(
    'ignore',
    'revocations by a key that the newest Root does not let revoke',
    'let the domain sign them again with the keys of its newest Root',
  ),
  'revocation-past': row('ignore', 'all it revokes has ended by itself', 'nothing to do'),
  'store-share': row(
    'ignore',
    'a partner fills more of the store than one domain may',
    'ask the partner for fewer and smaller documents; what is held of it stays in use',
  ),
  'revocations-full': row(
    'ignore',
    'more revocations of one domain than are kept',
    'let the domain rotate the authority that issued them, by a new Root or a new X.509 authority',
  ),
  'revocation-signers': row(
    'ignore',
    'too few revocation keys on this machine to revoke this',
    'put the revocation key files back into the keys folder, 0600, and start the daemon again',
  ),

  // ticks and stops (PROTOCOL §3)
  'tick-unknown-beacon': row('ignore', 'a tick of a beacon that is not held', ASK_SENDER),
  'tick-from-future': row('ignore', 'a tick dated in our future', 'set the clock of this machine'),
  'tick-not-newer': row('ignore', 'a tick at or below the highest held', ASK_SENDER),
  'tick-beyond-chain': row('reject', 'a tick past the end of its chain', ASK_SENDER),
  'tick-wrong': row('reject', 'a tick whose value does not hash to the anchor', ASK_SENDER),
  'tick-stopped': row('ignore', 'a tick of a beacon that was withdrawn', ASK_SENDER),
  'tick-budget': row('ignore', 'more hashing than one peer may cause', ASK_SENDER),

  // documents (PROTOCOL §2.3, §5.1)
  'document-not-pinned': row('ignore', 'no admitted manifest names this document', ASK_SENDER),
  'document-held': row('ignore', 'this very document is held already', 'nothing to do'),
  'version-rolled-back': row('ignore', 'a version below the one held', ASK_SENDER),
  'manifest-mismatch': row('ignore', 'not the manifest that the beacon names', ASK_SENDER),
  'bundle-malformed': row('reject', 'not a SPIFFE bundle with a usable authority', ASK_SENDER),
  'tier-insufficient': row(
    'ignore',
    'the evidence at hand is too old for this act',
    'restore a path to the domain named, or carry its newest bundle file here',
  ),

  // peers (PROTOCOL §6)
  'peer-unadmitted': row(
    'reject',
    'the peer did not prove a lease of a related domain',
    'relate the two domains on both sides, then link them again',
  ),
  'lease-expired': row(
    'ignore',
    'the lease has ended',
    'let its node renew it: restore a path to the authority, or enrol it by files',
  ),
  'lease-kind': row(
    'reject',
    'a lease of a kind that the newest Root does not allow',
    'ask for a kind that Root allows, or have Root allow this one',
  ),
  'lease-revoked': row(
    'reject',
    'the lease is revoked: its node, or the key that signed it',
    'enrol the node anew under a new key, once it is known to be sound',
  ),
  'lease-key': row(
    'reject',
    'the lease names another node',
    'install the grant on the machine that asked for it',
  ),
  'lease-older': row(
    'ignore',
    'the lease was issued before the one held',
    'nothing to do: the newer lease stays',
  ),
  'not-enrolled': row(
    'ignore',
    'this node has no lease of its domain yet',
    'enrol it at the authority of its domain',
  ),
  'courier-malformed': row(
    'reject',
    'not a courier file, or of a version that this daemon does not know',
    'holdfast courier export makes one; a bundle file is taken by holdfast bundle import',
  ),
  'courier-sealed': row(
    'ignore',
    'the courier file is sealed to other nodes',
    'have it made with the file that holdfast courier recipient writes on this node',
  ),
  'courier-broken': row(
    'reject',
    'a part of the courier file is not what was sealed at this place',
    'copy the file anew from where it was made, or have it made again; nothing of it was taken',
  ),
  'enrol-part': row(
    'reject',
    'a part of the message is not the one that its signed envelope names',
    'make the message again on the machine it comes from, and carry it anew',
  ),
  'enrol-chip': row(
    'reject',
    'the answer shows another chip than the request, or one where there was none',
    'start again with a new request on the machine as it is',
  ),
  'enrol-challenge': row(
    'ignore',
    'the message answers another one than the last of its kind',
    'start again with a new request',
  ),
  'enrol-superseded': row(
    'ignore',
    'the same machine has asked anew since this request',
    'carry its newest request; what is under way goes on',
  ),
  'enrol-expired': row(
    'ignore',
    'the challenge was answered too late',
    'start again with a new request',
  ),
  'enrol-unapproved': row(
    'ignore',
    'nobody has approved this machine yet',
    'on the authority: holdfast enroll list, then holdfast enroll approve ID',
  ),
  'enrol-unknown': row(
    'ignore',
    'no machine of this id is being enrolled here',
    'see holdfast enroll list; the machine may have to ask again',
  ),
  'enrol-full': row(
    'ignore',
    'as many machines as this authority keeps are being enrolled',
    'approve or refuse some: holdfast enroll list',
  ),
  'enrol-fingerprint': row(
    'reject',
    'the domain was not pinned: nobody compared its fingerprint',
    'compare it with a person of the domain, then pass --fingerprint with its hex or its words',
  ),
  'not-member': row(
    'reject',
    'this node is an authority of its domain and vouches for itself',
    'enrol a daemon that was started with --role member',
  ),
  'issuing-none': row(
    'ignore',
    'this node was granted nothing to issue identities with',
    'run workloads on a node that issues, or ask the authority for a lease that allows it',
  ),
  'issuing-entry': row(
    'ignore',
    'the node may have nothing issued for this entry',
    'wait until the node knows the newest entries; it serves those of its own group alone',
  ),
  'issuing-scope': row(
    'ignore',
    'what this node issues with does not cover the ID or the kind of key of the entry',
    'serve the entry on another node, or enrol this one for another kind of lease',
  ),
  'slice-absent': row(
    'ignore',
    'no certificate was signed in advance for the entry at this time',
    'restore a path to an authority: the node then asks for more by itself',
  ),
  'token-authority': row(
    'ignore',
    'a token needs an authority in reach, for none can be signed in advance',
    'restore a path to an authority, or let the workload use its X509-SVID meanwhile',
  ),
  'issuing-malformed': row(
    'reject',
    'not a request or an answer about identities, or one that does not belong together',
    'update both daemons, and ask again',
  ),
  'guest-lane': row(
    'ignore',
    'not for the recovery lane, where the peer is until it proves a current lease',
    'nothing: once its lease is renewed, the link is built anew',
  ),
  'want-unanswered': row(
    'ignore',
    'a peer did not give what it had said it holds',
    'nothing: another peer is asked; look at this one if it goes on',
  ),
  'document-secret': row(
    'reject',
    'a document that its domain keeps to its own nodes, sent by another',
    'ask that domain how the sender came by it',
  ),
  'peer-slots': row(
    'ignore',
    'no place is left for one more peer of this domain, guest, or handshake of this host',
    'link fewer nodes of that domain here, or wait until a guest has left; a host comes again by itself',
  ),
  'frame-unknown': row(
    'ignore',
    'a frame of a kind that this version does not know',
    'nothing: what both versions know goes on; update the older of the two daemons',
  ),
  'frame-malformed': row(
    'reject',
    'a frame that is none of the protocol',
    'update one of the two daemons',
  ),
  'peer-budget': row(
    'ignore',
    'more messages than one peer may send',
    'nothing: the link resumes by itself',
  ),
  'domain-budget': row(
    'ignore',
    'more bytes than the nodes of one foreign domain may move, or than it may have new, for now',
    'nothing: what is missing comes once there is room again; ask the partner what it publishes',
  ),
  'handshake-failed': row(
    'reject',
    'the secure channel could not be built',
    'update one of the two daemons',
  ),
  'desk-closed': row(
    'ignore',
    'that node answers no such request',
    'ask a node that is an authority of the domain',
  ),
  'desk-busy': row('ignore', 'more requests under way than that node takes', 'ask again later'),
  'desk-failed': row(
    'ignore',
    'that node took the request, but its disk or chip failed',
    'let its operator read its log, then ask again',
  ),
  'desk-refused': row(
    'ignore',
    'that node refused with a code this version does not know',
    'update this daemon, and look the code up',
  ),

  // workloads (SPIFFE Workload API)
  'workload-header': row(
    'reject',
    'the call lacks the metadata workload.spiffe.io: true',
    'use a SPIFFE library, or send the header',
  ),
  'workload-no-identity': row(
    'ignore',
    'no registration entry matches the caller',
    'holdfast entry create --spiffe-id ID --selector unix:uid:UID',
  ),
  'signer-failed': row(
    'ignore',
    'the key that signs identities could not be used',
    'see the log, and the chip if the key lies there: holdfast tpm status',
  ),
  'assurance-insufficient': row(
    'ignore',
    'the entry asks for more assurance than the lease of this node says',
    'enrol the node by its chip, or lower what the entry asks for: holdfast entry update',
  ),
  'workload-streams': row(
    'ignore',
    'more Workload API streams than one user may hold, or all together',
    'close streams: one for each process is enough',
  ),
  'workload-ending': row('ignore', 'the daemon is ending', 'come again: it may be restarting'),
  'workload-gone': row('ignore', 'the caller ended before it was known', 'call again'),
  'workload-argument': row(
    'reject',
    'the call lacks an argument, or names what is no SPIFFE ID',
    'name at least one audience, and a token where one is to be judged',
  ),

  // X509-SVIDs (X509-SVID §2 to §5)
  'svid-invalid': row('reject', 'not an X509-SVID by the standard', 'fetch a new SVID'),
  'svid-id': row(
    'reject',
    'the leaf does not bear exactly one URI, the SPIFFE ID of a workload',
    'fetch a new SVID',
  ),
  'svid-ca': row('reject', 'the leaf is an authority', 'fetch a new SVID'),
  'svid-cert-sign': row('reject', 'the leaf may sign certificates', 'fetch a new SVID'),
  'svid-crl-sign': row('reject', 'the leaf may sign revocation lists', 'fetch a new SVID'),
  'svid-no-digital-signature': row('reject', 'the leaf may not sign', 'fetch a new SVID'),
  'svid-issuer-ca': row('reject', 'an intermediate is no authority', 'fetch a new SVID'),
  'svid-issuer-cert-sign': row(
    'reject',
    'an intermediate may not sign certificates',
    'fetch a new SVID',
  ),
  'svid-untrusted': row(
    'reject',
    'no path of signatures leads to a root of its own trust domain',
    'fetch the newest bundle of the domain named',
  ),
  'svid-constrained': row(
    'reject',
    'an authority on the path may not certify this name',
    'find out who signed it: a cell that names others was captured',
  ),
  'svid-revoked': row('reject', 'revoked by its own trust domain', 'fetch a new SVID'),
  'svid-withheld': row(
    'ignore',
    'all that is issued for this name until a time to come is revoked',
    'wait until then; else look at the clock of whoever revoked it, and of this machine',
  ),
  'svid-expired': row(
    'ignore',
    'a certificate on the path is outside its dates',
    'check the clock of this machine; else fetch a new SVID',
  ),

  // JWT-SVIDs (JWT-SVID §2 to §5)
  'jwt-malformed': row('reject', 'not a JWT-SVID by the standard', 'fetch a new token'),
  'jwt-algorithm': row(
    'reject',
    'the token names an algorithm that is not taken',
    'sign with ES256; none and shared secrets prove nothing',
  ),
  'jwt-kid': row('reject', 'the token does not say which key signed it', 'fetch a new token'),
  'jwt-untrusted': row(
    'reject',
    'no key of that name in the bundle of its own trust domain',
    'fetch the newest bundle of the domain named',
  ),
  'jwt-signature': row('reject', 'the signature of the token does not verify', 'fetch a new token'),
  'jwt-audience': row('reject', 'the token is for another audience', 'fetch a token for this one'),
  'jwt-expired': row(
    'ignore',
    'the token has ended, or has not begun',
    'check the clock of this machine; else fetch a new token',
  ),

  // authorities of a domain
  'authority-unknown': row(
    'ignore',
    'no authority of this domain has that id',
    'holdfast authority show',
  ),
  'authority-state': row(
    'ignore',
    'the authority is not in a state that allows this',
    'holdfast authority show; the order is prepare, activate, taint, revoke',
  ),

  // bundle endpoints (SPIFFE Federation §5)
  'endpoint-url': row(
    'reject',
    'not the URL of a bundle endpoint',
    'write https://HOST[:PORT]/PATH without user, password or fragment',
  ),
  'endpoint-identity': row(
    'reject',
    'the endpoint did not prove to be the one that was configured',
    'compare endpoint ID, bundle and URL with a person of that domain',
  ),
  'endpoint-status': row(
    'ignore',
    'the endpoint answered with another status than 200',
    'ask a person of that domain; the last bundle stays in use and ages',
  ),
  'endpoint-redirect': row(
    'reject',
    'the endpoint redirects to where no bundle endpoint may be, or too often',
    'ask a person of that domain for the URL to configure',
  ),
  'sequence-rolled-back': row(
    'reject',
    'a bundle whose spiffe_sequence is below the one held, or gone',
    'find out who answers for the endpoint; to begin anew, remove and add the partner',
  ),
  'sequence-repeated': row(
    'reject',
    'other authorities under a spiffe_sequence that was used before',
    'find out who answers for the endpoint; a sound one counts up with the next change',
  ),

  // registration entries
  'entry-malformed': row(
    'reject',
    'an entry member is absent, unknown or out of range',
    'holdfast entry create --help',
  ),
  'entry-exists': row(
    'ignore',
    'an entry with this ID and these selectors exists',
    'holdfast entry list',
  ),
  'entry-unknown': row('ignore', 'no entry has that name', 'holdfast entry list'),
  'selector-malformed': row(
    'reject',
    'not a selector',
    'write unix:uid:N, unix:path:/ABSOLUTE, or another that holdfast entry --help names',
  ),

  // configuration, state and sockets
  'config-syntax': row('reject', 'the configuration is not TOML', 'mend the line that is named'),
  'config-key-unknown': row(
    'reject',
    'a configuration key nobody knows',
    'correct or remove the key',
  ),
  'config-value': row('reject', 'a configuration value out of range', 'see docs/OPERATIONS.md'),
  'state-newer': row(
    'reject',
    'the state was written by a newer version',
    'run the version that wrote it',
  ),
  'state-corrupt': row(
    'reject',
    'the state does not read back as it was written',
    'move the folder aside and restore a backup, or enrol anew',
  ),
  'state-locked': row(
    'ignore',
    'another daemon uses this state',
    'stop it, or give this one its own --state',
  ),
  'permissions-wide': row('reject', 'others can read what holds keys', 'chmod as told'),
  'key-malformed': row(
    'reject',
    'a key file that does not read back',
    'restore the key file from a backup',
  ),
  'backup-malformed': row(
    'reject',
    'no backup, or one that was damaged',
    'take another copy of it, and compare the digest that the backup printed',
  ),
  'backup-version': row(
    'reject',
    'a backup of another version',
    'restore it with the version that made it, then upgrade',
  ),
  'state-occupied': row(
    'ignore',
    'the state folder holds something',
    'move it aside, or name an empty one: --state FOLDER',
  ),
  'passphrase-wrong': row(
    'reject',
    'the passphrase does not open the file',
    'type it again, with the keyboard it was made on; nobody can recover it',
  ),
  'port-busy': row(
    'ignore',
    'the listen address is in use',
    'free it, or set listen in the configuration',
  ),
  'socket-folder': row(
    'ignore',
    'the folder of a socket cannot be written',
    'create it for this user, or set its path in the configuration',
  ),
  'socket-occupied': row(
    'ignore',
    'another process serves this socket',
    'stop it, or set another path',
  ),

  // control socket
  'control-request': row('reject', 'not a request of the control protocol', 'holdfast --help'),
  'control-method': row('reject', 'no such control method', 'use a client of the same version'),
  'control-params': row(
    'reject',
    'parameters the method does not take',
    'use a client of the same version',
  ),
  'alarm-unknown': row('ignore', 'no alarm with this number', 'holdfast alarm list'),
  'control-busy': row(
    'ignore',
    'more control requests under way than one client may have',
    'wait for the answers',
  ),
  'role-insufficient': row(
    'ignore',
    'the role of the caller does not permit this',
    'ask an admin of this daemon: [roles] of its configuration gives roles; holdfast whoami',
  ),
  'second-person': row(
    'ignore',
    'this takes a second person: who brought it may not complete it',
    'offer it, and have another person sign or approve: holdfast ceremony list',
  ),
  'not-writer': row(
    'ignore',
    'another machine writes for this domain, or none yet',
    'ask the machine whose beacon key has the lowest rank in force; holdfast status names it',
  ),
  'standby-silent': row(
    'ignore',
    'no standby has answered this writer for so long that it may have taken over',
    'see that the standby runs and is linked, or publish a Root without --writer-for',
  ),
  'not-authority': row(
    'reject',
    'this node holds no authority keys',
    'ask the authority of the domain',
  ),

  // firmware: what a TPM, or whoever sits between, answers
  'tpm-malformed': row(
    'reject',
    'not the TPM structure it stands in the place of',
    'check that the path or socket configured leads to a TPM 2.0; restart the daemon',
  ),
  'tpm-answer-forged': row(
    'reject',
    'an answer of the TPM whose HMAC does not verify',
    'look for what was put between the processor and the chip; trust nothing it said since',
  ),
  'tpm-pcrs-busy': row(
    'ignore',
    'the PCRs changed during every attempt to read them',
    'try again once the machine has booted',
  ),
  'tpm-bank-absent': row(
    'reject',
    'the TPM has no values in the PCR bank that was asked for',
    'activate the bank in the firmware setup, or use one that the TPM has',
  ),

  // firmware: evidence and attestation
  'attest-malformed': row('reject', 'not a statement of a TPM (TPMS_ATTEST)', 'attest again'),
  'attest-not-tpm': row(
    'reject',
    'the statement lacks the magic of a TPM: its key signed what no chip made',
    'treat the key as stolen; enrol the node anew',
  ),
  'attest-type': row('reject', 'a statement of another kind than was asked for', 'attest again'),
  'attest-nonce': row('reject', 'the statement answers another nonce', 'ask the node again'),
  'attest-epoch': row(
    'ignore',
    'the statement was made in the light of an older epoch',
    'let the node fetch the newest beacon of its domain, then attest again',
  ),
  'attest-hash': row(
    'reject',
    'signed over SHA-1',
    'create the attestation key anew with SHA-256 or SHA-384',
  ),
  'attest-index': row(
    'reject',
    'the statement is about another NV index than was asked for',
    'attest the index that was enrolled; a deleted and redefined one is another',
  ),
  'attest-signature': row(
    'reject',
    'the statement is not signed by the attestation key named',
    'attest again; if it recurs, the statement or the key was exchanged on the way',
  ),
  'quote-bank': row(
    'reject',
    'the quote covers another PCR bank than was asked for',
    'activate the bank in the firmware of the node, or ask for one it has',
  ),
  'quote-selection': row(
    'reject',
    'the signed selection omits a PCR that is required, or a selected value is not shown',
    'quote again with every PCR the references name',
  ),
  'quote-digest': row(
    'reject',
    'the PCR values shown are not the ones that were signed',
    'read the PCRs and quote again',
  ),
  'log-malformed': row(
    'reject',
    'not a measurement log of its format',
    'read the log again in one piece; a partial read yields garbage',
  ),
  'log-bank': row(
    'reject',
    'the event log has no digests for the PCR bank quoted',
    'quote a bank that the firmware logs',
  ),
  'log-short': row(
    'reject',
    'the event log lacks events that the quoted PCRs hold',
    'send the whole log; userspace measurements come in a log of their own',
  ),
  'log-long': row(
    'reject',
    'the event log goes on after the quoted PCRs',
    'read the log before the quote, and neither twice',
  ),
  'log-replay': row(
    'reject',
    'the event log does not lead to the quoted PCRs',
    'compare with a sound boot of the same machine: something was measured and not logged',
  ),
  'log-event-type': row(
    'reject',
    'an event lies about its type',
    'believe nothing of this log; look for what was changed on the node',
  ),
  'ima-replay': row(
    'reject',
    'no prefix of the IMA list leads to the quoted PCR',
    'read the list after the quote, and whole',
  ),
  'uki-malformed': row(
    'reject',
    'not the sections of a unified kernel image',
    'build the image with ukify',
  ),
  'ek-certificate-malformed': row(
    'reject',
    'not an endorsement key certificate',
    'read the certificate again, or allow the key by its hash',
  ),
  'ek-certificate-expired': row(
    'reject',
    'a certificate on the path is outside its dates',
    'check the clock of this machine; else allow the key by its hash',
  ),
  'ek-certificate-purpose': row(
    'reject',
    'the certificate is not for an endorsement key (EKU 2.23.133.8.1)',
    'send the certificate of the endorsement key',
  ),
  'ek-certificate-critical': row(
    'reject',
    'a certificate holds a critical extension that nobody here understands',
    'allow the key by its hash, after a person has looked at the certificate',
  ),
  'ek-certificate-untrusted': row(
    'reject',
    'no path leads from the certificate to a root of a maker that is trusted',
    'add the root of the maker, carry the intermediates, or allow the key by its hash',
  ),
  'ek-certificate-key': row(
    'reject',
    'the certificate is for another key than the endorsement key shown',
    'show key and certificate of the same algorithm',
  ),
  'ek-unlisted': row(
    'reject',
    'the endorsement key is not on the list of allowed keys',
    'compare its hash on the machine itself, then allow it',
  ),
  'ek-list-malformed': row(
    'reject',
    'a line of the list of allowed keys that is none',
    'write on each line: the hash of the key, tpm or vtpm, and a note',
  ),
  'ak-attributes': row(
    'reject',
    'the attestation key could be used for more than attesting, or elsewhere',
    'create the attestation key anew',
  ),
  'activation-key': row(
    'reject',
    'an endorsement key of a kind that cannot activate a credential',
    'use an RSA-2048, P-256 or P-384 endorsement key',
  ),
  'activation-answer': row(
    'reject',
    'the answer is not the secret of the challenge: key and chip do not belong together',
    'ask for a new challenge',
  ),
  'evidence-malformed': row('reject', 'not a bundle of evidence', EXPORT_AGAIN),
  'references-malformed': row('reject', 'not a document of approved boot states', ASK_SENDER),
  'appraisal-mismatch': row(
    'reject',
    'the machine booted something that no approved state describes',
    'see the difference; approve the new state, or repair the node',
  ),
  'marks-regressed': row(
    'reject',
    'a counter of the chip fell: a restored chip, or a cleared one',
    'find out which; a person has to accept the chip again',
  ),

  // keys in a chip (PROTOCOL §7.4)
  'tpm-required': row(
    'reject',
    'the configuration demands a TPM, and none can be used',
    'give this user the TPM that is named, or set [tpm] use = "auto"',
  ),
  'chip-needed': row(
    'reject',
    'the keys of this state are sealed by a chip, and the configuration keeps it from being used',
    'set [tpm] use = "auto"',
  ),
  'chip-replaced': row(
    'reject',
    'this is not the chip that sealed the keys, or it was cleared',
    'give the machine its chip back; else the keys are gone, see docs/OPERATIONS.md',
  ),
  'boot-unapproved': row(
    'reject',
    'the chip does not let this boot use the keys: nobody approved it, or somebody withdrew it',
    'boot an approved state again; or let this one be approved: holdfast references --help',
  ),
  'approvals-malformed': row('reject', 'not approvals of boots', ASK_SENDER),
  'approval-signature': row(
    'reject',
    'an approval of a boot that its approver did not sign',
    ASK_SENDER,
  ),
  'approval-own': row(
    'ignore',
    'this machine could not use its own keys any more',
    'approve the boot of this machine first, or boot another approved state',
  ),
  'reference-unknown': row('ignore', 'no approved state has that name', 'holdfast references show'),
  'key-unknown': row('ignore', 'no such key lies here, or it has to stay', 'holdfast key list'),
  'approval-distant': row(
    'reject',
    'a withdrawal would step the counter of the chip further than it can bear',
    'ask the authority to sign its approvals for a lower generation',
  ),

  // audit log
  'audit-broken': row(
    'reject',
    'the audit log is not the chain it was written as',
    'keep the file as evidence; a daemon that starts on it sets it aside and begins a new one',
  ),

  // simulator
  'scenario-unknown': row('reject', 'no scenario has that name', 'npm run sim -- --list'),
  'scenario-malformed': row(
    'reject',
    'a scenario member is unknown or out of range',
    'correct or remove the member named; sim/scenario.ts lists them all',
  ),
  'scenario-mix': row(
    'reject',
    'members of a scenario that cannot go together',
    'change one of the two members named',
  ),
  'trace-version': row(
    'reject',
    'the file was written for traces of another version',
    'replay it with the version that wrote it, or find the fault anew with a swarm',
  ),
  'seed-malformed': row(
    'reject',
    'a seed is a whole number from 0 to 2^53 - 1',
    'npm run sim -- --seed 7, or --seeds 1..500',
  ),
  'sim-record': row(
    'reject',
    'a record of seeds that is of another world, or of another state of the program',
    'name a new file with --record',
  ),
  'sim-option': row('reject', 'not an option of the simulator', 'npm run sim -- --help'),
} as const satisfies Readonly<Record<string, Row>>;

/** The closed union of refusal codes. */
export type RefusalCode = keyof typeof REFUSALS;

/** True if `text` is one of the codes of this version. */
export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(REFUSALS, text);
}

/** What a refusal may say beside its code: both sides of a comparison, names, sizes. */
export type RefusalDetails = Readonly<Record<string, string | number | bigint | boolean>>;

/** Input that the rules do not admit. Nothing was changed by it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly judgement: Judgement;
  readonly details: RefusalDetails;

  constructor(code: RefusalCode, details: RefusalDetails = {}) {
    // An answer to input is no bug: nobody reads its stack, and whoever sends us nonsense is not to
    // make us walk it for each message.
    const depth = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    const { means, judgement } = REFUSALS[code];
    super(means);
    Error.stackTraceLimit = depth;
    this.code = code;
    this.judgement = judgement;
    this.details = details;
  }

  get mend(): string {
    return REFUSALS[this.code].mend;
  }
}

/** Runs `attempt`; a `Refusal` comes back as a value, everything else goes on being thrown. */
export function refusalOf<T>(attempt: () => T): T | Refusal {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** `{expected: 3, got: 2}` as `expected 3, got 2`, in the order the members were given. */
export function describeDetails(details: RefusalDetails): string {
  return Object.entries(details)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}
