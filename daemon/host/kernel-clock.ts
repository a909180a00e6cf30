/**
 * Whether the kernel holds its clock for synchronised (adjtimex(2)): somebody, by NTP, PTP or a
 * receiver of satellites, steers it and says that it is right. Node does not ask, hence the call.
 */

import koffi from 'koffi';

/** `struct timex` is 208 bytes on x64 and arm64; with `modes` 0 nothing is changed. */
const TIMEX_BYTES = 208;
/** What adjtimex(2) returns while nobody vouches for the clock. */
const TIME_ERROR = 5;

const adjtimex = koffi.load(null).func('int adjtimex(_Inout_ uint8_t *)');

/** True while the clock of this machine is steered by somebody; false where it cannot be asked. */
export function isClockSynchronised(): boolean {
  const state = adjtimex(new Uint8Array(TIMEX_BYTES)) as number;
  return state >= 0 && state !== TIME_ERROR;
}
