/** The views of the window, in the order of their numbers; help has none. */

export const VIEWS = [
  'overview',
  'domains',
  'peers',
  'workloads',
  'attestation',
  'audit',
  'ceremonies',
  'alarms',
  'help',
] as const;
export type View = (typeof VIEWS)[number];
