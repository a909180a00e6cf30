/**
 * What a key does to the state of the window: in a view, in an open line, in an open form. Pure.
 */

import { VERSION } from '../core/version.ts';
import type { DomainStatus } from '../daemon/control/views.ts';
import { type Form, fill } from './act.ts';
import { agreeForm, clearForm, refuseForm } from './act-forms.ts';
import { nearestCommand } from './commands.ts';
import type { Press } from './keys.ts';
import { foreignVersion, type Message, type Prompt, type State } from './model.ts';
import { narrowForm, proposeForm, restated, withdrawForm } from './relation-forms.ts';
import { VIEWS, type View } from './view-names.ts';

/** A press, and the rows it moves among. */
export type Pressed = Extract<Message, { kind: 'press' }>;

/** The state after a press. */
export function pressed(before: State, message: Pressed): State {
  const state = before.outcome === null ? before : { ...before, outcome: null };
  if (state.form !== null) return pressedInForm(state, state.form, message);
  return state.prompt === null
    ? pressedInView(state, message)
    : pressedInPrompt(state, state.prompt, message.press);
}

/** One act at a time: a form that is filled while another act is under way waits. */
function pressedInForm(state: State, form: Form, { press, keys, page }: Pressed): State {
  const filled = fill(form, press, { lines: keys.length, page });
  switch (filled.kind) {
    case 'form':
      return { ...state, form: restated(filled.form) };
    case 'left':
      return { ...state, form: null };
    case 'act':
      if (state.underWay !== null) {
        return { ...state, form: { ...form, complaint: 'wait: another act is under way' } };
      }
      return { ...state, form: null, underWay: filled.act };
  }
}

function pressedInView(state: State, { press, keys, page }: Pressed): State {
  switch (press.kind) {
    case 'move':
      return moved(state, keys, press.by * (press.unit === 'page' ? page : 1));
    case 'end':
      return choose(state, keys.at(press.which === 'first' ? 0 : -1));
    case 'next-view':
      return show(state, neighbour(state.view, press.by));
    case 'escape':
      return state.view === 'help' ? show(state, state.behindHelp) : filtered(state, '');
    case 'text':
      return typed(state, press.text, keys);
    case 'enter':
      return opened(state, ENTER_ACTS[state.view] ?? '', keys);
    case 'erase':
      return state;
    case 'interrupt':
      return { ...state, ended: true };
  }
}

/** A letter outside of a prompt: a key of its own. */
function typed(state: State, text: string, keys: readonly string[]): State {
  switch (text) {
    case 'q':
      return { ...state, ended: true };
    case '?':
      return show(state, state.view === 'help' ? state.behindHelp : 'help');
    case '/':
      return prompting(state, 'filter', state.filters[state.view]);
    case ':':
      return prompting(state, 'command', '');
    case 'v':
      return state.view === 'audit' ? { ...state, proof: { kind: 'open' } } : state;
    case 'a':
    case 'x':
    case 'c':
    case 'w':
    case 'n':
    case 'p':
      return opened(state, text, keys);
    default: {
      const view = /^[1-8]$/.test(text) ? VIEWS[Number.parseInt(text, 10) - 1] : undefined;
      return view === undefined ? state : show(state, view);
    }
  }
}

/** What Enter opens, where a view has acts. */
const ENTER_ACTS: Readonly<Partial<Record<View, string>>> = { ceremonies: 'a', alarms: 'c' };

/** Opens the form of an act on the chosen row; nothing is decided on what is past. */
function opened(state: State, letter: string, keys: readonly string[]): State {
  const form = formOf(state, letter, state.chosen[state.view] ?? keys[0]);
  if (form === undefined) return state;
  if (state.link.kind !== 'live') {
    return { ...state, outcome: { isDone: false, text: 'this is the past: wait for the daemon' } };
  }
  const version = foreignVersion(state);
  if (version === null) return { ...state, form };
  const text = `this window, of ${VERSION}, only shows a daemon of ${version}: use its own one`;
  return { ...state, outcome: { isDone: false, text } };
}

/** What may be decided on a partner. */
const RELATION_FORMS: Readonly<Record<string, (partner: DomainStatus) => Form | undefined>> = {
  p: proposeForm,
  n: narrowForm,
  w: withdrawForm,
};

function formOf(state: State, letter: string, chosen: string | undefined): Form | undefined {
  if (state.view === 'alarms' && letter === 'c') {
    const alarm = state.told?.status.alarms.find(({ id }) => String(id) === chosen);
    return alarm && clearForm(alarm);
  }
  if (state.view === 'domains') {
    const partner = state.told?.status.domains.find(({ domain }) => domain === chosen);
    if (partner === undefined || partner.own) return undefined;
    return RELATION_FORMS[letter]?.(partner);
  }
  const ceremony = state.ceremonies.find(({ id }) => id === chosen);
  if (state.view !== 'ceremonies' || ceremony === undefined) return undefined;
  if (letter === 'a') return agreeForm(ceremony);
  return letter === 'x' ? refuseForm(ceremony) : undefined;
}

function pressedInPrompt(state: State, prompt: Prompt, press: Press): State {
  switch (press.kind) {
    case 'text':
      return edited(state, prompt, prompt.text + press.text);
    case 'erase':
      if (prompt.text === '') return { ...state, prompt: null };
      return edited(state, prompt, [...prompt.text].slice(0, -1).join(''));
    case 'escape':
    case 'interrupt': {
      const closed = { ...state, prompt: null };
      return prompt.kind === 'filter' ? filtered(closed, '') : closed;
    }
    case 'enter':
      return prompt.kind === 'filter' ? { ...state, prompt: null } : commanded(state, prompt);
    default:
      return state;
  }
}

/** A filter acts while it is typed. */
function edited(state: State, prompt: Prompt, text: string): State {
  const next = { ...state, prompt: { ...prompt, text, complaint: '' } };
  return prompt.kind === 'filter' ? filtered(next, text) : next;
}

function commanded(state: State, prompt: Prompt): State {
  const command = nearestCommand(prompt.text);
  if (command === undefined) {
    const complaint = prompt.text === '' ? 'type a command' : 'no such command';
    return { ...state, prompt: { ...prompt, complaint } };
  }
  const closed = { ...state, prompt: null };
  switch (command) {
    case 'quit':
      return { ...closed, ended: true };
    case 'night':
      return { ...closed, night: !state.night };
    default:
      return show(closed, command);
  }
}

function prompting(state: State, kind: Prompt['kind'], text: string): State {
  return { ...state, prompt: { kind, text, complaint: '' } };
}

function show(state: State, view: View): State {
  return { ...state, view, behindHelp: view === 'help' ? state.view : view };
}

function filtered(state: State, text: string): State {
  return {
    ...state,
    filters: { ...state.filters, [state.view]: text },
    chosen: { ...state.chosen, [state.view]: null },
  };
}

function moved(state: State, keys: readonly string[], by: number): State {
  const chosen = state.chosen[state.view];
  const from = chosen === null ? 0 : Math.max(0, keys.indexOf(chosen));
  return choose(state, keys[Math.min(keys.length - 1, Math.max(0, from + by))]);
}

function choose(state: State, key: string | undefined): State {
  if (key === undefined) return state;
  return { ...state, chosen: { ...state.chosen, [state.view]: key } };
}

function neighbour(view: View, by: 1 | -1): View {
  const shown = VIEWS.filter((each) => each !== 'help');
  const at = shown.indexOf(view as (typeof shown)[number]);
  return shown[(Math.max(0, at) + by + shown.length) % shown.length] ?? 'overview';
}
