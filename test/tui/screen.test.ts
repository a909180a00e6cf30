/** Every view as a person sees it, at the least size and at a large one; nothing may be lost. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Status } from '../../daemon/control/protocol.ts';
import { DEFAULT_TIERS } from '../../federation/tier.ts';
import { madePrintable } from '../../tui/client.ts';
import { DEFAULT_PERMITS } from '../../tui/domain-words.ts';
import { widthOf } from '../../tui/format.ts';
import { VIEWS } from '../../tui/model.ts';
import { SCREEN_MIN } from '../../tui/screen.ts';
import { ENTRY, STATUS } from '../fakes/fake-daemon.ts';
import { livingState, pressing, screenText, stateAfter, statusOf, WIDE } from './states.ts';

const screen = suite('tui/screen');

const OVERVIEW = `\
[1 Overview] 2 Domains  3 Peers  4 Workloads  5 Audit  ? Help      home.example
────────────────────────────────────────────────────────────────────────────────
 home.example  FRESH  last proof under 2 min ago
 █░░░░░░░░░░│░░░░░░░░░░░│░░░░░░░░░░░  DEGRADED in 5+ min

 who         authority, root 1 of 1, version 0.1.0
 first root  abababababababababababababababababababababababababababababababab
 assurance   software; anti-rollback software
 time        known, 2026-01-01 01:00 UTC
 reach       1 peer linked; listens at /ip4/127.0.0.1/tcp/7717
 domains     1 FRESH, 1 DEGRADED
 workloads   1 entry at /run/holdfast/workload.sock

 May still, to the end of the tier named, unless the policy says otherwise
  yes first identities    to FRESH       yes accept partners     to DEGRADED
  yes renewed identities  to SURVIVAL    yes changes of any kind to FRESH
  yes serve partners      to DEGRADED    yes revoke and report   always

 to mend     blue.example DEGRADED: restore a path to blue.example



 ● live
 1-5 view · : command · ? help · q quit`;

const DOMAINS = `\
 1 Overview [2 Domains] 3 Peers  4 Workloads  5 Audit  ? Help      home.example
────────────────────────────────────────────────────────────────────────────────
 DOMAIN               TIER        AGE         FRESH DEGR SURV   EPOCH     LINKS
›home.example         FRESH       under 2 min █░░░░│░░░░░│░░░░░ 7         0
 blue.example         DEGRADED    2 h         █████│█░░░░│░░░░░ 4         1








────────────────────────────────────────────────────────────────────────────────
 domain      home.example, own, not linked now
 next        DEGRADED in 5+ min
 limits      FRESH, DEGRADED and SURVIVAL end at 10 min, 24 h, 7 d
 evidence    epoch 7, tick 3, root 1
 words       abandon ability able about above absent



 ● live
 ↑↓ choose · PgUp PgDn page · / filter · 1-5 view · : command · ? help · q quit`;

const PEERS = `\
 1 Overview  2 Domains [3 Peers] 4 Workloads  5 Audit  ? Help      home.example
────────────────────────────────────────────────────────────────────────────────
 DOMAIN                   LINKED FOR   PEER
›blue.example             under 2 min  12D3KooWA














────────────────────────────────────────────────────────────────────────────────
 domain      blue.example
 peer        12D3KooWA
 node key    efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef
 ● live
 ↑↓ choose · PgUp PgDn page · / filter · 1-5 view · : command · ? help · q quit`;

const WORKLOADS = `\
 1 Overview  2 Domains  3 Peers [4 Workloads] 5 Audit  ? Help      home.example
────────────────────────────────────────────────────────────────────────────────
 WORKLOAD                          SELECTORS                    X509 LIFE   REV
›/web                              unix:uid:1000                1 h         1











────────────────────────────────────────────────────────────────────────────────
 entry       e-0123456789abcdef, revision 1, key ec-p256
 SPIFFE ID   spiffe://home.example/web
 selectors   unix:uid:1000
 life        X509 1 h, JWT 5 min


 ● live
 ↑↓ choose · PgUp PgDn page · / filter · 1-5 view · : command · ? help · q quit`;

const AUDIT = `\
 1 Overview  2 Domains  3 Peers  4 Workloads [5 Audit] ? Help      home.example
────────────────────────────────────────────────────────────────────────────────
 SEQ    UTC      EVENT                WHAT
›1      00:00:00 entry.created        spiffeId spiffe://home.example/web, uid …












────────────────────────────────────────────────────────────────────────────────
 event       entry.created, entry 1, 2026-01-01T00:00:00.000Z
 fields      spiffeId spiffe://home.example/web, uid 1000, id
             e-0123456789abcdef
 after       0000000000000000000000000000000000000000000000000000000000000000

 ● live
 ↑↓ choose · PgUp PgDn page · / filter · 1-5 view · : command · ? help · q quit`;

const HELP = `\
 1 Overview  2 Domains  3 Peers  4 Workloads  5 Audit [? Help]     home.example
────────────────────────────────────────────────────────────────────────────────
 1 to 5      show a view: overview, domains, peers, workloads, audit
 Tab         show the next view; with Shift the one before
 ↑ ↓         choose a row; j and k do the same
 PgUp PgDn   a page up or down
 Home End    the first row, the last row; g and G do the same
 /           show only rows that hold a text; Esc shows all again
 :           type a command: a view, night, quit
 ?           this help; again, and it goes
 q           end the window; the daemon goes on

 :night      dim red and back, for dark-adapted eyes
 :quit       end the window; the daemon goes on

 A bar is the age of the last proof, in a part each for FRESH, DEGRADED and
 SURVIVAL; all full is EXPIRED. 5+ min is at least five: it is told finer when
 it matters. Nothing here changes the daemon: that is for its commands.

 holdfast explain CODE   what a refusal means, and what mends it
 holdfast doctor         looks for what is wrong, and names the command

 ● live
 ? or Esc go back · q quit`;

const WIDE_DOMAINS = `\
 DOMAIN                                          TIER        AGE         FRESH DEGR SURV                EPOCH     LINKS NEXT                   RELATION TICK  ROOT REMARKS
›home.example                                    FRESH       under 2 min █░░░░░░░░│░░░░░░░░░│░░░░░░░░░  7         0     DEGRADED in 5+ min     own      3     1
 blue.example                                    DEGRADED    2 h         █████████│█░░░░░░░░│░░░░░░░░░  4         1     SURVIVAL in 12+ h      partner  3     1    late`;

const WIDE_WORKLOADS = `\
 WORKLOAD                                                       SELECTORS                                                 X509 LIFE   REV KEY       HINT                             ENTRY
›/web                                                           unix:uid:1000                                             1 h         1   ec-p256                                    e-0123456789abcdef`;

const SCREENS: readonly (readonly [key: string, text: string])[] = [
  ['1', OVERVIEW],
  ['2', DOMAINS],
  ['3', PEERS],
  ['4', WORKLOADS],
  ['5', AUDIT],
  ['?', HELP],
];

screen('shows every view on 80 by 24', () => {
  for (const [key, text] of SCREENS) {
    assert.fixture(screenText(pressing(livingState(), [key])), text);
  }
});

screen('shows more of the same on 200 by 50', () => {
  const head = (key: string, rows: number) =>
    screenText(pressing(livingState(), [key], WIDE), WIDE)
      .split('\n')
      .slice(2, 2 + rows)
      .join('\n');
  assert.fixture(head('2', 3), WIDE_DOMAINS);
  assert.fixture(head('4', 2), WIDE_WORKLOADS);
});

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
  assert.match(text, / 501 to 501 of 501 /);
});

screen('says when it shows the past, and from when that is', () => {
  const state = stateAfter(
    { kind: 'status', status: STATUS, nowMs: 0 },
    { kind: 'lost', why: 'the daemon does not answer', nowMs: 90_000 },
    { kind: 'lost', why: 'no daemon answers', nowMs: 3_600_000 },
  );
  assert.match(screenText(state), / ○ PAST as of 01:01:30 UTC, trying again: no daemon answers\n/);
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
  assert.match(screenText(pressing(state, ['4'])), /ALARM: 1, see overview/);
  assert.match(screenText(state), / ALARM +equivocation blue\.example epoch 7\n/);
});

screen('counts what it has no room for', () => {
  assert.match(screenText(livingState(statusOf(500))), / … and 497 lines more: see 2 Domains\n/);
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

screen('says what it needs on a terminal that is too small', () => {
  const text = screenText(livingState(), { columns: 20, rows: 5 });
  assert.is(text, 'holdfast tui needs a\nterminal of 80 x 24,\nthis one has 20 x 5;\nq quits\n');
});

screen.run();
