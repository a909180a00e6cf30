/**
 * Follows the references of the own domain, however they come, gossip or a file: the keys in the
 * chip obey the newest approvals, and the chip forgets what they withdraw (PROTOCOL §7.4).
 */

import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import type { DomainView } from '../../federation/view.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { publishedBoots } from '../authority/reference-book.ts';
import type { ChipCustody } from '../custody/chip-custody.ts';
import type { Log } from '../ports.ts';

export class ReferenceFollower {
  readonly #chip: ChipCustody | null;
  readonly #audit: AuditLog;
  readonly #log: Log;
  #seen = '';

  constructor(chip: ChipCustody | null, audit: AuditLog, log: Log) {
    this.#chip = chip;
    this.#audit = audit;
    this.#log = log;
  }

  /**
   * Looks at the references once for each document. One that does not approve this boot under
   * another approver is passed over, and what held before holds on; a chip that fails is asked
   * again at the next change. Returns whether the keys obey anything new.
   */
  async follow(own: DomainView | null): Promise<boolean> {
    const digest = own?.documents.get('references')?.digest;
    if (this.#chip === null || own === null || digest === undefined) return false;
    if (digest === this.#seen) return false;
    this.#seen = digest;
    try {
      const approved = publishedBoots(own);
      if (approved === null || !(await this.#chip.adopt(approved))) return false;
      const { generation, approvals } = approved.boots;
      const fields = { generation: String(generation), approvals: approvals.length };
      await this.#audit.append('references.adopted', fields);
      return true;
    } catch (error) {
      if (!(error instanceof Failure || error instanceof Refusal)) throw error;
      if (error instanceof Failure) this.#seen = '';
      this.#log.warn('references not adopted', { code: error.code, why: error.message });
      return false;
    }
  }
}
