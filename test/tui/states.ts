/** States of the window for tests, built by messages as a daemon would send them. */

import { renderToString } from 'ink';
import { createElement } from 'react';
import type { AuditEntryView, DomainStatus, Status } from '../../daemon/control/views.ts';
import { hashOfEntry } from '../../tui/audit-proof.ts';
import type { Size } from '../../tui/line.ts';
import type { Look } from '../../tui/look.ts';
import { type Message, openState, type State } from '../../tui/model.ts';
import { Screen } from '../../tui/parts/Screen.tsx';
import { rowsInView, SCREEN_MIN } from '../../tui/screen.ts';
import { update } from '../../tui/update.ts';
import { ATTESTATION, CEREMONY, ENTRY, FETCHED, STATUS } from '../fakes/fake-daemon.ts';

export const WIDE: Size = { columns: 200, rows: 50 };
export const NO_COLORS: Look = { colors: 'none', ascii: false };

export const EVENT: AuditEntryView = {
  seq: 1,
  at: '2026-01-01T00:00:00.000Z',
  event: 'entry.created',
  previous: '0'.repeat(64),
  fields: { uid: 1_000, id: ENTRY.id, spiffeId: ENTRY.spiffeId },
};

/** The state after `messages`, with nothing heard before. */
export function stateAfter(...messages: readonly Message[]): State {
  return messages.reduce(update, openState({ night: false, nowMs: 0 }));
}

/** A window that has heard everything there is, at the time 0. */
export function livingState(status: Status = STATUS): State {
  return stateAfter(
    { kind: 'status', status, nowMs: 0 },
    { kind: 'caller', caller: { name: 'ann', uid: 1_000, role: 'admin', from: 'socket' } },
    { kind: 'entries', entries: [ENTRY] },
    { kind: 'audit', entries: [EVENT] },
    { kind: 'proof', proof: { kind: 'proven', head: { seq: 1, hash: hashOfEntry(EVENT) } } },
    { kind: 'ceremonies', ceremonies: [CEREMONY] },
    { kind: 'fetched', fetched: [FETCHED] },
    { kind: 'attestation', attestation: ATTESTATION },
  );
}

/** A status with `count` partners beside our own domain. */
export function statusOf(count: number): Status {
  const [own, partner] = STATUS.domains;
  const partners = Array.from({ length: count }, (_, i) => ({
    ...partner,
    domain: `p${String(i).padStart(3, '0')}.example`,
  }));
  return { ...STATUS, domains: [own, ...partners] as readonly DomainStatus[] };
}

/** Presses one key after the other, each a character or one of the named ones. */
export function pressing(state: State, keys: readonly string[], size: Size = SCREEN_MIN): State {
  return keys.reduce((before, key) => {
    const press = NAMED[key] ?? { kind: 'text' as const, text: key };
    return update(before, { kind: 'press', press, ...rowsInView(before, size) });
  }, state);
}

const NAMED: Readonly<Record<string, Extract<Message, { kind: 'press' }>['press']>> = {
  up: { kind: 'move', by: -1, unit: 'row' },
  down: { kind: 'move', by: 1, unit: 'row' },
  pageDown: { kind: 'move', by: 1, unit: 'page' },
  last: { kind: 'end', which: 'last' },
  tab: { kind: 'next-view', by: 1 },
  enter: { kind: 'enter' },
  escape: { kind: 'escape' },
  erase: { kind: 'erase' },
};

/** What the terminal would show, as ink draws it; spaces at the ends of lines are left out. */
export function screenText(state: State, size: Size = SCREEN_MIN, look: Look = NO_COLORS): string {
  const text = renderToString(createElement(Screen, { state, size, look }), {
    columns: size.columns,
  });
  return text
    .split('\n')
    .map((each) => each.trimEnd())
    .join('\n');
}
