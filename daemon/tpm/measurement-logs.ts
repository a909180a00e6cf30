/**
 * The logs that explain a machine's PCRs: of firmware, of systemd, and of the kernel (IMA).
 *
 * They are the logs of the machine that runs this, so they go with its own chip; with an swtpm
 * elsewhere only such as were named. A log that nobody named may be absent: some clouds have none.
 */

import { Failure } from '../../core/failure.ts';
import {
  EVENT_LOG_BYTES_MAX,
  IMA_LOG_BYTES_MAX,
  USERSPACE_LOG_BYTES_MAX,
} from '../../core/limits.ts';
import { readBounded, systemCode } from '../host/files.ts';
import type { TpmAddress } from '../host/open-tpm.ts';

/** Which log; each has its bound and its usual place. */
export type LogKind = 'event' | 'userspace' | 'ima';

const USUAL: Readonly<Record<LogKind, { readonly path: string; readonly bytesMax: number }>> = {
  event: {
    path: '/sys/kernel/security/tpm0/binary_bios_measurements',
    bytesMax: EVENT_LOG_BYTES_MAX,
  },
  userspace: { path: '/run/log/systemd/tpm2-measure.log', bytesMax: USERSPACE_LOG_BYTES_MAX },
  ima: {
    path: '/sys/kernel/security/ima/binary_runtime_measurements',
    bytesMax: IMA_LOG_BYTES_MAX,
  },
};

/** Where to read each log; undefined where none is to be shown. */
export type LogPlaces = Readonly<Record<LogKind, LogPlace | undefined>>;

interface LogPlace {
  readonly path: string;
  readonly bytesMax: number;
  readonly isAskedFor: boolean;
}

/** The places of the logs that were named, and of the machine's own for its own chip. */
export function findLogs(
  named: Readonly<Record<LogKind, string | undefined>>,
  chip: TpmAddress,
): LogPlaces {
  const place = (kind: LogKind): LogPlace | undefined => {
    const { path, bytesMax } = USUAL[kind];
    const asked = named[kind];
    if (asked !== undefined) return { path: asked, bytesMax, isAskedFor: true };
    return chip.kind === 'device' ? { path, bytesMax, isAskedFor: false } : undefined;
  };
  return { event: place('event'), userspace: place('userspace'), ima: place('ima') };
}

/** Reads one log whole; null where there is none. Fails `file-unreadable`, refuses `too-large`. */
export async function loadLog(place: LogPlace | undefined): Promise<Uint8Array | null> {
  if (place === undefined) return null;
  try {
    return await readBounded(place.path, place.bytesMax);
  } catch (error) {
    const isAbsent = error instanceof Failure && systemCode(error.cause) === 'ENOENT';
    if (isAbsent && !place.isAskedFor) return null;
    throw error;
  }
}
