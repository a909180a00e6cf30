/**
 * The control methods by which nothing is decided: what is held is shown, files of documents are
 * taken in. Every daemon has them, whatever its role.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import { WHOLE_TERMS } from '../../federation/relation.ts';
import type { TimeView } from '../../federation/time-desk.ts';
import type { DomainView } from '../../federation/view.ts';
import type { AlarmBook } from '../alarm-book.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { publishedBoots } from '../authority/reference-book.ts';
import { type BackupMethodOptions, backupMethods } from '../backup/backup-methods.ts';
import { type Caller, whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { ImportOutcome, RelationView, Status } from '../control/views.ts';
import type { NodeCustody } from '../custody/open-custody.ts';
import type { Driver } from '../driver.ts';
import type { LinkBook } from '../link-book.ts';
import { termsView } from '../relation/terms-view.ts';
import { alarmStatus } from '../status.ts';
import { bundleText, entriesOf } from '../trust-view.ts';
import type { FetchBook } from '../workload-api/fetch-book.ts';
import { attestationMethods } from './attestation.ts';
import { bundleView } from './bundle-view.ts';
import { entryView } from './entries.ts';
import { outcomeViews } from './import-outcome.ts';
import { referencesView } from './references.ts';
import { revocationViews } from './revoke.ts';
import { timeMethods } from './time.ts';

export interface ReadingOptions extends BackupMethodOptions {
  readonly nodeCustody: NodeCustody;
  /** Who on this machine was given which X509-SVID. */
  readonly fetches: FetchBook;
  readonly driver: Driver;
  readonly audit: AuditLog;
  readonly alarms: AlarmBook;
  readonly links: LinkBook;
  readonly views: () => readonly DomainView[];
  readonly status: () => Status;
  readonly time: () => TimeView;
  readonly exportBundle: (domain: TrustDomain) => string;
}

/** The methods that every daemon has. */
export function readingMethods(options: ReadingOptions) {
  const { views, links, audit } = options;
  const ownView = () => viewNamed(options, undefined);
  return {
    status: async () => options.status(),
    whoami: async (_params, { name, uid, role, from }: Caller) => ({ name, uid, role, from }),
    ...timeMethods(options),
    ...attestationMethods(options),
    ...backupMethods(options),
    'workload.list': async () => ({
      fetched: options.fetches.views(options.driver.now().boot),
    }),
    'entry.list': async () => ({ entries: entriesOf(ownView()).map(entryView) }),
    'entry.show': async ({ id }) => {
      const entry = entriesOf(ownView()).find((candidate) => candidate.id === id);
      if (entry === undefined) throw new Refusal('entry-unknown', { id: id.slice(0, 64) });
      return entryView(entry);
    },
    'bundle.show': async ({ domain }) => bundleView(viewNamed(options, domain)),
    'bundle.export': async ({ domain, format }) => {
      await options.driver.settled();
      const view = viewNamed(options, domain);
      return { text: format === 'spiffe' ? bundleText(view) : options.exportBundle(view.domain) };
    },
    'bundle.import': ({ text }, caller) => importFile(options, text, caller),
    'federation.list': async () => ({
      relations: views()
        .filter((view) => !view.isOwn)
        .map((view) => relationView(links, view)),
    }),
    'relation.proposals': async () => ({ proposals: [] }), // who decides nothing is asked nothing
    'references.show': async () => referencesView(publishedBoots(ownView())),
    'revoke.list': async ({ domain }) => ({ revocations: revocationViews(views(), domain) }),
    'alarm.clear': async ({ id }, caller: Caller) => {
      const cleared = await options.alarms.clear(id);
      await audit.append('alarm.cleared', { id, code: cleared.code, ...whose(caller) });
      return alarmStatus(cleared);
    },
    'audit.verify': () => audit.verify(),
    'audit.tail': async ({ lines }) => ({ entries: await audit.tail(lines) }),
  } satisfies Partial<ControlMethods>;
}

/**
 * The view of a domain we speak of; of our own without a name. Refuses `domain-unrelated`, and
 * `not-enrolled` where nothing of our own is held.
 */
export function viewNamed(
  options: Pick<ReadingOptions, 'views'>,
  name: string | undefined,
): DomainView {
  const domain = name === undefined ? undefined : parseTrustDomain(name);
  const found = options
    .views()
    .find((view) => (domain === undefined ? view.isOwn : view.domain === domain));
  if (found === undefined) {
    throw domain === undefined
      ? new Refusal('not-enrolled')
      : new Refusal('domain-unrelated', { domain });
  }
  return found;
}

/** A partner, and how it is reached. */
export function relationView(links: LinkBook, view: DomainView): RelationView {
  return {
    ...{ domain: view.domain, kind: 'holdfast', endpoint: null },
    fingerprint: view.firstRoot,
    peers: links.of(view.domain),
    terms: termsView(view.relation ?? WHOLE_TERMS),
    tier: view.beacon === null ? 'NONE' : view.standing.tier,
  };
}

/** Notes an act of a person, and whose it was. */
export async function audited(
  options: Pick<ReadingOptions, 'audit'>,
  caller: Caller,
  event: string,
  fields: Readonly<Record<string, string | number>>,
): Promise<void> {
  await options.audit.append(event, { ...fields, ...whose(caller) });
}

async function importFile(
  options: ReadingOptions,
  text: string,
  caller: Caller,
): Promise<{ readonly documents: readonly ImportOutcome[] }> {
  const { imported } = await options.driver.request({ kind: 'import', file: toUtf8(text) });
  await audited(options, caller, 'file.imported', { documents: imported.length });
  return {
    documents: outcomeViews(imported),
  };
}
