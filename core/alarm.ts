/**
 * Alarms, the fourth kind of trouble: what the protocol calls impossible, and saw, or what a person
 * has to hear of.
 *
 * One closed table, as of refusals (refusal.ts): a code is stable, `means` and `mend` are the
 * sentences a person reads. What raises an alarm does so as an effect or beside the state machine;
 * it is recorded durably and shown until a person clears it, which mends nothing.
 */

interface Row {
  readonly means: string;
  readonly mend: string;
}

/** Every alarm of the project, by its code. */
export const ALARMS = {
  equivocation: {
    means: 'one key signed two beacons under one number',
    mend: 'call that domain: its beacon key is stolen, or its disk was rolled back',
  },
  'clock-or-key': {
    means: 'a beacon is dated in our future',
    mend: 'check this clock, then call that domain',
  },
  'dated-ahead': {
    means: 'a beacon is ahead of a date that somebody vouched for',
    mend: 'call that domain: its clock is fast, or its beacon key is stolen',
  },
  deposed: {
    means: 'a key that this machine signed by is in force no more: another rank has the word',
    mend: 'if two people did that, nothing; else read holdfast revoke list, and call them',
  },
  fork: {
    means: 'what this machine published since the other rank took over is in force nowhere',
    mend: 'compare it with what the other rank says, and publish there what is missing',
  },
  'own-beacon-refused': {
    means: 'this machine refuses the beacons that it signs itself: the domain ages for everybody',
    mend: 'a Root with --rotate-beacon for an ended key, limits below its ceilings; then it goes on',
  },
  'own-beacon-unknown': {
    means: 'a beacon of our own key that this machine did not sign',
    mend: 'its disk is an old copy, or another machine has the key: holdfast revoke authority',
  },
  'own-seeds-known': {
    means: 'somebody else said a tick, or the stop, that only the memory of this writer could give',
    mend: 'its memory was read, or put back: unless you did that, holdfast revoke authority',
  },
  'own-documents-unconfirmed': {
    means: 'an authority was booted, and nobody answers who could hold newer documents of it',
    mend: 'link a partner or a node; or holdfast authority confirm, if nobody put its disk back',
  },
  override: {
    means: 'two people permit what an age forbids',
    mend: 'see holdfast override list; clear it when you know of it',
  },
  'standby-silent': {
    means: 'the standby that this writer is tied to does not answer: nothing positive is signed',
    mend: 'link the standby, and see that it runs; the writer goes on by itself',
  },
  'store-unwritable': {
    means: 'nothing can be written',
    mend: 'make room on the disk; what should have been written comes first',
  },
  'state-rolled-back': {
    means:
      'the state is older than the counter of the chip, the chip was restored, or a backup was',
    mend: 'find out who put it back; the state is believed again as newer evidence comes',
  },
  'audit-broken': {
    means: 'at the start the audit log was not the chain it was written as; a new one was begun',
    mend: 'find out who could write in the state folder; holdfast audit verify says from where on',
  },
  'chip-regressed': {
    means: 'the chip of a node counts less than it did: it was restored or cleared',
    mend: 'find out which; then holdfast enroll approve ID --forget-marks',
  },
  'assurance-fell': {
    means: 'a node proves less about itself than before, and is granted less',
    mend: 'look at how it booted; where the change was meant, approve that boot',
  },
} as const satisfies Readonly<Record<string, Row>>;

/** The stable name of an alarm. */
export type AlarmCode = keyof typeof ALARMS;

/** True for a code of the table. */
export function isAlarmCode(code: string): code is AlarmCode {
  return Object.hasOwn(ALARMS, code);
}
