/** The commands of the `:` palette. A beginning is enough where it names one command only. */

/** What may be typed behind `:`, each with what it does. */
export const COMMANDS = {
  overview: 'who am I, and what may I still do',
  domains: 'every domain, and how old its last proof is',
  peers: 'the nodes that are linked with this one',
  workloads: 'the entries of workloads',
  attestation: 'how this machine booted, and where that differs',
  audit: 'what happened, as it happens',
  ceremonies: 'what waits for people: sign, approve, refuse',
  alarms: 'what somebody has to see to: read it, clear it',
  help: 'every key',
  night: 'dim red and back, for dark-adapted eyes',
  quit: 'end the window; the daemon goes on',
} as const;

export type CommandName = keyof typeof COMMANDS;

const NAMES = Object.keys(COMMANDS) as readonly CommandName[];

/** The commands that begin with `text`. */
export function matchingCommands(text: string): readonly CommandName[] {
  return NAMES.filter((name) => name.startsWith(text.trim()));
}

/** The one command that `text` means; undefined for none or several. */
export function nearestCommand(text: string): CommandName | undefined {
  const matching = matchingCommands(text);
  return matching.length === 1 ? matching[0] : undefined;
}
