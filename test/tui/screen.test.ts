/** Every view as a person sees it, at the least size and at a large one; nothing may be lost. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Status } from '../../daemon/control/views.ts';
import { DEFAULT_TIERS } from '../../federation/tier.ts';
import { madePrintable } from '../../tui/client.ts';
import { DEFAULT_PERMITS } from '../../tui/domain-words.ts';
import { widthOf } from '../../tui/format.ts';
import type { State } from '../../tui/model.ts';
import { linesBetween } from '../../tui/plain.ts';
import { SCREEN_MIN } from '../../tui/screen.ts';
import { VIEWS } from '../../tui/view-names.ts';
import { ALARM, ENTRY, STATUS } from '../fakes/fake-daemon.ts';
import { drawnScreens, SCREENS } from './screens.ts';
import { livingState, pressing, screenText, stateAfter, statusOf, WIDE } from './states.ts';

const screen = suite('tui/screen');

for (const { name, text } of drawnScreens()) {
  screen(`shows ${name} as it is drawn in test/tui/screens`, () => {
    assert.fixture(text, readFileSync(join(SCREENS, `${name}.txt`), 'utf8'));
  });
}

screen('has a line for each row of the terminal, none wider than it', () => {
  for (const size of [SCREEN_MIN, { columns: 81, rows: 25 }, WIDE]) {
    for (const view of VIEWS) {
      const lines = screenText({ ...livingState(statusOf(500)), view }, size).split('\n');
      assert.is(lines.length, size.rows, view);
      for (const text of lines) assert.ok(widthOf(text) <= size.columns, `${view}: ${text}`);
    }
  }
});

screen('is all ASCII where it has to be', () => {
  for (const view of VIEWS) {
    const text = screenText({ ...livingState(), view }, SCREEN_MIN, {
      colors: 'none',
      ascii: true,
    });
    assert.match(text, /^[ -~\n]*$/, view);
  }
});

screen('shows 500 domains a page at a time, and goes to the last at once', () => {
  const state = pressing(livingState(statusOf(500)), ['2', 'last']);
  const text = screenText(state);
  assert.match(text, /›p499\.example/);
  assert.match(text, / 498 to 501 of 501 /);
});

screen('says when it shows the past, and from when that is', () => {
  const state = stateAfter(
    { kind: 'status', status: STATUS, nowMs: 0 },
    { kind: 'lost', why: 'the daemon does not answer', nowMs: 90_000 },
    { kind: 'lost', why: 'no daemon answers', nowMs: 3_600_000 },
  );
  assert.match(
    screenText(state),
    / ○ PAST as of 01:01:30 UTC, trying again: no daemon answers +home\.example\n/,
  );
});

screen('counts alarms on every view, and names them on the first', () => {
  const alarm = {
    id: 1,
    at: '2026-01-01T00:00:00.000Z',
    code: 'equivocation',
    domain: 'blue.example',
    detail: 'epoch 7',
  };
  const state = livingState({ ...STATUS, alarms: [alarm] });
  assert.match(screenText(pressing(state, ['4'])), /ALARM: 1, see 8 /);
  assert.match(screenText(state), / ALARM +equivocation blue\.example epoch 7\n/);
});

screen('counts what it has no room for', () => {
  assert.match(
    screenText(livingState(statusOf(500))),
    / in all +0 alarms \(view 8\), 1 that wait \(7\), 500 domains to mend \(2\)\n/,
  );
});

screen('never says what a tier does not permit', () => {
  const [own] = STATUS.domains;
  const status = { ...STATUS, domains: [{ ...own, tier: 'SURVIVAL' }] } as Status;
  const text = screenText(livingState(status));
  assert.match(text, /NO {2}first identities {4}needs FRESH/);
  assert.match(text, /yes renewed identities {2}to SURVIVAL/);
});

screen('knows the same default table as the protocol', () => {
  for (const [act, worst] of DEFAULT_PERMITS) {
    assert.is([...DEFAULT_TIERS].find(([name]) => name === act)?.[1], worst, act);
  }
});

screen('shows escape sequences of strangers as text', () => {
  const hint = '\u001b[2J\u001b]0;mine\u0007\u202etxet\u009b1m';
  const entries = madePrintable([{ ...ENTRY, hint }]) as (typeof ENTRY)[];
  const state = pressing(stateAfter({ kind: 'entries', entries }), ['4']);
  const text = screenText(state);
  assert.match(text, /hint +\\u\{1b\}\[2J\\u\{1b\}\]0;mine\\u\{7\}\\u\{202e\}txet\\u\{9b\}1m/);
  assert.not.match(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

screen('only shows a daemon of another series, and says why nothing can be done', () => {
  const state = stateAfter({
    kind: 'status',
    status: { ...STATUS, version: '7.3.0', alarms: [ALARM] },
    nowMs: 0,
  });
  assert.match(
    screenText(pressing(state, ['2'])),
    /›home\.example +FRESH[\s\S]*DAEMON 7\.3\.0, WINDOW 0\./,
  );
  assert.match(screenText(pressing(state, ['4'])), /of version 7\.3\.0 the status alone is asked/);
  assert.match(
    screenText(pressing(state, ['8', 'c'])),
    /NOT DONE: this window, of 0\.[^\n]* only shows/,
  );
});

screen('shows nothing of strangers raw in any view, in any form, and in plain lines', () => {
  const raw = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;
  const state = madePrintable(tainted(livingState({ ...STATUS, alarms: [ALARM] }))) as State;
  const acts = [...VIEWS.map((view) => ({ ...state, view })), ...openForms(state)];
  for (const shown of acts) {
    for (const size of [SCREEN_MIN, WIDE]) {
      const text = screenText(shown, size);
      assert.not.match(text, raw, shown.view);
      assert.is(text.split('\n').length, size.rows, shown.view);
    }
  }
  assert.not.match(linesBetween(stateAfter(), state).join('\n'), raw);
});

/** A form of each kind, open over what a stranger named. */
function openForms(state: State): readonly State[] {
  const forms = [
    pressing(state, ['7', 'a']),
    pressing(state, ['7', 'x']),
    pressing(state, ['8', 'c']),
  ];
  for (const { form } of forms) assert.ok(form);
  return forms;
}

/** What decides how a row is drawn is the daemon's own word; all else may be a stranger's. */
const OWN_WORDS = new Set(['by', 'tier', 'view', 'kind', 'behindHelp', 'filters', 'id', 'chosen']);

/** Every text within `value` with sequences behind it that move a cursor and name a window. */
function tainted(value: unknown, name = ''): unknown {
  if (OWN_WORDS.has(name)) return value;
  if (typeof value === 'string') return `${value}\u001b[2J\u001b]0;mine\u0007\u202etxet\u009b1m`;
  if (Array.isArray(value)) return value.map((each) => tainted(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([member, each]) => [member, tainted(each, member)]),
  );
}

screen('says what it needs on a terminal that is too small', () => {
  const text = screenText(livingState(), { columns: 20, rows: 5 });
  assert.is(text, 'holdfast tui needs a\nterminal of 80 x 24,\nthis one has 20 x 5;\nq quits\n');
});

screen.run();
