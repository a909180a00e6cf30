/** Every checker, one sentence each. A new one is a file and a row here. */

import type { CheckerKind } from '../checker.ts';
import { aCapturedNodeIsNobodyOutsideItsLease } from './a-captured-node-is-nobody-outside-its-lease.ts';
import { aCopySignedAnewIsNoOtherStatement } from './a-copy-signed-anew-is-no-other-statement.ts';
import { aForgeryChangesNothing } from './a-forgery-changes-nothing.ts';
import { aNodeWakesForSomething } from './a-node-wakes-for-something.ts';
import { aProofHoldsTwoPayloadsOfOneKey } from './a-proof-holds-two-payloads-of-one-key.ts';
import { aProposalIsOfWhoeverAsks } from './a-proposal-is-of-whoever-asks.ts';
import { aRootAloneTakesNothing } from './a-root-alone-takes-nothing.ts';
import { aRootIsOfItsPeople } from './a-root-is-of-its-people.ts';
import { aStrangerCostsWhatItSends } from './a-stranger-costs-what-it-sends.ts';
import { aSubsetPermitsNothingNew } from './a-subset-permits-nothing-new.ts';
import { aWriterIsSilentWithoutItsStandby } from './a-writer-is-silent-without-its-standby.ts';
import { afterAStopNoTickCounts } from './after-a-stop-no-tick-counts.ts';
import { alarmsHaveACause } from './alarms-have-a-cause.ts';
import { anActIsPermittedByItsWorstStatement } from './an-act-is-permitted-by-its-worst-statement.ts';
import { assuranceIsAtMostWhatWasSigned } from './assurance-is-at-most-what-was-signed.ts';
import { everyBelievedDocumentIsPinned } from './every-believed-document-is-pinned.ts';
import { fewerThanAQuorumMoveNoClock } from './fewer-than-a-quorum-move-no-clock.ts';
import { heldEvidenceGrantsNothing } from './held-evidence-grants-nothing.ts';
import { honestMachinesNeverProveEquivocation } from './honest-machines-never-prove-equivocation.ts';
import { lateEvidenceLowersAgeByWhatAsOfGained } from './late-evidence-lowers-age-by-what-as-of-gained.ts';
import { marksNeverFall } from './marks-never-fall.ts';
import { noActGoesBeyondASignedOverride } from './no-act-goes-beyond-a-signed-override.ts';
import { noDateFallsBelowTheBound } from './no-date-falls-below-the-bound.ts';
import { noEndOfPowerLowersTheLedger } from './no-end-of-power-lowers-the-ledger.ts';
import { noHonestPeerIsBanned } from './no-honest-peer-is-banned.ts';
import { noLeaseOutlivesWhatItRestsOn } from './no-lease-outlives-what-it-rests-on.ts';
import { noNumberIsUsedTwice } from './no-number-is-used-twice.ts';
import { noRankIsGivenTwice } from './no-rank-is-given-twice.ts';
import { noRevocationIsLost } from './no-revocation-is-lost.ts';
import { noTickFollowsAnAcknowledgedWithdrawal } from './no-tick-follows-an-acknowledged-withdrawal.ts';
import { nobodyIsBlamedForALaterVersion } from './nobody-is-blamed-for-a-later-version.ts';
import { nothingWithdrawnIsHonouredLate } from './nothing-withdrawn-is-honoured-late.ts';
import { orderDoesNotMatter } from './order-does-not-matter.ts';
import { theTimeBoundNeverFalls } from './the-time-bound-never-falls.ts';
import { twoBeaconsOfOneNumberDisownTheirKey } from './two-beacons-of-one-number-disown-their-key.ts';
import { unknownTimeIsACap } from './unknown-time-is-a-cap.ts';
import { whatIsDroppedAsKnownIsKnown } from './what-is-dropped-as-known-is-known.ts';
import { whatIsRefusedAsHeldIsHeld } from './what-is-refused-as-held-is-held.ts';
import { whatIsSentIsDurable } from './what-is-sent-is-durable.ts';
import { withoutTimeOrLeaseANodeObtainsEvidence } from './without-time-or-lease-a-node-obtains-evidence.ts';

export const CHECKERS: readonly CheckerKind[] = [
  nothingWithdrawnIsHonouredLate,
  theTimeBoundNeverFalls,
  lateEvidenceLowersAgeByWhatAsOfGained,
  noEndOfPowerLowersTheLedger,
  noNumberIsUsedTwice,
  noRankIsGivenTwice,
  aRootIsOfItsPeople,
  whatIsSentIsDurable,
  noTickFollowsAnAcknowledgedWithdrawal,
  afterAStopNoTickCounts,
  honestMachinesNeverProveEquivocation,
  aProofHoldsTwoPayloadsOfOneKey,
  twoBeaconsOfOneNumberDisownTheirKey,
  aCopySignedAnewIsNoOtherStatement,
  anActIsPermittedByItsWorstStatement,
  noActGoesBeyondASignedOverride,
  everyBelievedDocumentIsPinned,
  orderDoesNotMatter,
  aForgeryChangesNothing,
  aStrangerCostsWhatItSends,
  noHonestPeerIsBanned,
  nobodyIsBlamedForALaterVersion,
  heldEvidenceGrantsNothing,
  marksNeverFall,
  alarmsHaveACause,
  unknownTimeIsACap,
  noDateFallsBelowTheBound,
  noRevocationIsLost,
  aRootAloneTakesNothing,
  whatIsRefusedAsHeldIsHeld,
  whatIsDroppedAsKnownIsKnown,
  aCapturedNodeIsNobodyOutsideItsLease,
  assuranceIsAtMostWhatWasSigned,
  withoutTimeOrLeaseANodeObtainsEvidence,
  aSubsetPermitsNothingNew,
  aNodeWakesForSomething,
  noLeaseOutlivesWhatItRestsOn,
  fewerThanAQuorumMoveNoClock,
  aWriterIsSilentWithoutItsStandby,
  aProposalIsOfWhoeverAsks,
];
