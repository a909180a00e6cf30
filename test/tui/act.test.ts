/** Forms: what they take, what they refuse, and the act that they come to. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Act, type Filled, type Form, fill } from '../../tui/act.ts';
import { agreeForm, clearForm, refuseForm } from '../../tui/act-forms.ts';
import type { Press } from '../../tui/keys.ts';
import { narrowForm, proposeForm, restated, withdrawForm } from '../../tui/relation-forms.ts';
import { ALARM, CEREMONY, STATUS } from '../fakes/fake-daemon.ts';
import { livingState, pressing } from './states.ts';

const acts = suite('tui/act');

const ROOM = { lines: 5, page: 10 };
const ASKS = { ...CEREMONY, kind: 'enrolment', by: 'word', signatures: [] } as const;

/** Fills a form; `\n` is Enter. */
function filled(form: Form, text: string, room = ROOM): Filled {
  let now: Filled = { kind: 'form', form };
  for (const typed of text) {
    if (now.kind !== 'form') return now;
    const press: Press = typed === '\n' ? { kind: 'enter' } : { kind: 'text', text: typed };
    now = fill(now.form, press, room);
  }
  return now;
}

const actIn = (form: Form, text: string): Act | string => {
  const end = filled(form, text);
  return end.kind === 'act' ? end.act : end.kind === 'form' ? end.form.complaint : end.kind;
};

acts('of a signature take a key file, a passphrase or none, and the word', () => {
  const form = agreeForm(CEREMONY);
  const { id } = CEREMONY;
  assert.equal(actIn(form, '/a.key\n\nsign\n'), {
    ...{ kind: 'sign', id, keyFile: '/a.key', passphrase: '' },
  });
  assert.equal(actIn(form, '/a.key\nsecret\nsign\n'), {
    ...{ kind: 'sign', id, keyFile: '/a.key', passphrase: 'secret' },
  });
  assert.match(String(actIn(form, '\n')), /path of your key/);
  assert.match(String(actIn(form, '/a.key\n\nyes\n')), /not that word/);
});

acts('of a yes and a no take their words', () => {
  const { id } = ASKS;
  assert.equal(actIn(agreeForm(ASKS), 'approve\n'), { kind: 'approve', id });
  assert.equal(actIn(refuseForm(ASKS), 'why not\nrefuse\n'), {
    ...{ kind: 'refuse', id, reason: 'why not' },
  });
  assert.equal(actIn(refuseForm(ASKS), '\nrefuse\n'), { kind: 'refuse', id, reason: '' });
});

acts('of clearing an alarm say what it means, and that clearing mends nothing', () => {
  const form = clearForm(ALARM);
  assert.equal(actIn(form, 'clear\n'), { kind: 'clear', id: String(ALARM.id) });
  assert.match(String(actIn(form, 'yes\n')), /not that word/);
  assert.match(form.says.join(' '), /one key signed two beacons[\s\S]*mends nothing/);
  assert.not.match(clearForm({ ...ALARM, code: 'from-the-future' }).says.join(' '), /It means/);
});

acts('of a withdrawal take its word, and are of a partner alone', () => {
  const [own, partner] = STATUS.domains;
  assert.ok(own && partner);
  const form = withdrawForm(partner);
  assert.equal(actIn(form, 'withdraw\n'), { kind: 'withdraw', id: partner.domain });
  assert.match(String(actIn(form, 'yes\n')), /not that word/);
  assert.is(pressing(livingState(), ['2', 'w']).form, null, 'our own domain is no partner');
  assert.ok(pressing(livingState(), ['2', 'down', 'w']).form);
});

acts('of a narrower relation say what changes as it is typed, and keep what is left empty', () => {
  const partner = STATUS.domains.find(({ own }) => !own);
  assert.ok(partner?.terms);
  const form = narrowForm(partner);
  assert.ok(form);
  assert.match(form.says.join('\n'), /nothing yet[\s\S]*What stays: identities \//);
  const typed = filled(form, '/web /db\n\nno\n\n');
  assert.ok(typed.kind === 'form');
  const says = restated(typed.form).says.join('\n');
  assert.match(says, /identities: \/web \/db instead of \/\n[\s\S]*links: no instead of yes/);
  assert.match(says, /bundle handed out: no instead of yes/);
  const terms = { ...partner.terms, scope: ['/web', '/db'], peering: false, serveBundle: false };
  assert.equal(actIn(form, '/web /db\n\nno\n\nnarrow\n'), {
    ...{ kind: 'narrow', id: partner.domain, terms },
  });
  assert.is(actIn(form, 'web\n'), 'paths such as /web /db, or none');
  assert.is(actIn(form, '\nhigh\n'), 'software, vtpm, tpm, measured-boot');
  assert.is(actIn(form, '\n\nmaybe\n'), 'yes or no');
  assert.match(String(actIn(form, '\n\n\ntomorrow\n')), /a time such as/);
  assert.is(narrowForm({ ...partner, terms: null }), undefined);
});

acts('of a proposal say what is asked of the partner, and that nothing changes here', () => {
  const partner = STATUS.domains.find(({ own }) => !own);
  assert.ok(partner);
  const form = proposeForm(partner);
  assert.ok(form);
  assert.match(String(actIn(form, '\n')), /is all of us/);
  const act = actIn(form, '/web\ntpm\nyes\nnever\npropose\n');
  assert.ok(typeof act !== 'string' && act.kind === 'propose');
  assert.equal(
    [act.id, act.terms.scope, act.terms.minAssurance, act.terms.peering, act.terms.notAfter],
    [partner.domain, ['/web'], 'tpm', true, ''],
  );
  assert.match(form.says.join('\n'), /Nothing changes until a person there says yes/);
  assert.is(proposeForm({ ...partner, relation: 'spiffe' }), undefined);
});

acts('come about only once all of the text was on the screen', () => {
  const room = { lines: 25, page: 10 };
  const form = agreeForm(ASKS);
  const early = filled(form, 'approve\n', room);
  assert.is(
    early.kind === 'form' ? early.form.complaint : '',
    'read to the end first: PgDn shows more',
  );
  const down = fill(form, { kind: 'end', which: 'last' }, room);
  const back = fill(down.kind === 'form' ? down.form : form, { kind: 'end', which: 'first' }, room);
  assert.is(filled(back.kind === 'form' ? back.form : form, 'approve\n', room).kind, 'act');
});

acts('are left by Escape, wherever they are', () => {
  assert.is(fill(agreeForm(CEREMONY), { kind: 'escape' }, ROOM).kind, 'left');
});

acts('go back to a line that was left empty', () => {
  const form = fill(agreeForm(CEREMONY), { kind: 'next-view', by: 1 }, ROOM);
  const last = fill(
    form.kind === 'form' ? form.form : agreeForm(CEREMONY),
    { kind: 'enter' },
    ROOM,
  );
  const end = last.kind === 'form' ? filled(last.form, 'sign\n') : last;
  assert.is(end.kind === 'form' ? end.form.at : -1, 0);
});

acts.run();
