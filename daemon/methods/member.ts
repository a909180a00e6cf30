/**
 * What the control socket of a member does: it shows what is held, takes files, and links. Whatever
 * an authority decides is refused here with `not-authority`, new methods too.
 */

import { Refusal } from '../../core/refusal.ts';
import { METHODS } from '../control/params.ts';
import type { ControlMethods } from '../control/server.ts';
import { type CourierMethodOptions, courierMethods } from '../courier/courier-methods.ts';
import { type ApplicantMethodOptions, applicantMethods } from '../enrolment/applicant-methods.ts';
import { type ReadingOptions, readingMethods } from './reading.ts';

/** The methods of a member. */
export function memberMethods(
  options: ReadingOptions & ApplicantMethodOptions & CourierMethodOptions,
): ControlMethods {
  const elsewhere = Object.fromEntries(METHODS.map((method) => [method, refuseHere]));
  return {
    ...(elsewhere as unknown as ControlMethods),
    ...readingMethods(options),
    ...applicantMethods(options),
    ...courierMethods(options),
    // Nothing waits for people at a member; a window asks every daemon the same.
    'ceremony.list': async () => ({ ceremonies: [] }),
  };
}

async function refuseHere(): Promise<never> {
  throw new Refusal('not-authority');
}
