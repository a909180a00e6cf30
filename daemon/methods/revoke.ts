/**
 * The control methods of revocation: what a person names becomes entries that everybody honours
 * (PROTOCOL §5.5). Nothing here can be taken back; asking twice is the command's business.
 */

import { digestOf } from '../../core/digest.ts';
import { LEASE_FOR_MS, REVOCATIONS_MAX, SVID_TTL_MS_MAX } from '../../core/limits.ts';
import { addMs, UNIX_MS_MAX, unixMs } from '../../core/time.ts';
import type { RevocationClass, RevocationTarget } from '../../federation/revocations.ts';
import type { DomainView } from '../../federation/view.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuthorityBook } from '../authority/authority-book.ts';
import type { IssuedBook } from '../authority/issued-book.ts';
import { whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { RevocationKind, RevocationView, RevokeParams } from '../control/views.ts';
import type { Driver } from '../driver.ts';
import { isOfLine, type RollEntry } from '../identity/authority-roll.ts';
import { jwkSpki } from '../identity/spiffe-bundle.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';

export interface RevokeMethodOptions {
  readonly driver: Driver;
  readonly audit: AuditLog;
  readonly authorities: AuthorityBook;
  readonly issued: IssuedBook;
  readonly views: () => readonly DomainView[];
  readonly ownView: () => DomainView;
  /** The file of a proposal that revokes these. */
  readonly propose: (targets: readonly RevocationTarget[]) => string;
}

const KINDS: Readonly<Record<RevocationClass, RevocationKind>> = {
  authority: 'authority',
  identity: 'identity',
  leaf: 'svid',
  lease: 'node',
};

export function revokeMethods(
  options: RevokeMethodOptions,
): Pick<ControlMethods, 'revoke' | 'revoke.propose'> {
  const { driver, audit, authorities } = options;
  return {
    revoke: async (params, caller) => {
      const targets = targetsOf(options, params);
      const { kind, target, reason } = params;
      await driver.request({ kind: 'revoke', targets });
      const named = targets.length;
      const fields = { kind, target, reason, entries: named };
      await audit.append('revoked', { ...fields, ...whose(caller) });
      const signing = kind === 'authority' ? rolled(authorities, target) : undefined;
      if (signing !== undefined) await succeed(authorities, signing);
      await authorities.republish();
      const asked = new Set(targets.map((one) => `${one.class}/${one.target}`));
      return {
        revoked: listed(options.ownView())
          .filter(({ key }) => asked.has(key))
          .map(({ view }) => view),
      };
    },
    'revoke.propose': async (params, caller) => {
      const targets = targetsOf(options, params);
      const text = options.propose(targets);
      const { kind, target, reason } = params;
      const fields = { kind, target, reason, entries: targets.length };
      await audit.append('revocation.proposed', { ...fields, ...whose(caller) });
      return { text };
    },
  };
}

/** All that is revoked, of one domain or of each. */
export function revocationViews(
  views: readonly DomainView[],
  domain: string | undefined,
): readonly RevocationView[] {
  return views
    .filter((view) => domain === undefined || view.domain === domain)
    .flatMap((view) => listed(view).map((entry) => entry.view));
}

/** What a person named, as entries: each with the end that its target has anyhow. */
function targetsOf(
  { driver, authorities, issued }: RevokeMethodOptions,
  { kind, target }: RevokeParams,
): readonly RevocationTarget[] {
  const { wall } = driver.now();
  const leafEnd = addMs(wall, SVID_TTL_MS_MAX);
  switch (kind) {
    case 'svid': {
      const serial = target.toLowerCase().replaceAll(':', '');
      return [
        { class: 'leaf', target: serial, notAfter: issued.find(serial)?.notAfter ?? leafEnd },
      ];
    }
    case 'identity': {
      const live = issued.liveOf(target).slice(0, REVOCATIONS_MAX / 2);
      return [
        { class: 'identity', target, notAfter: leafEnd },
        ...live.map(
          ({ serial, notAfter }) => ({ class: 'leaf', target: serial, notAfter }) as const,
        ),
      ];
    }
    case 'node':
      return [{ class: 'lease', target, notAfter: addMs(wall, LEASE_FOR_MS) }];
    case 'authority': {
      const entry = rolled(authorities, target);
      return entry === undefined
        ? [{ class: 'authority', target, notAfter: unixMs(UNIX_MS_MAX) }]
        : [
            {
              class: 'authority',
              target: digestOf(jwkSpki(entry.jwk)),
              notAfter: entry.notAfter,
            },
          ];
    }
  }
}

function rolled(authorities: AuthorityBook, id: string): RollEntry | undefined {
  return authorities.roll.find((entry) => entry.id === id);
}

/** Another authority of its line signs from now on, and all is issued anew. */
async function succeed(authorities: AuthorityBook, gone: RollEntry): Promise<void> {
  if (gone.state === 'active') {
    const waiting = authorities.roll.find(
      (entry) => isOfLine(entry, gone) && entry.state === 'prepared',
    );
    const next = waiting ?? (await authorities.prepare(gone));
    await authorities.activate(next.id);
  }
  if (gone.state === 'prepared') return;
  await authorities.taint(gone.id);
  await authorities.revoke(gone.id);
}

function listed(
  view: DomainView,
): readonly { readonly key: string; readonly view: RevocationView }[] {
  return [...view.revocations.union].map(([key, { class: kind, target, at, notAfter }]) => ({
    key,
    view: {
      domain: view.domain,
      kind: KINDS[kind],
      target,
      at: formatRfc3339(at),
      notAfter: notAfter === UNIX_MS_MAX ? '' : formatRfc3339(notAfter),
    },
  }));
}
