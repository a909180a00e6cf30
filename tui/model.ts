/**
 * What the window knows, and the messages by which it learns: values, no clock, no socket. How a
 * message changes the state is in update.ts.
 *
 * All texts come in printable (client.ts sees to it). Ages are those that the daemon told plus the
 * time since; once the daemon is gone they stand still, because what is shown is the past.
 */

import { isOfOurSeries } from '../core/version.ts';
import type {
  AttestationView,
  AuditEntryView,
  CallerView,
  CeremonyView,
  DomainStatus,
  EntryView,
  FetchedView,
  Status,
} from '../daemon/control/views.ts';
import type { Act, Form } from './act.ts';
import type { AuditProof } from './audit-proof.ts';
import type { Press } from './keys.ts';
import type { View } from './view-names.ts';

/** Whether what is shown is the present. Times are of the window's own monotonic clock. */
export type Link =
  | { readonly kind: 'opening' }
  | { readonly kind: 'live' }
  | { readonly kind: 'past'; readonly sinceMs: number; readonly why: string };

/** What the daemon last said, and when. */
export interface Told {
  readonly status: Status;
  readonly atMs: number;
}

/** An open line at the foot: a filter for this view, or a command. */
export interface Prompt {
  readonly kind: 'filter' | 'command';
  readonly text: string;
  /** Why the last attempt did nothing; empty before the first. */
  readonly complaint: string;
}

/** An entry, and who on the daemon's machine fetched its identity; undefined where nobody did. */
export interface Workload extends EntryView {
  readonly fetched?: FetchedView;
}

/** Why it is not known how the machine booted. */
export interface AttestationTrouble {
  readonly trouble: string;
}

/** What came of an act, in a sentence. */
export interface Outcome {
  readonly isDone: boolean;
  readonly text: string;
}

export interface State {
  readonly view: View;
  /** Where help returns to. */
  readonly behindHelp: View;
  readonly link: Link;
  readonly told: Told | null;
  /** Whom the daemon takes us for; null where it does not say. */
  readonly caller: CallerView | null;
  /** By SPIFFE ID. */
  readonly entries: readonly Workload[];
  /** Who on the daemon's machine holds what, as it told last. */
  readonly fetched: readonly FetchedView[];
  /** How the machine booted; asked for once its view is opened. */
  readonly attestation: AttestationView | AttestationTrouble | null;
  /** Newest first. */
  readonly audit: readonly AuditEntryView[];
  readonly proof: AuditProof;
  /** What waits for people. */
  readonly ceremonies: readonly CeremonyView[];
  /** False where our role may not read the log. */
  readonly tellsAudit: boolean;
  /** False where the daemon is older than ceremonies, or our role may not see them. */
  readonly tellsCeremonies: boolean;
  /** An act that is being prepared; it takes the place of the view. */
  readonly form: Form | null;
  /** An act that is being carried out. */
  readonly underWay: Act | null;
  /** What came of the last one, until the next key. */
  readonly outcome: Outcome | null;
  /** The key of the chosen row; null is the first, whichever that is. */
  readonly chosen: Readonly<Record<View, string | null>>;
  readonly filters: Readonly<Record<View, string>>;
  readonly prompt: Prompt | null;
  readonly night: boolean;
  readonly nowMs: number;
  readonly ended: boolean;
}

export type Message =
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly why: string; readonly nowMs: number }
  | { readonly kind: 'status'; readonly status: Status; readonly nowMs: number }
  | { readonly kind: 'caller'; readonly caller: CallerView | null }
  | { readonly kind: 'entries'; readonly entries: readonly EntryView[] }
  | { readonly kind: 'audit'; readonly entries: readonly AuditEntryView[] | null }
  | { readonly kind: 'ceremonies'; readonly ceremonies: readonly CeremonyView[] | null }
  | { readonly kind: 'fetched'; readonly fetched: readonly FetchedView[] }
  | { readonly kind: 'attestation'; readonly attestation: AttestationView | AttestationTrouble }
  | { readonly kind: 'acted'; readonly outcome: Outcome }
  /** `hash` is of the entry as it was written, before its texts were made printable. */
  | { readonly kind: 'event'; readonly entry: AuditEntryView; readonly hash: string }
  | { readonly kind: 'proof'; readonly proof: AuditProof }
  | { readonly kind: 'time'; readonly nowMs: number }
  /**
   * `keys` are those of the rows of the view, or one for each line of an open form; `page` is how
   * many fit on the screen.
   */
  | {
      readonly kind: 'press';
      readonly press: Press;
      readonly keys: readonly string[];
      readonly page: number;
    };

export function openState(options: { readonly night: boolean; readonly nowMs: number }): State {
  return {
    view: 'overview',
    behindHelp: 'overview',
    link: { kind: 'opening' },
    told: null,
    caller: null,
    entries: [],
    fetched: [],
    attestation: null,
    audit: [],
    proof: { kind: 'open' },
    ceremonies: [],
    tellsAudit: true,
    tellsCeremonies: true,
    form: null,
    underWay: null,
    outcome: null,
    chosen: perView(null),
    filters: perView(''),
    prompt: null,
    ended: false,
    ...options,
  };
}

/** How long ago the daemon said what is shown; stands still once it is gone. */
export function sinceToldMs({ told, link, nowMs }: State): number {
  if (told === null) return 0;
  const until = link.kind === 'past' ? Math.min(link.sinceMs, nowMs) : nowMs;
  return Math.max(0, until - told.atMs);
}

/** The version of a daemon of another series, whose status alone is known; else null. */
export function foreignVersion({ told }: State): string | null {
  return told === null || isOfOurSeries(told.status.version) ? null : told.status.version;
}

/** A domain with its age and cliff moved on to now. */
export function movedOn(domain: DomainStatus, sinceMs: number): DomainStatus {
  const { nextCliff } = domain;
  return {
    ...domain,
    ageMs: domain.ageMs === null ? null : domain.ageMs + sinceMs,
    heard: domain.heard && { ...domain.heard, agoMs: domain.heard.agoMs + sinceMs },
    nextCliff: nextCliff && { ...nextCliff, inMs: Math.max(0, nextCliff.inMs - sinceMs) },
  };
}

/** All domains as they stand now: our own first, as the daemon has them. */
export function domainsNow(state: State): readonly DomainStatus[] {
  const since = sinceToldMs(state);
  return (state.told?.status.domains ?? []).map((domain) => movedOn(domain, since));
}

function perView<T>(value: T): Record<View, T> {
  return {
    overview: value,
    domains: value,
    peers: value,
    workloads: value,
    attestation: value,
    audit: value,
    ceremonies: value,
    alarms: value,
    help: value,
  };
}
