/**
 * The status of a daemon of another series, as far as this window can draw it: it speaks of things
 * that may have changed, so that each member that a view draws is looked at before one does.
 *
 * Between two of one series nothing is checked: the daemon is this user's own (calls.ts).
 */

import type { Status } from '../daemon/control/views.ts';

/** The form of a value: of a member by its sample, of each item, or of what may be null. */
type Shape =
  | string
  | number
  | boolean
  | readonly [Shape]
  | { readonly orNull: Shape }
  | { readonly [member: string]: Shape };

const DOMAIN: Shape = {
  ...{ domain: '', own: true, relation: '', tier: '', ageMs: 0, alert: 0, epoch: '', tick: 0 },
  ...{ rootVersion: '', words: '', stopped: true, late: true, timeUnknown: true, mend: '' },
  limits: { freshForMs: 0, degradedForMs: 0, survivalForMs: 0 },
  nextCliff: { orNull: { tier: '', inMs: 0 } },
  overrides: [{ action: '', tier: '', reason: '', people: [''], notAfter: '' }],
  heard: { orNull: { by: '', peer: '', agoMs: 0 } },
  share: { orNull: { storedBytes: 0, storedMax: 0, moved: 0, news: 0 } },
};
const PEER: Shape = {
  ...{ peer: '', domain: '', node: '', sinceMs: 0, class: '', heardMs: 0, heardBytes: 0 },
  bitsPerS: { orNull: 0 },
  budget: { sync: 0, gossip: 0 },
};
const STATUS: Shape = {
  ...{ version: '', domain: '', assurance: '', authority: true, rootThreshold: '' },
  ...{ fingerprint: '', startedAt: '', wallMs: 0, timeKnown: true, antiRollback: '' },
  node: { lease: { orNull: { group: '', kind: '', notAfter: '', trouble: '' } } },
  keys: { custody: '', tpm: '', boot: '' },
  sockets: { workload: '' },
  listen: [''],
  transmits: true,
  domains: [DOMAIN],
  peers: [PEER],
  entries: 0,
  alarms: [{ id: 0, at: '', code: '', domain: '', detail: '' }],
};

/** True where every member that a view draws is there, in the form that it draws. */
export function isDrawable(status: unknown): status is Status {
  return fits(status, STATUS);
}

function fits(value: unknown, shape: Shape): boolean {
  if (typeof shape !== 'object') return typeof value === typeof shape;
  if (isList(shape)) return Array.isArray(value) && value.every((each) => fits(each, shape[0]));
  if ('orNull' in shape) return value === null || fits(value, shape.orNull as Shape);
  if (typeof value !== 'object' || value === null) return false;
  const members: ReadonlyMap<string, unknown> = new Map(Object.entries(value));
  return Object.entries(shape).every(([name, each]) => fits(members.get(name), each));
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
