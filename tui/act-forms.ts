/**
 * The forms of ceremonies and alarms: what each says before anybody may act, and what is to be
 * filled. Those of relations are in relation-forms.ts.
 */

import { ALARMS, type AlarmCode, isAlarmCode } from '../core/alarm.ts';
import type { AlarmStatus, CeremonyView } from '../daemon/control/views.ts';
import type { Form } from './act.ts';
import { field, formOf, listed, word } from './form-parts.ts';

/** Of what a signature gave force to, what else ends it. */
const RECALLED: Readonly<Record<string, string>> = {
  override: ' What it permits can, by one person: holdfast override withdraw.',
};
const DROPPED =
  'The proposal and all signatures of it are dropped here; somebody would have to offer it anew.';
/** What a no does, where it is no proposal that people sign. */
const NOES: Readonly<Record<string, string>> = {
  enrolment: 'The machine is turned away; it would have to ask anew.',
  boots: 'No chip opens its keys after such a boot; somebody would have to offer it anew.',
  relation: 'What the partner asks is dropped here, and nothing changes; it may ask anew.',
};
/** What a yes does, and what takes it back. */
const YESES: Readonly<Record<string, string>> = {
  enrolment:
    'It is granted a lease as soon as it answers its challenge. What takes that back is ' +
    'holdfast revoke node.',
  boots:
    'Every chip of the domain that hears of it opens its keys after such a boot. What takes that ' +
    'back is holdfast references withdraw.',
  relation:
    'It is honoured so with the next beacon. What takes that back is holdfast relation narrow, ' +
    'or withdraw.',
};

/** The form by which a ceremony is agreed to: a signature, or a yes. */
export function agreeForm(ceremony: CeremonyView): Form {
  return ceremony.by === 'key' ? signForm(ceremony) : approveForm(ceremony);
}

/** The form by which a ceremony is ended. */
export function refuseForm(ceremony: CeremonyView): Form {
  return formOf('refuse', ceremony.id, {
    title: `Refuse ${ceremony.title}`,
    says: [
      `${NOES[ceremony.kind] ?? DROPPED} What it would have changed:`,
      ...listed(ceremony.changes),
    ],
    fields: [field('reason', 'a sentence for the audit log', { mayBeEmpty: true }), word('refuse')],
  });
}

/** The form by which a person says to have seen to an alarm. */
export function clearForm({ id, code, domain, detail, at }: AlarmStatus): Form {
  return formOf('clear', String(id), {
    title: `Clear the alarm ${code} of ${domain}`,
    says: [
      ...(isAlarmCode(code) ? meaningOf(code) : []),
      `Raised ${at}: ${detail}`,
      'Clearing it mends nothing: it is shown no more, here and to everybody, until the same ' +
        'happens again. The audit log keeps the alarm, and that you cleared it.',
    ],
    fields: [word('clear')],
  });
}

function meaningOf(code: AlarmCode): readonly string[] {
  const { means, mend } = ALARMS[code];
  return [`It means: ${means}.`, `What mends it: ${mend}.`];
}

function signForm(ceremony: CeremonyView): Form {
  const { kind, title, changes, signatures, broughtBy } = ceremony;
  const missing = signatures.filter(({ needed, signed }) => signed.length < needed);
  const isLast = missing.every(({ needed, signed }) => signed.length === needed - 1);
  const force = isLast ? 'at once if yours is the last key' : 'once all who are needed signed';
  return formOf('sign', ceremony.id, {
    title: `Sign ${title}`,
    says: [
      'It changes:',
      ...listed(changes),
      'Signatures so far:',
      ...listed(signatures.map((each) => `${each.signed.length} of ${each.needed} ${each.name}`)),
      ...comparedWith(ceremony),
      `${broughtBy} brought it: ${OTHER_PERSON} signs.`,
      `It cannot be taken back, and takes force ${force}.${RECALLED[kind] ?? ''}`,
    ],
    fields: [
      field('key file', 'the path of your key, on a stick for example', {}),
      field('passphrase', 'of your key; empty if it has none', {
        isSecret: true,
        mayBeEmpty: true,
      }),
      word('sign'),
    ],
  });
}

const OTHER_PERSON = 'where two persons are needed, another one';

/** What people who look at the same thing read to each other. */
function comparedWith({ id, words }: Pick<CeremonyView, 'id' | 'words'>): readonly string[] {
  return [
    'Compare with the others, by voice, its digest or that in words:',
    ...listed([id, words]),
  ];
}

function approveForm({ id, kind, title, words, changes, broughtBy }: CeremonyView): Form {
  return formOf('approve', id, {
    title: `Approve ${title}`,
    says: [
      'It changes:',
      ...listed(changes),
      ...(words === '' ? [] : comparedWith({ id, words })),
      ...(words === '' ? [] : [`${broughtBy} brought it: ${OTHER_PERSON} approves.`]),
      YESES[kind] ?? '',
    ],
    fields: [word('approve')],
  });
}
