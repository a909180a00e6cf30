/**
 * Attacks on the first design by captured nodes and false friends, by the number of the finding.
 * Each runs against what answers it; clauses.ts holds the mutant that it fails on.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CONNECTIONS_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { spiffeId } from '../../core/spiffe-id.ts';
import { cellOf } from '../../daemon/identity/cell.ts';
import { encodeAssurance } from '../../daemon/identity/certificate-writer.ts';
import { verifyX509Svid } from '../../daemon/identity/x509-verify.ts';
import { type Applicant, Slots } from '../../daemon/network/slots.ts';
import { capturedNameless, HOME, NOW, ROOT_DER } from '../daemon/identity/captured.ts';
import {
  BIT,
  constraints,
  NOW as FORGED_NOW,
  forge,
  forgeLeaf,
  forgeRoot,
  leafExtensions,
  usage,
} from '../daemon/identity/forge.ts';
import { admittedPeer } from '../fakes/admitted.ts';
import { refuses } from '../refused.ts';

const attack = suite('attack/capture');

attack('C6: a captured cell is nobody outside its trust domain, whatever it signs', () => {
  const stolen = capturedNameless(cellOf('cell7', HOME));
  const roots = new Map([[HOME, [ROOT_DER]]]);
  for (const path of ['/prod/root/db', '/web']) {
    const chain = [forgeLeaf(stolen, spiffeId(HOME, path)).der, stolen.der];
    refuses('svid-constrained', () => verifyX509Svid(chain, roots, NOW));
  }
});

attack('H10: a node that calls its own boot measured is believed no further than its lease', () => {
  const root = forgeRoot(HOME);
  const extensions = [constraints(true), usage(BIT.keyCertSign), encodeAssurance('tpm')];
  const node = forge(extensions, { issuer: root, name: 'node' });
  const saying = [...leafExtensions(spiffeId(HOME, '/web')), encodeAssurance('measured-boot')];
  const chain = [forge(saying, { issuer: node }).der, node.der];
  const roots = new Map([[HOME, [root.der]]]);
  assert.is(verifyX509Svid(chain, roots, FORGED_NOW).assurance, 'tpm');
});

attack('H13: a friend that mints leases at will takes an eighth of the places', () => {
  const slots = new Slots('blue.example');
  const outcomes = Array.from({ length: CONNECTIONS_MAX }, (_, i) => {
    const admitted = admittedPeer({ domain: 'red.example', node: `red/${i}` });
    const peer: Pick<Applicant, 'peer' | 'host'> = { peer: `red/${i}`, host: `red/${i}` };
    const admission = { admitted, claims: 'red.example' };
    return refusalOf(() => slots.take({ ...peer, admission, role: 'responder' }));
  });
  const refused = outcomes.filter((outcome) => outcome instanceof Refusal);
  assert.is(refused.length, CONNECTIONS_MAX - CONNECTIONS_MAX / 8);
});

attack.run();
