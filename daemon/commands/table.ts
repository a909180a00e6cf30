/** Every command there is, each loaded only when it is run, or all of them to be listed. */

import type { Command } from './command.ts';

/** In the order of the help text. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.ts')).command,
  run: async () => (await import('./run.ts')).command,
  demo: async () => (await import('./demo.ts')).command,
  status: async () => (await import('./status.ts')).command,
  whoami: async () => (await import('./whoami.ts')).command,
  tui: async () => (await import('./tui.ts')).command,
  entry: async () => (await import('./entry.ts')).command,
  revoke: async () => (await import('./revoke.ts')).command,
  svid: async () => (await import('./svid.ts')).command,
  bundle: async () => (await import('./bundle.ts')).command,
  courier: async () => (await import('./courier.ts')).command,
  qr: async () => (await import('./qr.ts')).command,
  tick: async () => (await import('./tick.ts')).command,
  relation: async () => (await import('./relation.ts')).command,
  federation: async () => (await import('./federation.ts')).command,
  time: async () => (await import('./time.ts')).command,
  enroll: async () => (await import('./enroll.ts')).command,
  root: async () => (await import('./root.ts')).command,
  ceremony: async () => (await import('./ceremony.ts')).command,
  override: async () => (await import('./override.ts')).command,
  standby: async () => (await import('./standby.ts')).command,
  authority: async () => (await import('./authority.ts')).command,
  alarm: async () => (await import('./alarm.ts')).command,
  audit: async () => (await import('./audit.ts')).command,
  tpm: async () => (await import('./tpm.ts')).command,
  attest: async () => (await import('./attest.ts')).command,
  references: async () => (await import('./references.ts')).command,
  key: async () => (await import('./key.ts')).command,
  doctor: async () => (await import('./doctor.ts')).command,
  explain: async () => (await import('./explain.ts')).command,
  completion: async () => (await import('./completion.ts')).command,
};
