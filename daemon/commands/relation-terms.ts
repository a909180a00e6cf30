/** The terms of a relation on the command line: options, and what they mean. */

import { DOMAIN_BUDGET_MIB_MAX, DOMAIN_BUDGET_MIB_MIN } from '../../core/limits.ts';
import { amendedTerms, scopeOf } from '../control/terms.ts';
import type { AgeLimitsView, AssuranceLevel, RelationTermsView } from '../control/views.ts';
import { parseDuration } from '../text/duration.ts';
import { parseCount, UsageError } from './command.ts';

/** Options that name terms. */
export const TERMS_OPTIONS = {
  scope: { type: 'string', multiple: true },
  'min-assurance': { type: 'string' },
  'fresh-for': { type: 'string' },
  'degraded-for': { type: 'string' },
  'survival-for': { type: 'string' },
  budget: { type: 'string' },
  until: { type: 'string' },
  peering: { type: 'string' },
  'serve-bundle': { type: 'string' },
  survival: { type: 'string' },
} as const;

/** What the help says of them. */
export const TERMS_USAGE = `\
  --scope PATH            honour the identities of this path and below it, such
                          as /web; may be repeated; / is the whole domain, none
                          nobody
  --min-assurance LEVEL   of machines that say at least software (the default),
                          vtpm, tpm or measured-boot
  --peering yes|no        the partner's nodes may link to ours
  --serve-bundle yes|no   hand the partner's bundle to workloads, which read no
                          scope in it; yes only where the whole domain is
                          honoured, unless it is said here
  --survival yes|no       serve and accept down to SURVIVAL, not only to
                          DEGRADED
  --fresh-for, --degraded-for, --survival-for DURATION tighten the partner's own
                          limits, such as 10m; all three
  --budget MIB            so many MiB the partner's nodes may move at once, and
                          may be new of it: 2 to 256, 32 unless said
  --until TIME            when the relation ends by itself, such as
                          2027-01-31T00:00:00Z; never for no end
`;

/** The values of these options, as they were read. */
export interface TermsValues {
  readonly scope?: string[] | undefined;
  readonly 'min-assurance'?: string | undefined;
  readonly 'fresh-for'?: string | undefined;
  readonly 'degraded-for'?: string | undefined;
  readonly 'survival-for'?: string | undefined;
  readonly budget?: string | undefined;
  readonly until?: string | undefined;
  readonly peering?: string | undefined;
  readonly 'serve-bundle'?: string | undefined;
  readonly survival?: string | undefined;
}

const LEVELS: readonly AssuranceLevel[] = ['software', 'vtpm', 'tpm', 'measured-boot'];

/** `base` with what was said changed in it. Throws `UsageError`. */
export function termsFrom(values: TermsValues, base: RelationTermsView): RelationTermsView {
  const { scope, budget, until } = values;
  const level = values['min-assurance'];
  const minAssurance =
    level === undefined ? base.minAssurance : LEVELS.find((known) => known === level);
  if (minAssurance === undefined)
    throw new UsageError(`--min-assurance takes ${LEVELS.join(', ')}`);
  const limits = limitsFrom(values);
  const survivalForeign = yes(values.survival, '--survival');
  const peering = yes(values.peering, '--peering');
  const serveBundle = yes(values['serve-bundle'], '--serve-bundle');
  return amendedTerms(base, {
    minAssurance,
    ...(scope === undefined ? {} : { scope: scopeOf(scope) }),
    ...(limits === null ? {} : { limits }),
    ...(survivalForeign === undefined ? {} : { survivalForeign }),
    ...(peering === undefined ? {} : { peering }),
    ...(serveBundle === undefined ? {} : { serveBundle }),
    ...(budget === undefined ? {} : { budgetMib: budgetFrom(budget) }),
    ...(until === undefined ? {} : { notAfter: until === 'never' ? '' : until }),
  });
}

function budgetFrom(text: string): number {
  return parseCount(text, '--budget', DOMAIN_BUDGET_MIB_MAX, DOMAIN_BUDGET_MIB_MIN);
}

function limitsFrom(values: TermsValues): AgeLimitsView | null {
  const { 'fresh-for': fresh, 'degraded-for': degraded, 'survival-for': survival } = values;
  if ([fresh, degraded, survival].every((text) => text === undefined)) return null;
  return {
    freshForMs: msOf(fresh, '--fresh-for'),
    degradedForMs: msOf(degraded, '--degraded-for'),
    survivalForMs: msOf(survival, '--survival-for'),
  };
}

function msOf(text: string | undefined, option: string): number {
  const ms = text === undefined ? undefined : parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new UsageError(`${option} takes a duration such as 10m; all three limits go together`);
}

function yes(text: string | undefined, option: string): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new UsageError(`${option} takes yes or no`);
}
