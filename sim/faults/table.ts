/** Every fault, by its name: one file or one export each. A new one is a row here. */

import type { Fault } from '../happening.ts';
import { boundaryCrash } from './boundary-crash.ts';
import { bridge } from './bridge.ts';
import { clockDrift } from './clock-drift.ts';
import { clockJump } from './clock-jump.ts';
import { clockSkew } from './clock-skew.ts';
import { clog } from './clog.ts';
import { closedDesk } from './closed-desk.ts';
import { compromising } from './compromising.ts';
import { contactWindows } from './contact-windows.ts';
import { bitFlip, misdirectedWrite } from './damaged-disk.ts';
import { delay } from './delay.ts';
import { duplication } from './duplication.ts';
import { flapping } from './flapping.ts';
import { frozenClock } from './frozen-clock.ts';
import { fullDisk } from './full-disk.ts';
import { delaying, flooding, forging, lying, misdating, replaying, withholding } from './habits.ts';
import { isolation } from './isolation.ts';
import { loss } from './loss.ts';
import { misnumbering } from './misnumbering.ts';
import { namingRevokers } from './naming-revokers.ts';
import { narrowBand } from './narrow-band.ts';
import { oneWayCut } from './one-way-cut.ts';
import { overriding } from './overriding.ts';
import { partition } from './partition.ts';
import { pause } from './pause.ts';
import { courier, narrowing, publishing, relating, unrelating, withdrawing } from './people.ts';
import { powerCut } from './power-cut.ts';
import { processEnd } from './process-end.ts';
import { proposing } from './proposing.ts';
import { rebootLoop } from './reboot-loop.ts';
import { reordering } from './reordering.ts';
import { restoredAuthority, restoredBackup } from './restored-backup.ts';
import { restoredVm, restoredWriter } from './restored-vm.ts';
import { revoking } from './revoking.ts';
import { rotating } from './rotating.ts';
import { rtcReset } from './rtc-reset.ts';
import { slowDisk } from './slow-disk.ts';
import { standingIn } from './standing-in.ts';
import { stolenBeaconKey } from './stolen-beacon-key.ts';
import { stolenDocumentsKey } from './stolen-documents-key.ts';
import { stolenOverrideKey } from './stolen-override-key.ts';
import { stolenRevocationKey } from './stolen-revocation-key.ts';
import { stolenRootKey } from './stolen-root-key.ts';
import { stolenSeeds } from './stolen-seeds.ts';
import { strangers } from './strangers.ts';
import { suspend } from './suspend.ts';
import { takingOver } from './taking-over.ts';
import { versionSkew } from './version-skew.ts';

export const FAULTS: readonly Fault[] = [
  ...[partition, isolation, bridge, oneWayCut, flapping, loss, duplication, reordering, delay],
  ...[clog, narrowBand, contactWindows],
  ...[powerCut, processEnd, rebootLoop, pause, suspend, boundaryCrash],
  ...[fullDisk, slowDisk, restoredBackup, restoredAuthority, restoredVm, restoredWriter],
  ...[bitFlip, misdirectedWrite],
  ...[clockJump, clockSkew, clockDrift, frozenClock, rtcReset],
  ...[replaying, withholding, delaying, flooding, lying, forging, misdating],
  ...[stolenBeaconKey, stolenSeeds, strangers],
  ...[stolenDocumentsKey, stolenRootKey, stolenRevocationKey, stolenOverrideKey],
  ...[publishing, withdrawing, relating, narrowing, unrelating, courier],
  ...[rotating, compromising, namingRevokers, revoking, takingOver, misnumbering, overriding],
  ...[closedDesk, standingIn, proposing, versionSkew],
];
