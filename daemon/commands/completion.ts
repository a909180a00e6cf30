/**
 * `holdfast completion`: what a shell has to know to complete our command lines, and the manual.
 *
 * Made from the help texts of the commands, so that nothing is written twice: actions are the words
 * that follow a command's name in its usage, options whatever begins with two dashes.
 */

import type { Command } from './command.ts';
import { type CommandContext, EXIT_DONE, runAction } from './command.ts';
import { COMMANDS } from './table.ts';

const USAGE = `\
Usage: holdfast completion bash | zsh | fish | man

Prints what completes command lines in a shell, or the manual page.

  bash   source <(holdfast completion bash)
  zsh    holdfast completion zsh > FOLDER/_holdfast, with FOLDER in fpath
  fish   holdfast completion fish > ~/.config/fish/completions/holdfast.fish
  man    holdfast completion man > holdfast.1
`;

export const command: Command = {
  name: 'completion',
  summary: 'print completions for a shell, or the manual page',
  usage: USAGE,
  run: (context) =>
    runAction(context, {
      bash: (inner) => print(inner, bashText),
      zsh: (inner) => print(inner, zshText),
      fish: (inner) => print(inner, fishText),
      man: (inner) => print(inner, manText),
    }),
};

/** The words of one command, and what they are for. */
export interface Words {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly actions: readonly string[];
  readonly options: readonly string[];
}

/** Reads the words of a command off its help text. */
export function wordsOf({ name, summary, usage }: Command): Words {
  const [synopsis = ''] = usage.split('\n\n');
  const lines = synopsis.matchAll(
    new RegExp(`holdfast ${name} ([a-z0-9]+(?: \\| [a-z0-9]+)*)`, 'g'),
  );
  const actions = [...lines].flatMap(([, words = '']) => words.split(' | '));
  const options = [...usage.matchAll(/(?<![\w-])--[a-z][a-z0-9-]*/g)].map(([option]) => option);
  return {
    ...{ name, summary, usage },
    actions: [...new Set(actions)],
    options: [...new Set([...options, '--help'])].sort(),
  };
}

async function print(
  context: CommandContext,
  textOf: (commands: readonly Words[]) => string,
): Promise<number> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  context.write(textOf(commands.map(wordsOf)));
  return EXIT_DONE;
}

function bashText(commands: readonly Words[]): string {
  const cases = commands.map(
    ({ name, actions, options }) =>
      `    ${name}) actions='${actions.join(' ')}' options='${options.join(' ')}' ;;\n`,
  );
  return `\
_holdfast() {
  local word="\${COMP_WORDS[COMP_CWORD]}" actions= options=
  case "\${COMP_WORDS[1]}" in
${cases.join('')}  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    options='${commands.map(({ name }) => name).join(' ')} --help --version' actions=
  elif [ "$COMP_CWORD" -ne 2 ]; then
    actions=
  fi
  COMPREPLY=($(compgen -W "$actions $options" -- "$word"))
}
complete -o default -F _holdfast holdfast
`;
}

function zshText(commands: readonly Words[]): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}\n`);
  const cases = commands.map(
    ({ name, actions, options }) =>
      `    ${name}) actions=(${actions.join(' ')}) options=(${options.join(' ')}) ;;\n`,
  );
  return `\
#compdef holdfast
_holdfast() {
  local -a commands actions options
  commands=(
${described.join('')}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join('')}  esac
  (( CURRENT == 3 )) && compadd -- $actions
  [[ $PREFIX == -* ]] && compadd -- $options || _files
}
compdef _holdfast holdfast
`;
}

function fishText(commands: readonly Words[]): string {
  const line = (condition: string, rest: string) =>
    `complete -c holdfast -n '${condition}' ${rest}\n`;
  return commands
    .flatMap(({ name, summary, actions, options }) => [
      line('__fish_use_subcommand', `-f -a ${name} -d ${quoted(summary)}`),
      ...actions.map((action) => line(`__fish_seen_subcommand_from ${name}`, `-f -a ${action}`)),
      ...options.map((each) => line(`__fish_seen_subcommand_from ${name}`, `-l ${each.slice(2)}`)),
    ])
    .join('');
}

/** man(7): the help text of each command as it stands. */
function manText(commands: readonly Words[]): string {
  const sections = commands.map(
    ({ name, summary, usage }) =>
      `.SS ${name}\n${escaped(summary)}\n.PP\n.nf\n${escaped(usage)}.fi\n`,
  );
  return `\
.TH HOLDFAST 1
.SH NAME
holdfast \\- keeps trust alive at the edge
.SH SYNOPSIS
.B holdfast
.I COMMAND
\\&...
.SH EXIT STATUS
0 done, 1 refused or failed, 2 wrongly asked.
.SH COMMANDS
${sections.join('')}`;
}

/** No line may begin as a request of roff does, and a dash is a dash. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
