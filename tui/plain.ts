/**
 * The window as lines: one for each thing that changed, for a screen reader, a log or a printer.
 *
 * Nothing is ever overwritten, no colour is used, and what did not change is not said again.
 */

import type { DomainStatus } from '../daemon/control/views.ts';
import { cliffText, domainAge } from './domain-words.ts';
import { clockText } from './format.ts';
import { domainsNow, type State, sinceToldMs } from './model.ts';
import { fieldsText } from './views/audit.ts';
import { waitsFor } from './views/ceremonies.ts';

/** What to say of the step from `before` to `after`, oldest first. */
export function linesBetween(before: State, after: State): readonly string[] {
  const said = [
    ...linkLines(before, after),
    ...domainLines(before, after),
    ...peerLines(before, after),
    ...alarmLines(before, after),
    ...ceremonyLines(before, after),
    ...auditLines(before, after),
  ];
  const time = timeOf(after);
  return said.map((text) => `${time} ${text}`);
}

/** The daemon's time; the window has none that it would tell. */
function timeOf(state: State): string {
  if (state.told === null) return '--:--:--';
  return clockText(state.told.status.wallMs + sinceToldMs(state));
}

function linkLines(before: State, { link, told }: State): readonly string[] {
  if (link.kind === before.link.kind) return [];
  if (link.kind === 'past') return [`connection lost: ${link.why}; trying again`];
  if (told === null) return [];
  const { domain, version, assurance, timeKnown } = told.status;
  const time = timeKnown ? 'known' : 'unknown';
  return [`connected: ${domain}, version ${version}, assurance ${assurance}, time ${time}`];
}

/** A domain is said when it is new, and when its tier, epoch or remarks are others. */
function domainLines(before: State, after: State): readonly string[] {
  if (before.told === after.told) return [];
  const known = new Map(domainsNow(before).map((each) => [each.domain, each]));
  const now = domainsNow(after);
  const gone = [...known.keys()].filter((name) => now.every(({ domain }) => domain !== name));
  return [
    ...now
      .filter((domain) => differs(known.get(domain.domain), domain))
      .map((domain) => domainLine(known.get(domain.domain), domain)),
    ...gone.map((name) => `domain ${name}: no relation any more`),
  ];
}

function differs(before: DomainStatus | undefined, now: DomainStatus): boolean {
  if (before === undefined) return true;
  return (
    before.tier !== now.tier ||
    before.epoch !== now.epoch ||
    before.stopped !== now.stopped ||
    before.late !== now.late ||
    before.timeUnknown !== now.timeUnknown ||
    before.overrides.length !== now.overrides.length
  );
}

function domainLine(before: DomainStatus | undefined, now: DomainStatus): string {
  const tier =
    before === undefined || before.tier === now.tier ? now.tier : `${now.tier}, was ${before.tier}`;
  const remarks = [
    now.stopped && 'stopped',
    now.late && 'late',
    now.timeUnknown && 'time unknown',
    ...now.overrides.map(({ action, notAfter }) => `${action} overridden until ${notAfter}`),
    now.nextCliff !== null && `then ${cliffText(now)}`,
    now.mend !== '' && `to mend: ${now.mend}`,
  ].filter((remark) => remark !== false);
  const rest = remarks.length === 0 ? '' : `, ${remarks.join(', ')}`;
  return `domain ${now.domain}: ${tier}, age ${domainAge(now)}, epoch ${now.epoch}${rest}`;
}

function peerLines(before: State, after: State): readonly string[] {
  const was = new Map((before.told?.status.peers ?? []).map((peer) => [peer.peer, peer]));
  const is = new Map((after.told?.status.peers ?? []).map((peer) => [peer.peer, peer]));
  const came = [...is.values()].filter(({ peer }) => !was.has(peer));
  const went = [...was.values()].filter(({ peer }) => !is.has(peer));
  return [
    ...came.map(({ peer, domain }) => `link up: ${domain} ${peer}`),
    ...went.map(({ peer, domain }) => `link down: ${domain} ${peer}`),
  ];
}

function alarmLines(before: State, after: State): readonly string[] {
  const was = new Set((before.told?.status.alarms ?? []).map(({ code, domain }) => code + domain));
  return (after.told?.status.alarms ?? [])
    .filter(({ code, domain }) => !was.has(code + domain))
    .map(({ code, domain, detail }) => `ALARM: ${code} ${domain} ${detail}`);
}

function ceremonyLines(before: State, after: State): readonly string[] {
  const was = new Map(before.ceremonies.map((each) => [each.id, waitsFor(each)]));
  const is = new Set(after.ceremonies.map(({ id }) => id));
  return [
    ...after.ceremonies
      .filter((each) => was.get(each.id) !== waitsFor(each))
      .map((each) => `waits for people: ${each.title}, ${waitsFor(each)}, id ${each.id}`),
    ...before.ceremonies
      .filter(({ id }) => !is.has(id))
      .map(({ title, id }) => `waits no more: ${title}, id ${id}`),
  ];
}

/** What was there at the first sight is the past, and stays unsaid. */
function auditLines(before: State, after: State): readonly string[] {
  const newest = before.audit[0]?.seq;
  if (newest === undefined) return [];
  return after.audit
    .filter(({ seq }) => seq > newest)
    .toReversed()
    .map(({ seq, event, fields }) => `audit ${seq}: ${event}, ${fieldsText(fields)}`);
}
