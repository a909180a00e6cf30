/** What the plain window says, line by line, and that it says nothing twice. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Status } from '../../daemon/control/views.ts';
import type { Message, State } from '../../tui/model.ts';
import { linesBetween } from '../../tui/plain.ts';
import { update } from '../../tui/update.ts';
import { STATUS } from '../fakes/fake-daemon.ts';
import { EVENT, livingState, stateAfter } from './states.ts';

const plain = suite('tui/plain');

const said = (before: State, message: Message): readonly string[] =>
  linesBetween(before, update(before, message));

const told = (status: Status): Message => ({ kind: 'status', status, nowMs: 0 });

plain('says who the daemon is, and where everything stands', () => {
  assert.equal(said(stateAfter(), told(STATUS)), [
    '01:00:00 connected: home.example, version 0.1.0, assurance software, time known',
    '01:00:00 domain home.example: FRESH, age under 2 min, epoch 7, then DEGRADED in 5+ min',
    '01:00:00 domain blue.example: DEGRADED, age 2 h, epoch 4, late, then SURVIVAL in 12+ h, ' +
      'to mend: restore a path to blue.example',
    '01:00:00 link up: blue.example 12D3KooWA',
  ]);
});

plain('says nothing while nothing changes', () => {
  assert.equal(said(livingState(), told(STATUS)), []);
  assert.equal(said(livingState(), { kind: 'time', nowMs: 60_000 }), []);
});

plain('says which tier a domain fell from', () => {
  const domains = STATUS.domains.map((each) => ({ ...each, tier: 'EXPIRED', nextCliff: null }));
  const lines = said(livingState(), told({ ...STATUS, domains } as Status));
  assert.is(lines[0], '01:00:00 domain home.example: EXPIRED, was FRESH, age under 2 min, epoch 7');
});

plain('says links, alarms, relations and losses as they come and go', () => {
  const alarm = {
    id: 1,
    at: '2026-01-01T00:00:00.000Z',
    code: 'clock-or-key',
    domain: 'blue.example',
    detail: 'epoch 9',
  };
  const status = { ...STATUS, peers: [], alarms: [alarm], domains: STATUS.domains.slice(0, 1) };
  assert.equal(said(livingState(), told(status)), [
    '01:00:00 domain blue.example: no relation any more',
    '01:00:00 link down: blue.example 12D3KooWA',
    '01:00:00 ALARM: clock-or-key blue.example epoch 9',
  ]);
  assert.equal(said(livingState(), { kind: 'lost', why: 'it ended', nowMs: 2_000 }), [
    '01:00:02 connection lost: it ended; trying again',
  ]);
});

plain('says each audit entry once', () => {
  const entry = { ...EVENT, seq: 2 };
  const lines = said(livingState(), { kind: 'event', entry, hash: '' });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^01:00:00 audit 2: entry\.created, spiffeId spiffe:/);
  const after = update(livingState(), { kind: 'event', entry, hash: '' });
  assert.equal(said(after, { kind: 'event', entry, hash: '' }), []);
});

plain.run();
