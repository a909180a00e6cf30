/**
 * The control methods of the desk, at an authority. Files take the same way as the network does; a
 * person approves by the id of a node or the start of it, and each act is audited with whose it
 * was.
 */

import { Refusal } from '../../core/refusal.ts';
import type { KeyId } from '../../core/suite.ts';
import type { FederationNode } from '../../federation/node.ts';
import { decodeKey } from '../../firmware/boot-state.ts';
import { endorsementDigest } from '../../firmware/ek-certificate.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { ApplicationView, EnrolledView } from '../control/views.ts';
import { nodeSpiffeId } from '../identity/node-id.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import type { EnrolmentDesk } from './desk.ts';
import type { DeskBook } from './desk-book.ts';
import type { Application, Enrolled } from './desk-records.ts';
import { decodeMessageFile, encodeMessageFile, nodeOf } from './message.ts';
import type { VerifiedRequest } from './request.ts';

export interface DeskMethodOptions {
  readonly node: FederationNode;
  readonly desk: EnrolmentDesk;
  readonly book: DeskBook;
  readonly audit: AuditLog;
}

/** Fewer digits might mean two nodes. */
const ID_CHARS_MIN = 8;

/** The methods by which people enrol machines. */
export function deskMethods({ node, desk, book, audit }: DeskMethodOptions) {
  const find = (id: string): KeyId => nodeNamed(desk, id);
  const isRevoked = (id: KeyId): boolean => node.hasRevoked(node.domain, id);
  const refuseHere = async (): Promise<never> => {
    throw new Refusal('not-member');
  };
  return {
    'enroll.request': refuseHere,
    'enroll.answer': refuseHere,
    'enroll.install': refuseHere,
    'enroll.join': refuseHere,
    'enroll.challenge': async ({ text }, caller) => {
      const request = decodeMessageFile(text);
      const challenge = await desk.challenge(request, 'courier', whose(caller));
      return { text: encodeMessageFile(challenge), node: nodeOf(challenge) };
    },
    'enroll.grant': async ({ text }, caller) => {
      const grant = await desk.grant(decodeMessageFile(text), whose(caller));
      return { text: encodeMessageFile(grant), node: nodeOf(grant) };
    },
    'enroll.list': async () => ({
      applications: desk.applications.map(({ application, request }) =>
        viewOf(application, request),
      ),
      nodes: book.nodes.map((each) => enrolledView(each, node, isRevoked(each.node))),
    }),
    'enroll.approve': async ({ node: id, forgetMarks = false }, caller) => {
      const { application, request } = await desk.approve(find(id), { forgetMarks });
      const named = application.node;
      await audit.append('enrolment.approved', { node: named, forgetMarks, ...whose(caller) });
      return viewOf(application, request);
    },
    'enroll.refuse': async ({ node: id }, caller) => {
      const found = find(id);
      await desk.refuse(found);
      await audit.append('enrolment.refused', { node: found, ...whose(caller) });
      return { node: found };
    },
  } satisfies Partial<ControlMethods>;
}

/** The one application whose node id begins so. Refuses `enrol-unknown`. */
function nodeNamed(desk: EnrolmentDesk, id: string): KeyId {
  const all = desk.applications.map(({ application }) => application);
  const found = all.filter(({ node }) => node.startsWith(id));
  const [only] = found;
  if (only === undefined || found.length > 1 || id.length < ID_CHARS_MIN) {
    throw new Refusal('enrol-unknown', { node: id, found: found.length });
  }
  return only.node;
}

function viewOf(application: Application, request: VerifiedRequest): ApplicationView {
  const { node, way, earned, isApproved, notAfter } = application;
  const { group, kind, chip } = request;
  return {
    ...{ node, group, kind, way, approved: isApproved },
    endorsement: chip === null ? '' : endorsementDigest(decodeKey(chip.endorsementKey)),
    assurance: earned ?? '',
    notAfter: formatRfc3339(notAfter),
  };
}

function enrolledView(
  enrolled: Enrolled,
  { domain }: FederationNode,
  revoked: boolean,
): EnrolledView {
  const { grantedAt, notAfter, chip: _chip, request: _request, ...said } = enrolled;
  return {
    ...said,
    spiffeId: nodeSpiffeId(domain, enrolled.node),
    grantedAt: formatRfc3339(grantedAt),
    notAfter: formatRfc3339(notAfter),
    revoked,
  };
}
