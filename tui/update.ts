/** How each message changes what the window knows: a pure function. */

import type { AuditEntryView, EntryView, FetchedView } from '../daemon/control/views.ts';
import { proofAfter } from './audit-proof.ts';
import type { Message, State, Workload } from './model.ts';
import { pressed } from './presses.ts';

/** Audit entries kept in the window; the log on disk has them all. */
export const AUDIT_ENTRIES_MAX = 1_000;

/** The state after a message. */
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
    case 'caller':
      return { ...state, caller: message.caller };
    case 'entries':
      return {
        ...state,
        entries: withFetched(message.entries.toSorted(bySpiffeId), state.fetched),
      };
    case 'audit':
      return {
        ...state,
        audit: newestFirst(message.entries ?? []),
        proof: { kind: 'open' },
        tellsAudit: message.entries !== null,
      };
    case 'ceremonies':
      return {
        ...state,
        ceremonies: message.ceremonies ?? [],
        tellsCeremonies: message.ceremonies !== null,
      };
    case 'fetched':
      return {
        ...state,
        fetched: message.fetched,
        entries: withFetched(state.entries, message.fetched),
      };
    case 'attestation':
      return { ...state, attestation: message.attestation };
    case 'acted':
      return { ...state, underWay: null, outcome: message.outcome };
    case 'event':
      return {
        ...state,
        audit: newestFirst([...state.audit, message.entry]),
        proof: proofAfter(state.proof, message.entry, message.hash),
      };
    case 'proof':
      return { ...state, proof: message.proof };
    case 'time':
      return { ...state, nowMs: message.nowMs };
    case 'press':
      return pressed(state, message);
  }
}

/** Of ten thousand entries few are fetched on one machine: the others stay the objects they are. */
function withFetched(
  entries: readonly Workload[],
  fetched: readonly FetchedView[],
): readonly Workload[] {
  if (fetched.length === 0) return entries;
  const byId = new Map(fetched.map((each) => [each.spiffeId, each]));
  return entries.map((entry) => {
    const found = byId.get(entry.spiffeId);
    return found === undefined ? entry : { ...entry, fetched: found };
  });
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
