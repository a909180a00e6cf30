/** Each code that the federation throws has a vector, or a reason why bytes are not enough. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT } from '../root.ts';
import { expectNone, readSources } from './source.ts';

const vectors = suite('house/vectors');

/** Codes of federation/ that no bytes alone bring about, and what does. */
const NOT_BY_BYTES: Readonly<Record<string, string>> = {
  'authority-resuming': 'an order to a machine that just started',
  'answer-unasked': 'the nonces of the reader',
  'answer-voice': 'the questions and the belief of the reader',
  'domain-budget': 'how much its nodes sent, and it published, before',
  'document-secret': 'the link that it came by',
  'domain-unrelated': 'the policy of the reader',
  'guest-lane': 'the link that it came by',
  'lease-key': 'the key of the reader',
  'lease-older': 'the lease that the reader holds',
  'not-authority': 'an order to a machine without keys',
  'not-enrolled': 'an order to a machine without a lease',
  'not-member': 'a grant to an authority',
  'not-writer': 'an order to a machine whose keys no Root names',
  'standby-silent': 'an order to a writer whose standby does not answer',
  'overrides-full': 'more than sixty overrides of one day',
  'peer-budget': 'how much a peer sent before',
  'peer-unadmitted': 'the handshake that it came in',
  'proposal-differs': 'two files side by side',
  'relation-assurance': 'the policy of the reader',
  'relation-awaited': 'an order of a person',
  'relation-exists': 'an order of a person',
  'relation-over': 'the clock of the machine',
  'relation-scope': 'the policy of the reader',
  'relation-self': 'an order of a person',
  'relation-stale': 'the clock of the machine',
  'relation-unknown': 'an order of a person',
  'relation-wider': 'an order of a person',
  'revocation-signers': 'the keys of the machine',
  'revocations-full': 'more than two thousand entries',
  'root-change': 'an order of a person',
  'root-newer': 'the peer that it came from',
  'store-share': 'more than sixteen mebibytes',
  'tick-budget': 'how much a peer sent before',
  'tier-insufficient': 'the age of what is held',
  'time-below-bound': 'the word of a person',
  'time-unknown': 'the clock of the machine',
  'want-unanswered': 'the silence of a peer',
};

const thrown = new Set(
  readSources()
    .filter(({ path }) => path.startsWith('federation/'))
    .flatMap(({ text }) => [...text.matchAll(/new Refusal\(\s*'([a-z0-9-]+)'/g)])
    .map(([, code = '']) => code),
);
const shown = new Set(
  ['decoding.json', 'ladder.json']
    .map((name) => readFileSync(join(ROOT, 'test/vectors/protocol', name), 'utf8'))
    .flatMap((text) => [...text.matchAll(/"outcome": "([a-z0-9-]+)"/g)])
    .map(([, code = '']) => code),
);

vectors('show every refusal of the federation, or say what else it takes', () => {
  const missing = [...thrown].filter((code) => !shown.has(code) && !(code in NOT_BY_BYTES));
  expectNone(
    missing.map((code) => `${code}: a case in ladder- or decoding-vectors.ts, or a reason`),
  );
});

vectors('give no reason for a code that is shown, or that nobody throws', () => {
  const idle = Object.keys(NOT_BY_BYTES).filter((code) => shown.has(code) || !thrown.has(code));
  assert.equal(idle, []);
});

vectors.run();
