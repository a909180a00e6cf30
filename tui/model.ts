/**
 * What the window shows, and how each message changes it: a pure function, no clock, no socket.
 *
 * All texts come in printable (client.ts sees to it). Ages are those that the daemon told plus the
 * time since; once the daemon is gone they stand still, because what is shown is the past.
 */

import type {
  AttestationView,
  AuditEntryView,
  CeremonyView,
  DomainStatus,
  EntryView,
  FetchedView,
  Status,
} from '../daemon/control/protocol.ts';
import { type Act, agreeForm, type Form, fill, refuseForm } from './act.ts';
import { nearestCommand } from './commands.ts';
import type { Press } from './keys.ts';

export const VIEWS = [
  'overview',
  'domains',
  'peers',
  'workloads',
  'attestation',
  'audit',
  'ceremonies',
  'help',
] as const;
export type View = (typeof VIEWS)[number];

/** Audit entries kept in the window; the log on disk has them all. */
export const AUDIT_ENTRIES_MAX = 1_000;

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
  /** By SPIFFE ID. */
  readonly entries: readonly EntryView[];
  /** Who on the daemon's machine holds what, as it told last. */
  readonly fetched: readonly FetchedView[];
  /** How the machine booted; asked for once its view is opened. */
  readonly attestation: AttestationView | AttestationTrouble | null;
  /** Newest first. */
  readonly audit: readonly AuditEntryView[];
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
  | { readonly kind: 'entries'; readonly entries: readonly EntryView[] }
  | { readonly kind: 'audit'; readonly entries: readonly AuditEntryView[] | null }
  | { readonly kind: 'ceremonies'; readonly ceremonies: readonly CeremonyView[] | null }
  | { readonly kind: 'fetched'; readonly fetched: readonly FetchedView[] }
  | { readonly kind: 'attestation'; readonly attestation: AttestationView | AttestationTrouble }
  | { readonly kind: 'acted'; readonly outcome: Outcome }
  | { readonly kind: 'event'; readonly entry: AuditEntryView }
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
    entries: [],
    fetched: [],
    attestation: null,
    audit: [],
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

export function update(state: State, message: Message): State {
  switch (message.kind) {
    case 'live':
      return { ...state, link: { kind: 'live' } };
    case 'lost':
      return lost(state, message);
    case 'status': {
      const { status, nowMs } = message;
      const isSame = state.told?.status.startedAt === status.startedAt;
      return {
        ...state,
        nowMs,
        link: { kind: 'live' },
        told: { status, atMs: nowMs },
        attestation: isSame ? state.attestation : null,
      };
    }
    case 'entries':
      return { ...state, entries: message.entries.toSorted(bySpiffeId) };
    case 'audit':
      return {
        ...state,
        audit: newestFirst(message.entries ?? []),
        tellsAudit: message.entries !== null,
      };
    case 'ceremonies':
      return {
        ...state,
        ceremonies: message.ceremonies ?? [],
        tellsCeremonies: message.ceremonies !== null,
      };
    case 'fetched':
      return { ...state, fetched: message.fetched };
    case 'attestation':
      return { ...state, attestation: message.attestation };
    case 'acted':
      return { ...state, underWay: null, outcome: message.outcome };
    case 'event':
      return { ...state, audit: newestFirst([...state.audit, message.entry]) };
    case 'time':
      return { ...state, nowMs: message.nowMs };
    case 'press':
      return pressed(state, message);
  }
}

/** How long ago the daemon said what is shown; stands still once it is gone. */
export function sinceToldMs({ told, link, nowMs }: State): number {
  if (told === null) return 0;
  const until = link.kind === 'past' ? Math.min(link.sinceMs, nowMs) : nowMs;
  return Math.max(0, until - told.atMs);
}

/** A domain with its age and cliff moved on to now. */
export function movedOn(domain: DomainStatus, sinceMs: number): DomainStatus {
  const { nextCliff } = domain;
  return {
    ...domain,
    ageMs: domain.ageMs + sinceMs,
    heard: domain.heard && { ...domain.heard, agoMs: domain.heard.agoMs + sinceMs },
    nextCliff: nextCliff && { ...nextCliff, inMs: Math.max(0, nextCliff.inMs - sinceMs) },
  };
}

/** All domains as they stand now: our own first, as the daemon has them. */
export function domainsNow(state: State): readonly DomainStatus[] {
  const since = sinceToldMs(state);
  return (state.told?.status.domains ?? []).map((domain) => movedOn(domain, since));
}

/** The first loss counts: later attempts that fail do not make the past any younger. */
function lost(state: State, { why, nowMs }: { why: string; nowMs: number }): State {
  const sinceMs = state.link.kind === 'past' ? state.link.sinceMs : nowMs;
  return { ...state, nowMs, link: { kind: 'past', sinceMs, why } };
}

function bySpiffeId(a: EntryView, b: EntryView): number {
  if (a.spiffeId !== b.spiffeId) return a.spiffeId < b.spiffeId ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function newestFirst(entries: readonly AuditEntryView[]): readonly AuditEntryView[] {
  const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, AUDIT_ENTRIES_MAX);
}

type Pressed = Extract<Message, { kind: 'press' }>;

function pressed(before: State, message: Pressed): State {
  const state = before.outcome === null ? before : { ...before, outcome: null };
  if (state.form !== null) return pressedInForm(state, state.form, message);
  return state.prompt === null
    ? pressedInView(state, message)
    : pressedInPrompt(state, state.prompt, message.press);
}

/** One act at a time: a form that is filled while another act is under way waits. */
function pressedInForm(state: State, form: Form, { press, keys, page }: Pressed): State {
  const filled = fill(form, press, { lines: keys.length, page });
  switch (filled.kind) {
    case 'form':
      return { ...state, form: filled.form };
    case 'left':
      return { ...state, form: null };
    case 'act':
      if (state.underWay !== null) {
        return { ...state, form: { ...form, complaint: 'wait: another act is under way' } };
      }
      return { ...state, form: null, underWay: filled.act };
  }
}

function pressedInView(state: State, { press, keys, page }: Pressed): State {
  switch (press.kind) {
    case 'move':
      return moved(state, keys, press.by * (press.unit === 'page' ? page : 1));
    case 'end':
      return choose(state, keys.at(press.which === 'first' ? 0 : -1));
    case 'next-view':
      return show(state, neighbour(state.view, press.by));
    case 'escape':
      return state.view === 'help' ? show(state, state.behindHelp) : filtered(state, '');
    case 'text':
      return typed(state, press.text, keys);
    case 'enter':
      return state.view === 'ceremonies' ? typed(state, 'a', keys) : state;
    case 'erase':
      return state;
    case 'interrupt':
      return { ...state, ended: true };
  }
}

/** A letter outside of a prompt: a key of its own. */
function typed(state: State, text: string, keys: readonly string[]): State {
  switch (text) {
    case 'q':
      return { ...state, ended: true };
    case '?':
      return show(state, state.view === 'help' ? state.behindHelp : 'help');
    case '/':
      return prompting(state, 'filter', state.filters[state.view]);
    case ':':
      return prompting(state, 'command', '');
    case 'a':
    case 'x':
      return decided(state, keys, text === 'a' ? agreeForm : refuseForm);
    default: {
      const view = /^[1-7]$/.test(text) ? VIEWS[Number.parseInt(text, 10) - 1] : undefined;
      return view === undefined ? state : show(state, view);
    }
  }
}

/** Opens the form for the ceremony that is chosen; nothing is decided on what is past. */
function decided(
  state: State,
  keys: readonly string[],
  formOf: (ceremony: CeremonyView) => Form,
): State {
  if (state.view !== 'ceremonies') return state;
  const id = state.chosen.ceremonies ?? keys[0];
  const found = state.ceremonies.find((each) => each.id === id);
  if (found === undefined) return state;
  if (state.link.kind !== 'live') {
    return { ...state, outcome: { isDone: false, text: 'this is the past: wait for the daemon' } };
  }
  return { ...state, form: formOf(found) };
}

function pressedInPrompt(state: State, prompt: Prompt, press: Press): State {
  switch (press.kind) {
    case 'text':
      return edited(state, prompt, prompt.text + press.text);
    case 'erase':
      if (prompt.text === '') return { ...state, prompt: null };
      return edited(state, prompt, [...prompt.text].slice(0, -1).join(''));
    case 'escape':
    case 'interrupt': {
      const closed = { ...state, prompt: null };
      return prompt.kind === 'filter' ? filtered(closed, '') : closed;
    }
    case 'enter':
      return prompt.kind === 'filter' ? { ...state, prompt: null } : commanded(state, prompt);
    default:
      return state;
  }
}

/** A filter acts while it is typed. */
function edited(state: State, prompt: Prompt, text: string): State {
  const next = { ...state, prompt: { ...prompt, text, complaint: '' } };
  return prompt.kind === 'filter' ? filtered(next, text) : next;
}

function commanded(state: State, prompt: Prompt): State {
  const command = nearestCommand(prompt.text);
  if (command === undefined) {
    const complaint = prompt.text === '' ? 'type a command' : 'no such command';
    return { ...state, prompt: { ...prompt, complaint } };
  }
  const closed = { ...state, prompt: null };
  switch (command) {
    case 'quit':
      return { ...closed, ended: true };
    case 'night':
      return { ...closed, night: !state.night };
    default:
      return show(closed, command);
  }
}

function prompting(state: State, kind: Prompt['kind'], text: string): State {
  return { ...state, prompt: { kind, text, complaint: '' } };
}

function show(state: State, view: View): State {
  return { ...state, view, behindHelp: view === 'help' ? state.view : view };
}

function filtered(state: State, text: string): State {
  return {
    ...state,
    filters: { ...state.filters, [state.view]: text },
    chosen: { ...state.chosen, [state.view]: null },
  };
}

function moved(state: State, keys: readonly string[], by: number): State {
  const chosen = state.chosen[state.view];
  const from = chosen === null ? 0 : Math.max(0, keys.indexOf(chosen));
  return choose(state, keys[Math.min(keys.length - 1, Math.max(0, from + by))]);
}

function choose(state: State, key: string | undefined): State {
  if (key === undefined) return state;
  return { ...state, chosen: { ...state.chosen, [state.view]: key } };
}

function neighbour(view: View, by: 1 | -1): View {
  const shown = VIEWS.filter((each) => each !== 'help');
  const at = shown.indexOf(view as (typeof shown)[number]);
  return shown[(Math.max(0, at) + by + shown.length) % shown.length] ?? 'overview';
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
    help: value,
  };
}
