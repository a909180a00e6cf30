/** Forms: what they take, what they refuse, and the act that they come to. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Act, type Filled, type Form, fill } from '../../tui/act.ts';
import { agreeForm, clearForm, refuseForm, withdrawForm } from '../../tui/act-forms.ts';
import type { Press } from '../../tui/keys.ts';
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
