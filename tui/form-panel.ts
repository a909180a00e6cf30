/** An open form on the screen: what the act changes, in full, and the lines to fill beneath. */

import type { Field, Form, Room } from './act.ts';
import { fit, wrap } from './format.ts';
import { BLANK, type Line, line, type Size, span } from './line.ts';
import { padded } from './sheet.ts';

const NAME_COLUMNS = 12;
/** Wider text is hard to read. */
const COLUMNS_MAX = 120;
/** Title and the blank beneath it, and the rule above the fields. */
const FRAME_ROWS = 3;

/** The form, exactly as many lines as the size has rows. */
export function formLines(form: Form, size: Size): readonly Line[] {
  const { top } = form;
  const { page, lines } = roomOf(form, size);
  const text = textOf(form, size.columns).slice(top, top + page);
  const more = top + page < lines ? ` ${lines - top - page} lines more: PgDn ──` : '';
  const rule = `${'─'.repeat(Math.max(0, size.columns - more.length))}${more}`;
  return [
    line(` ${form.title}`, 'strong'),
    BLANK,
    ...padded(
      text.map((each) => line(` ${each}`)),
      page,
    ),
    line(rule, more === '' ? 'dim' : 'warn'),
    ...form.fields.map((field, i) => fieldLine(field, i === form.at, size.columns)),
  ];
}

/** How much of the text fits at once. */
export function roomOf(form: Form, { columns, rows }: Size): Room {
  const page = Math.max(1, rows - FRAME_ROWS - form.fields.length);
  return { page, lines: textOf(form, columns).length };
}

/** The keys that act in a form. */
export const FORM_KEYS = 'Enter goes on · Tab next line · ↑↓ read · Esc leaves all as it is';

function textOf({ says }: Form, columns: number): readonly string[] {
  return says.flatMap((paragraph) => {
    const isItem = paragraph.startsWith('- ');
    const lines = wrap(paragraph, Math.min(columns, COLUMNS_MAX) - 4);
    return lines.map((text, i) => (isItem && i > 0 ? `  ${text}` : text));
  });
}

function fieldLine({ name, hint, value, isSecret }: Field, isOpen: boolean, columns: number): Line {
  const shown = isSecret ? '*'.repeat([...value].length) : value;
  const room = columns - NAME_COLUMNS - 3;
  const typed = isOpen ? `${shown}_` : shown;
  // The end is where a person types: of what is too long the beginning gives way.
  const kept = [...typed].slice(-room).join('');
  const rest = value === '' && isOpen ? `  ${hint}` : '';
  return [
    span(`${isOpen ? '›' : ' '}${fit(name, NAME_COLUMNS)} `, isOpen ? 'strong' : 'dim'),
    span(kept, isOpen ? 'strong' : 'plain'),
    span(fit(rest, Math.max(0, room - [...kept].length)), 'dim'),
  ];
}
