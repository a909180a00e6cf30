/** `holdfast override`: what two people permit for a time that an age would forbid. */

import { resolve } from 'node:path';
import { toUtf8 } from '../../core/bytes.ts';
import type { Digest } from '../../core/digest.ts';
import { OVERRIDE_MS_MAX } from '../../core/limits.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { addMs } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import {
  draftOverride,
  OVERRIDABLE_ACTIONS,
  OVERRIDABLE_TIERS,
  signRecall,
} from '../../federation/override.ts';
import { decodeProposal, encodeProposal, signProposal } from '../../federation/proposal.ts';
import { openPersonKey } from '../ceremony/person-key.ts';
import type { DomainStatus } from '../control/views.ts';
import { openClock } from '../host/clock.ts';
import { parseDuration } from '../text/duration.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { isTaken, outcomesText } from './import-print.ts';
import { passphraseFrom } from './passphrase.ts';
import { jsonText, tableText } from './print.ts';
import { believedUpon, proposalActions, saveProposal } from './proposal.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast override propose FILE --action ACT --tier TIER --for DURATION
                         --reason TEXT --key KEY-FILE [--about DOMAIN]
                         [--from BUNDLE] [--passphrase-file FILE] [OPTIONS]
       holdfast override show FILE [--json]
       holdfast override sign FILE --key KEY-FILE [--passphrase-file FILE]
                [--yes]
       holdfast override merge FILE OTHER
       holdfast override publish FILE [OPTIONS]
       holdfast override list [OPTIONS]
       holdfast override withdraw ID --key KEY-FILE [--passphrase-file FILE]
                [OPTIONS]

An override lets one act rest on statements that are too old for it, for at most
a day, when two people whom Root names say so (holdfast root propose
--add-override). It raises no tier, is shown wherever the tier is, and lets
nothing be honoured that was revoked. propose drafts one and signs it with the
key of whoever proposes; another person signs it on a machine of his own;
publish gives it to a daemon, which passes it on to the nodes of the domain.
withdraw ends one before its time: one person suffices.

  --action ACT            serve-foreign or accept-foreign, for a partner's
                          bundle; issue or renew, for identities of this domain
  --tier TIER             the worst tier in which the act is permitted:
                          DEGRADED, SURVIVAL or EXPIRED
  --for DURATION          from now on, at most 24h
  --reason TEXT           why, for everybody who sees it
  --about DOMAIN          whose statements may be older; this domain where left
                          out
  --from BUNDLE           a bundle file of the domain, where no daemon is at
                          hand
  --key KEY-FILE          key of a person, as holdfast root key create makes one
  --passphrase-file FILE  0600; without it the terminal is asked
  --yes                   do not ask
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'override',
  summary: 'permit for a day, by two people, what an age forbids',
  usage: USAGE,
  run: (context) => runAction(context, { propose, ...proposalActions('override'), list, withdraw }),
};

const SUITE = runtimeSuite();

async function propose(context: CommandContext): Promise<number> {
  const options = {
    ...CLIENT_OPTIONS,
    from: { type: 'string' },
    action: { type: 'string' },
    tier: { type: 'string' },
    for: { type: 'string' },
    reason: { type: 'string' },
    about: { type: 'string' },
    key: { type: 'string' },
    'passphrase-file': { type: 'string' },
  } as const;
  const { values, operands } = parseLine(context.args, options, ['FILE']);
  const action = OVERRIDABLE_ACTIONS.find((known) => known === values.action);
  const tier = OVERRIDABLE_TIERS.find((known) => known === values.tier);
  const ms = parseDuration(values.for ?? '');
  if (action === undefined) {
    throw new UsageError(`--action is one of ${OVERRIDABLE_ACTIONS.join(', ')}`);
  }
  if (tier === undefined) throw new UsageError(`--tier is one of ${OVERRIDABLE_TIERS.join(', ')}`);
  if (ms === undefined || ms <= 0 || ms > OVERRIDE_MS_MAX) {
    throw new UsageError('--for takes a duration of at most 24h');
  }
  const { reason, key } = values;
  if (reason === undefined || key === undefined) {
    throw new UsageError(`${reason === undefined ? '--reason' : '--key'} is missing`);
  }
  const clock = openClock().now();
  const belief = await believedUpon(context, values, clock);
  const about = values.about === undefined ? belief.domain : parseTrustDomain(values.about);
  const dates = { issuedAt: clock.wall, notAfter: addMs(clock.wall, ms) };
  const draft = draftOverride(belief.domain, { about, action, tier, reason, ...dates });
  const proposal = decodeProposal(SUITE, toUtf8(encodeProposal(belief, draft)));
  const ask = passphraseFrom(context, values['passphrase-file'], 'Passphrase of the key: ');
  const signer = await openPersonKey(SUITE, resolve(key), ask);
  const text = encodeProposal(belief, signProposal(proposal, signer));
  return await saveProposal(context, { file: operands[0] ?? '', text }, values);
}

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const { domains } = await withDaemon(context, values, (daemon) => daemon.call('status', {}));
  const overrides = domains.flatMap((status) =>
    status.overrides.map((override) => ({ about: status.domain, ...override })),
  );
  context.write(values.json ? jsonText({ overrides }) : overridesText(domains));
  return EXIT_DONE;
}

function overridesText(domains: readonly DomainStatus[]): string {
  const rows = domains.flatMap(({ domain, overrides }) =>
    overrides.map(({ id, action, tier, people, notAfter, reason }) => [
      ...[id, action, domain, tier, notAfter, people.join(', '), reason],
    ]),
  );
  if (rows.length === 0) return 'nothing is overridden\n';
  return tableText(['OVERRIDE', 'ACT', 'ABOUT', 'DOWN TO', 'UNTIL', 'BY', 'REASON'], rows);
}

async function withdraw(context: CommandContext): Promise<number> {
  const options = {
    ...CLIENT_OPTIONS,
    key: { type: 'string' },
    'passphrase-file': { type: 'string' },
  } as const;
  const { values, operands } = parseLine(context.args, options, ['ID']);
  if (values.key === undefined) throw new UsageError('--key is missing');
  const ask = passphraseFrom(context, values['passphrase-file'], 'Passphrase of the key: ');
  const signer = await openPersonKey(SUITE, resolve(values.key), ask);
  const { documents } = await withDaemon(context, values, async (daemon) => {
    const { domain } = await daemon.call('status', {});
    const recalled = { domain: parseTrustDomain(domain), override: digestIn(operands[0] ?? '') };
    const recall = signRecall(signer, recalled, openClock().now().wall);
    return daemon.call('bundle.import', { text: encodeBlock('recall', recall) });
  });
  context.write(values.json ? jsonText({ documents }) : outcomesText(documents));
  return documents.every(isTaken) ? EXIT_DONE : EXIT_FAILED;
}

function digestIn(text: string): Digest {
  if (!DIGEST.test(text)) throw new UsageError('an ID has 64 digits, as override list prints it');
  return text as Digest;
}

const DIGEST = /^[0-9a-f]{64}$/;
