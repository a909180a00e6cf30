/**
 * The control methods behind courier files (PROTOCOL §6.8): who this node is as a recipient, the
 * part of one domain, the key of a file that is sealed to us, and what a part would change. The
 * file itself is written and read by the command, part by part. Every daemon has them.
 */

import { fromBase64Url, toBase64Url, toUtf8 } from '../../core/bytes.ts';
import { kemKeyOf } from '../../core/hybrid-kem.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { unsealHeader } from '../../federation/courier.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { DomainChange, Marks } from '../../federation/preview.ts';
import type { ControlMethods } from '../control/server.ts';
import type { ChangedMark, CourierPreview } from '../control/views.ts';
import type { KeyCustody } from '../custody/custody.ts';
import type { Driver } from '../driver.ts';
import { outcomeViews } from '../methods/import-outcome.ts';
import { audited, type ReadingOptions, viewNamed } from '../methods/reading.ts';
import type { Random } from '../ports.ts';
import { courierSeed } from './courier-key.ts';

export interface CourierMethodOptions extends Pick<ReadingOptions, 'views' | 'audit'> {
  readonly node: FederationNode;
  readonly driver: Driver;
  readonly custody: KeyCustody;
  readonly random: Random;
}

/** The methods of `holdfast courier`. */
export function courierMethods(options: CourierMethodOptions) {
  const { node, driver, custody, random } = options;
  const seed = courierSeed(custody, random);
  return {
    'courier.recipient': async (_params, caller) => {
      const key = kemKeyOf(await seed());
      await audited(options, caller, 'courier.introduced', { node: node.nodeId });
      return { text: node.recipient(driver.now(), key), node: node.nodeId };
    },
    'courier.part': async ({ domain, recipients }, caller) => {
      await driver.settled();
      const view = viewNamed(options, domain);
      const text = node.courierPart(driver.now(), view.domain, recipients);
      if (text.length > BUNDLE_FILE_BYTES_MAX) {
        throw new Refusal('too-large', { domain: view.domain, limit: BUNDLE_FILE_BYTES_MAX });
      }
      const to = recipients.length;
      await audited(options, caller, 'courier.written', { domain: view.domain, recipients: to });
      return { text, domain: view.domain };
    },
    'courier.open': async ({ header }, caller) => {
      const fileKey = unsealHeader(fromBase64Url(header), node.nodeId, await seed());
      await audited(options, caller, 'courier.opened', { node: node.nodeId });
      return { key: toBase64Url(fileKey) };
    },
    'courier.preview': async ({ text }): Promise<CourierPreview> => {
      const { changes, outcomes } = node.preview(driver.now(), toUtf8(text));
      const domains = changes.map((change) => ({
        domain: change.domain,
        marks: changedMarks(change),
      }));
      return { domains, documents: outcomeViews(outcomes) };
    },
  } satisfies Partial<ControlMethods>;
}

/** What differs, in the words of the status: numbers as text, `none` where there is nothing. */
function changedMarks({ from, to }: DomainChange): readonly ChangedMark[] {
  const names = [...new Set([...from.documents.keys(), ...to.documents.keys()])].sort();
  const marks: readonly ChangedMark[] = [
    ...(['root', 'epoch', 'tick', 'revoked'] as const).map((name) => ({
      name,
      from: String(from[name]),
      to: String(to[name]),
    })),
    ...names.map((name) => ({
      name,
      from: documentText(from, name),
      to: documentText(to, name),
    })),
  ];
  return marks.filter((mark) => mark.from !== mark.to);
}

function documentText({ documents }: Marks, name: string): string {
  const version = documents.get(name);
  if (version === undefined) return 'none';
  return version === null ? 'not current' : String(version);
}
