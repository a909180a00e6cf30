/** What each message and each key changes, and what they leave as it is. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hashOfEntry } from '../../tui/audit-proof.ts';
import { domainsNow, type State, sinceToldMs } from '../../tui/model.ts';
import { AUDIT_ENTRIES_MAX, update } from '../../tui/update.ts';
import { STATUS } from '../fakes/fake-daemon.ts';
import { EVENT, livingState, pressing, stateAfter, statusOf } from './states.ts';

const model = suite('tui/update');

model('moves ages and cliffs on while the daemon is there', () => {
  const state = update(livingState(), { kind: 'time', nowMs: 8_000 });
  const [own] = domainsNow(state);
  assert.is(own?.ageMs, 20_000);
  assert.is(own?.nextCliff?.inMs, 580_000);
});

model('lets time stand still once the daemon is gone, from the first loss on', () => {
  const lost = stateAfter(
    { kind: 'status', status: STATUS, nowMs: 0 },
    { kind: 'lost', why: 'a', nowMs: 5_000 },
    { kind: 'lost', why: 'b', nowMs: 9_000 },
  );
  assert.equal(lost.link, { kind: 'past', sinceMs: 5_000, why: 'b' });
  assert.is(sinceToldMs(update(lost, { kind: 'time', nowMs: 60_000 })), 5_000);
});

model('is live again with the next status', () => {
  const lost = update(livingState(), { kind: 'lost', why: 'a', nowMs: 5_000 });
  assert.is(update(lost, { kind: 'status', status: STATUS, nowMs: 9_000 }).link.kind, 'live');
});

model('keeps the newest audit entries, each once, the newest first', () => {
  const entries = Array.from({ length: AUDIT_ENTRIES_MAX }, (_, i) => ({ ...EVENT, seq: i + 1 }));
  const again = { kind: 'event', entry: { ...EVENT, seq: AUDIT_ENTRIES_MAX }, hash: '' } as const;
  const next = {
    kind: 'event',
    entry: { ...EVENT, seq: AUDIT_ENTRIES_MAX + 1 },
    hash: '',
  } as const;
  const { audit } = stateAfter({ kind: 'audit', entries }, again, next);
  assert.is(audit.length, AUDIT_ENTRIES_MAX);
  assert.equal([audit[0]?.seq, audit.at(-1)?.seq], [AUDIT_ENTRIES_MAX + 1, 2]);
});

model('stays on the row that was chosen when rows come before it', () => {
  const chosen = pressing(livingState(statusOf(3)), ['2', 'down', 'down']);
  assert.is(chosen.chosen.domains, 'p001.example');
  const more = update(chosen, { kind: 'status', status: statusOf(9), nowMs: 1 });
  assert.is(more.chosen.domains, 'p001.example');
});

model('moves no further than the first row and the last', () => {
  assert.is(pressing(livingState(), ['2', 'up']).chosen.domains, 'home.example');
  assert.is(pressing(livingState(), ['2', 'pageDown']).chosen.domains, 'blue.example');
});

model('filters while it is typed, keeps it with Enter, and drops it with Escape', () => {
  const typed = pressing(livingState(), ['2', '/', 'b', 'l', 'x', 'erase', 'enter']);
  assert.is(typed.filters.domains, 'bl');
  assert.is(typed.prompt, null);
  assert.is(typed.filters.audit, '');
  assert.is(pressing(typed, ['escape']).filters.domains, '');
});

model('takes a command by its beginning, and complains of one that is none', () => {
  assert.is(pressing(livingState(), [':', 'a', 'u', 'enter']).view, 'audit');
  const wrong = pressing(livingState(), [':', 'x', 'enter']);
  assert.is(wrong.prompt?.complaint, 'no such command');
  assert.is(wrong.view, 'overview');
  assert.is(pressing(livingState(), [':', 'n', 'i', 'enter']).night, true);
  assert.is(pressing(livingState(), [':', 'q', 'enter']).ended, true);
});

model('reads letters as text while a line is open', () => {
  const state = pressing(livingState(), ['2', '/', 'q', '?', '1']);
  assert.equal([state.prompt?.text, state.view, state.ended], ['q?1', 'domains', false]);
});

model('goes to help and back to where it was', () => {
  const help = pressing(livingState(), ['3', '?']);
  assert.is(help.view, 'help');
  assert.is(pressing(help, ['?']).view, 'peers');
  assert.is(pressing(help, ['escape']).view, 'peers');
});

model('follows the audit log from where the daemon proved it, and notices what does not', () => {
  const next = (state: State, seq: number, previous: string): State => {
    const entry = { ...EVENT, seq, previous };
    return update(state, { kind: 'event', entry, hash: hashOfEntry(entry) });
  };
  const proven = livingState();
  const second = next(proven, 2, hashOfEntry(EVENT));
  assert.is(second.proof.kind === 'proven' && second.proof.head.seq, 2);
  assert.is(next(second, 2, 'no matter').proof, second.proof, 'what is proven stays so');
  assert.is(next(second, 3, hashOfEntry(EVENT)).proof.kind, 'broken');
  assert.is(next(second, 4, hashOfEntry(EVENT)).proof.kind, 'open', 'one is missing: ask again');
  assert.is(update(second, { kind: 'audit', entries: [] }).proof.kind, 'open', 'a new connection');
});

model('goes round through the views, and leaves help out', () => {
  assert.is(pressing(livingState(), ['tab', 'tab']).view, 'peers');
  assert.is(pressing(livingState(), ['8', 'tab']).view, 'overview');
});

model.run();
