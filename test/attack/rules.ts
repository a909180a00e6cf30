/**
 * Rules of the protocol whose cited test has to fail once the line that keeps the rule is gone: one
 * change of one compiled line each, as in clauses.ts. Nothing of this is ever part of what ships.
 */

import type { Clause } from './clauses.ts';

/** A rule by its number in PROTOCOL, and what breaks it; `test` is one that musts.ts cites. */
export type BrokenRule = Omit<Clause, 'finding'> & { readonly rule: string };

const FLOOD = 'federation/flooding-domain.test.js';

/** Each of them is noticed by its test. */
export const RULES: readonly BrokenRule[] = [
  {
    ...{ rule: '5.7.1', test: 'federation/store-share.test.js', without: 'a share has no end' },
    file: 'federation/store-share.js',
    find: 'if (got > FOREIGN_STORE_BYTES_MAX)',
    replace: 'if (false)',
  },
  {
    ...{ rule: '5.7.3', test: FLOOD, without: 'all shares together have no end' },
    file: 'federation/store-share.js',
    find: 'if (allBytes > FOREIGN_STORES_BYTES_MAX)',
    replace: 'if (false)',
  },
  {
    ...{ rule: '6.2.12', test: FLOOD, without: 'whoever asks is given' },
    file: 'federation/exchange.js',
    find: 'if (foreignDomain === null)',
    replace: 'if (true)',
  },
  {
    ...{ rule: '6.2.13', test: FLOOD, without: 'contents are taken without end' },
    file: 'federation/hearing.js',
    find: 'if (isContents(item))',
    replace: 'if (false)',
  },
  {
    ...{ rule: '6.3.1', test: 'federation/recovery-lane.test.js', without: 'guests give contents' },
    file: 'federation/hearing.js',
    find: '!isProven && !isForGuests(type)',
    replace: 'false',
  },
  {
    ...{
      rule: '6.4.1',
      test: 'federation/lying-peer.test.js',
      without: 'anybody hands over secrets',
    },
    file: 'federation/hearing.js',
    find: 'isSecret(type) && !exchange.links.isFellow(from.peer, domain)',
    replace: 'false',
  },
  {
    ...{
      rule: '6.4.3',
      test: 'federation/exchange.test.js',
      without: 'anybody reads what is private',
    },
    file: 'federation/summary.js',
    find: 'if (!isOwnNode)\n        return false;',
    replace: '',
  },
  {
    ...{ rule: '6.9.1', test: 'core/padding.test.js', without: 'any zeros are padding' },
    file: 'core/padding.js',
    find: '|| paddedLength(length) !== padded.length',
    replace: '',
  },
  {
    ...{ rule: '6.9.2', test: 'federation/jitter.test.js', without: 'comparisons are punctual' },
    file: 'federation/comparing.js',
    find: 'this.#jitter.between(0.9, 1.1)',
    replace: '1',
  },
];
