/** Proposals of relations: signed, addressed, ended, and carried in a bundle file (§2.9). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8, toUtf8 } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { ADDRESSES_MAX, RELATION_PROPOSAL_MS_MAX } from '../../core/limits.ts';
import { decodeBlocks, encodeBlock } from '../../federation/armour.ts';
import { decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { WHOLE_TERMS } from '../../federation/relation.ts';
import {
  decodeProposalFile,
  encodeProposalFile,
  readRelationProposal,
} from '../../federation/relation-proposal.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';

const proposals = suite('federation/relation-proposal');

const ASKS = { ...WHOLE_TERMS, scope: ['/web'], serveBundle: false };
const ADDRESSES = ['/dns4/node.blue.example/tcp/7717'];

/** Two domains, red related to blue. */
function pair(): { world: Coalition; blue: Machine; red: Machine } {
  const world = new Coalition();
  const [blue, red] = [world.add({ name: 'blue' }), world.add({ name: 'red' })];
  world.advance(500);
  red.relate(blue.node.exportBundle(blue.domain));
  world.advance(1_000);
  return { world, blue, red };
}

function proposed({ blue, red }: { readonly blue: Machine; readonly red: Machine }): Uint8Array {
  const asked = { to: red.domain, asks: ASKS, addresses: ADDRESSES };
  return blue.node.proposeRelation(blue.now, asked);
}

proposals('say what is asked, of whom and until when, by the documents key', () => {
  const world = pair();
  const { blue, red } = world;
  const bytes = proposed(world);
  const read = red.node.verifyRelation(red.now, decodeEnvelope(bytes));
  const { domain, to, asks, addresses, issuedAt, notAfter } = read;
  assert.equal([domain, to], [blue.domain, red.domain]);
  assert.equal([asks, addresses], [ASKS, ADDRESSES]);
  assert.is(notAfter - issuedAt, RELATION_PROPOSAL_MS_MAX);
  assert.is(red.node.policy.relations.get(blue.domain)?.scope[0], '/', 'and nothing follows');
});

proposals('count for who is asked alone, while a key of the partner in force signed them', () => {
  const world = pair();
  const { blue, red } = world;
  const bytes = proposed(world);
  const judge = (envelope: Uint8Array) => () =>
    red.node.verifyRelation(red.now, decodeEnvelope(envelope));
  judge(bytes)();
  refuses('domain-unrelated', () =>
    blue.node.verifyRelation(
      blue.now,
      decodeEnvelope(
        red.node.proposeRelation(red.now, { to: blue.domain, asks: ASKS, addresses: [] }),
      ),
    ),
  );
  const elsewhere = { to: blue.domain, asks: ASKS, addresses: [] };
  refuses('domain-mismatch', judge(blue.node.proposeRelation(blue.now, elsewhere)));
  const { payload } = decodeEnvelope(bytes);
  const body = JSON.parse(fromUtf8(payload)) as JsonObject;
  refuses('signer-unknown', judge(signEnvelope('relation', body, [red.keys.documents])));
  const bent = bytes.slice();
  bent[60] = (bent[60] ?? 0) ^ 1;
  refuses('signature-invalid', judge(bent));
});

proposals('end, so that an old one is no news', () => {
  const world = pair();
  const { red } = world;
  const envelope = decodeEnvelope(proposed(world));
  const { notAfter } = readRelationProposal(envelope);
  const at = (wall: number) => () =>
    red.node.verifyRelation({ ...red.now, wall: wall as typeof notAfter }, envelope);
  at(notAfter - 1)();
  refuses('relation-stale', at(notAfter));
  refuses('relation-stale', at(notAfter + 365 * 86_400_000));
});

proposals('are bounded in what they name', () => {
  const world = pair();
  const { payload } = decodeEnvelope(proposed(world));
  const body = JSON.parse(fromUtf8(payload)) as JsonObject;
  const read = (change: JsonObject) => () =>
    readRelationProposal(
      decodeEnvelope(signEnvelope('relation', { ...body, ...change }, [world.blue.keys.documents])),
    );
  read({})();
  read({ hours: '08-17' })();
  refuses('document-must', read({ hours: '08-17', must: ['hours'] }));
  refuses('trust-domain-invalid', read({ to: '../red' }));
  refuses(
    'document-malformed',
    read({ addresses: Array.from({ length: ADDRESSES_MAX + 1 }, () => 'a') }),
  );
  refuses('document-malformed', read({ addresses: ['a'.repeat(513)] }));
  refuses('document-malformed', read({ addresses: [1] }));
  refuses('document-malformed', read({ notAfter: String(Number(body.notAfter) + 1) }));
  const asks = body.asks as JsonObject;
  refuses('scope-malformed', read({ asks: { ...asks, scope: ['/web/../db'] } }));
});

proposals('are the last block of a bundle file, or none of it', () => {
  const world = pair();
  const { blue, red } = world;
  const bundle = blue.node.exportBundle(blue.domain);
  const bytes = proposed(world);
  const file = encodeProposalFile(bundle, bytes);
  const parted = decodeProposalFile(toUtf8(file));
  assert.is(fromUtf8(parted.bundle), bundle);
  assert.is(parted.envelope?.type, 'relation');
  assert.is(decodeProposalFile(toUtf8(bundle)).envelope, null);
  // Wherever else it stands, the ladder refuses it, and believes nothing by it.
  const request = red.importFile(encodeBlock('relation', bytes) + bundle);
  const answer = red.replies.get(request);
  assert.ok(answer !== undefined && 'imported' in answer);
  const [first] = answer.imported;
  assert.is(first?.outcome !== 'admitted' && first?.outcome.code, 'document-type');
  assert.is(decodeBlocks(toUtf8(file)).at(-1)?.label, 'relation');
});

proposals('are made by who has a voice and a date', () => {
  const world = pair();
  const { blue, red } = world;
  const asked = { to: red.domain, asks: ASKS, addresses: [] };
  const post = world.world.add({ name: 'post', memberOf: 'blue' });
  post.takeGrant(blue);
  refuses('not-authority', () => post.node.proposeRelation(post.now, asked));
  blue.wallMs -= 86_400_000;
  refuses('time-unknown', () => blue.node.proposeRelation(blue.now, asked));
});

proposals.run();
