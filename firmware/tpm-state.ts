/**
 * What a TPM tells about itself, unsigned: randomness, properties, banks, handles, lockout, clock.
 *
 * For display and for housekeeping. Nothing here is evidence; getTime in tpm-attest.ts is the
 * signed form. TPM 2.0 Part 3 §16, §29 and §30.
 */

import { type Reader, Writer } from '../core/bytes.ts';
import { TPM_LIST_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { type ClockInfo, decodeClockInfo } from './attest.ts';
import { flushHandle } from './held.ts';
import type { Session } from './session.ts';
import { FIRST_HANDLE, TPM_CAP, TPM_PT, TPMA_PERMANENT } from './tpm-constants.ts';
import type { TpmRunner } from './tpm-runner.ts';
import {
  hashNameOf,
  type PcrSelection,
  readCount,
  readPcrSelections,
  readSized,
  readYesNo,
} from './tpm-structures.ts';

/** Up to 32 bytes from the TPM's generator; `session` hides them. Part 3, TPM2_GetRandom. */
export async function getRandom(
  tpm: TpmRunner,
  count: number,
  session?: Session,
): Promise<Uint8Array> {
  const { parameters } = await tpm.run({
    name: 'GetRandom',
    sessions: session === undefined ? [] : [session],
    parameters: new Writer().u16(count).finish(),
    secrecy: session?.encrypts === true ? 'response' : 'none',
  });
  const bytes = readSized(parameters, count);
  parameters.end();
  return bytes;
}

/** Numbers by TPM_PT. Part 2 §6.13. */
export type TpmProperties = ReadonlyMap<number, number>;

/** All fixed (0x100 up) or variable (0x200 up) properties. Part 3, TPM2_GetCapability. */
export async function getProperties(
  tpm: TpmRunner,
  group: 'fixed' | 'variable',
): Promise<TpmProperties> {
  const first = group === 'fixed' ? 0x100 : 0x200;
  const last = first + 0xff;
  const properties = new Map<number, number>();
  let next = first;
  for (let more = true; more && next <= last; ) {
    const page = await capability(tpm, TPM_CAP.TPM_PROPERTIES, next, (reader) => ({
      property: reader.u32(),
      value: reader.u32(),
    }));
    for (const { property, value } of page.items) {
      if (property >= next && property <= last) properties.set(property, value);
    }
    next = nextAfter(page.items.at(-1)?.property, next);
    more = page.more;
  }
  return properties;
}

/** The banks that hold values, with their PCRs; hashes that we do not compute are left out. */
export async function getPcrBanks(tpm: TpmRunner): Promise<readonly PcrSelection[]> {
  const { parameters } = await tpm.run(capabilityCommand(TPM_CAP.PCRS, 0));
  readYesNo(parameters);
  expectCapability(parameters, TPM_CAP.PCRS);
  const selections = readPcrSelections(parameters);
  parameters.end();
  return selections.flatMap(({ alg, pcrs }) => {
    const bank = hashNameOf(alg);
    return bank === undefined || pcrs.length === 0 ? [] : [{ bank, pcrs }];
  });
}

/** Which handles to list. `hmacSession` lists all loaded sessions. Part 2 §7.2. */
export type HandleKind = keyof typeof FIRST_HANDLE;

/** Every handle of a kind that is in use. Part 3, TPM2_GetCapability. */
export async function getHandles(tpm: TpmRunner, kind: HandleKind): Promise<readonly number[]> {
  const handles: number[] = [];
  let next: number = FIRST_HANDLE[kind];
  for (let more = true; more; ) {
    const page = await capability(tpm, TPM_CAP.HANDLES, next, (reader) => reader.u32());
    handles.push(...page.items);
    if (handles.length > TPM_LIST_MAX) throw new Refusal('too-large', { limit: TPM_LIST_MAX });
    next = nextAfter(page.items.at(-1), next);
    more = page.more;
  }
  return handles;
}

/**
 * Flushes whatever an earlier user of this connection left loaded: a daemon that was killed over
 * a TPM without a resource manager. On /dev/tpmrm0 there is nothing to find.
 */
export async function sweep(tpm: TpmRunner): Promise<void> {
  for (const kind of ['transient', 'hmacSession'] as const) {
    for (const handle of await getHandles(tpm, kind)) await flushHandle(tpm, handle);
  }
}

/** The guard against guessing. */
export interface LockoutState {
  readonly isLockedOut: boolean;
  /** Failures counted, and how many bring lockout; 0 of them: it is always locked. */
  readonly failures: number;
  readonly failuresMax: number;
  /** Powered seconds after which one failure is forgiven. 0: failures are not counted. */
  readonly intervalS: number;
  /** Seconds until a wrongly used lockout password may be tried again. 0: after a reboot. */
  readonly recoveryS: number;
}

/** Dictionary-attack state. Part 1 §19.8; Part 2 §6.13. */
export async function getLockoutState(tpm: TpmRunner): Promise<LockoutState> {
  const properties = await getProperties(tpm, 'variable');
  const read = (property: number): number => {
    const value = properties.get(property);
    if (value === undefined) throw new Refusal('tpm-malformed', { field: 'property', property });
    return value;
  };
  return {
    isLockedOut: (read(TPM_PT.PERMANENT) & TPMA_PERMANENT.IN_LOCKOUT) !== 0,
    failures: read(TPM_PT.LOCKOUT_COUNTER),
    failuresMax: read(TPM_PT.MAX_AUTH_FAIL),
    intervalS: read(TPM_PT.LOCKOUT_INTERVAL),
    recoveryS: read(TPM_PT.LOCKOUT_RECOVERY),
  };
}

/** Milliseconds since the TPM was last powered up, and its clock. Part 3, TPM2_ReadClock. */
export async function readClock(
  tpm: TpmRunner,
): Promise<{ readonly timeMs: bigint; readonly clock: ClockInfo }> {
  const { parameters } = await tpm.run({ name: 'ReadClock' });
  const timeMs = parameters.u64();
  const clock = decodeClockInfo(parameters);
  parameters.end();
  return { timeMs, clock };
}

/** Items asked for at once: fewer than a TPM's own page, MAX_CAP_BUFFER. Part 2 annex C. */
const PAGE_ITEMS = 64;

function capabilityCommand(group: number, first: number) {
  return {
    name: 'GetCapability',
    parameters: new Writer().u32(group).u32(first).u32(PAGE_ITEMS).finish(),
  } as const;
}

async function capability<T>(
  tpm: TpmRunner,
  group: number,
  first: number,
  readItem: (reader: Reader) => T,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const { parameters } = await tpm.run(capabilityCommand(group, first));
  const more = readYesNo(parameters);
  expectCapability(parameters, group);
  const count = readCount(parameters);
  const items = Array.from({ length: count }, () => readItem(parameters));
  parameters.end();
  return { items, more: more && items.length > 0 };
}

function expectCapability(reader: Reader, group: number): void {
  const got = reader.u32();
  if (got !== group) throw new Refusal('tpm-malformed', { field: 'capability', got });
}

/** Where the next page begins; a TPM that does not go forward is refused, or we would not end. */
function nextAfter(last: number | undefined, from: number): number {
  if (last === undefined) return from;
  if (last < from) throw new Refusal('tpm-malformed', { field: 'page', got: last });
  return last + 1;
}
