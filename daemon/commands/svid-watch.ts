/**
 * `holdfast svid watch`: keeps an SVID in files as the daemon would have it, for programs without
 * an SDK, until it is asked to end.
 *
 * Only a state that differs from what the files hold is written, and only a write runs the hook: a
 * daemon that restarts and says the same again disturbs nobody.
 */

import { printable } from '../../core/printable.ts';
import { openClock } from '../host/clock.ts';
import { hostRandom } from '../host/random.ts';
import { untilAskedToEnd } from '../host/signals.ts';
import { decodeCertificate } from '../identity/certificate.ts';
import { encodePem } from '../identity/pem.ts';
import { formatDuration } from '../text/duration.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import { type FetchedIdentities, openWorkloadClient } from '../workload-api/client.ts';
import type { WorkloadEndpoint } from '../workload-api/endpoint.ts';
import { removeSvidFiles, saveSvidFiles } from '../workload-api/svid-files.ts';
import { followIdentities } from '../workload-api/svid-watch.ts';
import { ChangeHook, type HookPlan } from './change-hook.ts';
import type { CommandContext } from './command.ts';
import { troubleLines } from './trouble.ts';

export interface WatchPlan {
  readonly endpoint: WorkloadEndpoint;
  readonly folder: string;
  /** The identity to keep; undefined for the default one. */
  readonly spiffeId: string | undefined;
  readonly hook: HookPlan;
}

/** Writes and runs hooks until this process is asked to end. */
export async function watchFiles(context: CommandContext, plan: WatchPlan): Promise<void> {
  const ending = new AbortController();
  const asked = untilAskedToEnd();
  void asked.then(() => ending.abort());
  const clock = openClock();
  const complain = (line: string): void => context.complain(printable(line));
  const hook = new ChangeHook(plan.hook, clock, complain);
  const files = new KeptFiles(plan, hook, complain);
  try {
    await followIdentities(
      {
        openClient: () => openWorkloadClient(plan.endpoint),
        clock,
        random: hostRandom,
        take: (identities) => files.take(identities),
        onTrouble: (trouble, retryInMs) => {
          for (const line of troubleLines(trouble) ?? []) complain(line);
          complain(`trying again in ${formatDuration(retryInMs)}`);
        },
      },
      ending.signal,
    );
  } finally {
    await hook.close();
  }
}

/** The files of one identity, and what they hold. */
class KeptFiles {
  readonly #plan: WatchPlan;
  readonly #hook: ChangeHook;
  readonly #complain: (line: string) => void;
  /** Everything that was written last, as one text; null before anything was. */
  #written: string | null = null;

  constructor(plan: WatchPlan, hook: ChangeHook, complain: (line: string) => void) {
    this.#plan = plan;
    this.#hook = hook;
    this.#complain = complain;
  }

  /** Makes the files hold this state, or be gone where it has no such identity. */
  async take(identities: FetchedIdentities | null): Promise<void> {
    const { folder, spiffeId } = this.#plan;
    const svid = identities?.svids.find((one) => (spiffeId ?? one.spiffeId) === one.spiffeId);
    if (identities === null || svid === undefined) {
      if (identities !== null) this.#complain(`not offered: ${spiffeId ?? 'any identity'}`);
      return await this.#withdraw();
    }
    const { federatedBundles } = identities;
    const state = textOf(svid.certificatesDer, svid.bundleDer, ...federatedBundles.entries());
    if (state === this.#written) return;
    await saveSvidFiles(folder, svid, federatedBundles);
    this.#written = state;
    const [leaf = new Uint8Array(0)] = svid.certificatesDer;
    const until = formatRfc3339(decodeCertificate(leaf).notAfter);
    this.#complain(`wrote ${folder}: ${svid.spiffeId}, valid until ${until}`);
    await this.#hook.changed();
  }

  async #withdraw(): Promise<void> {
    const { folder } = this.#plan;
    if (this.#written === '') return;
    await removeSvidFiles(folder);
    const had = this.#written !== null;
    this.#written = '';
    if (!had) return;
    this.#complain(`took the files in ${folder} away: the identity is withdrawn`);
    await this.#hook.changed();
  }
}

type Part = readonly Uint8Array[] | readonly [string, readonly Uint8Array[]];

/** A leaf is new with each key, so the key itself need not be compared. */
function textOf(...parts: readonly Part[]): string {
  return parts
    .flatMap((part) => part.flat())
    .map((item) => (typeof item === 'string' ? `${item}\n` : encodePem('CERTIFICATE', item)))
    .join('');
}
