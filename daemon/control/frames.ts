/**
 * The frames of the control socket: JSON-RPC 2.0, one frame a WebSocket message, over a Unix socket
 * that only its owner may open, or over mutual TLS where that is configured.
 *
 * Pure: nothing here does I/O, so the daemon, the commands and the terminal share it. No batches,
 * and no notifications towards the daemon.
 */

import { isObject, type Json, type JsonObject, parseJson } from '../../core/canonical.ts';
import type { FailureCode } from '../../core/failure.ts';
import { CONTROL_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, type RefusalCode, type RefusalDetails } from '../../core/refusal.ts';
import type { Method, Notification, ParamsOf } from './calls.ts';

/** The HTTP path of the WebSocket. */
export const CONTROL_PATH = '/control';

/** Why a call was not answered as asked. */
export interface ControlTrouble {
  readonly code: RefusalCode | FailureCode | 'internal';
  /** The sentence a person reads. */
  readonly message: string;
  readonly details: RefusalDetails;
  readonly mend: string;
}

/** A trouble that the daemon answered with, on the asking side. */
export class ControlError extends Error implements ControlTrouble {
  override readonly name = 'ControlError';
  readonly code: ControlTrouble['code'];
  readonly details: RefusalDetails;
  readonly mend: string;

  constructor({ code, message, details, mend }: ControlTrouble) {
    super(message);
    this.code = code;
    this.details = details;
    this.mend = mend;
  }
}

export interface Request {
  readonly id: number;
  /** As it came: whether there is such a method is the next question. */
  readonly method: string;
  readonly params: JsonObject;
}

/** What the daemon sends. `id` is null where no request could be read. */
export type Answer =
  | { readonly kind: 'result'; readonly id: number; readonly result: Json }
  | { readonly kind: 'error'; readonly id: number | null; readonly trouble: ControlTrouble }
  | { readonly kind: 'notification'; readonly notification: Notification };

export function encodeRequest<M extends Method>(
  id: number,
  method: M,
  params: ParamsOf<M>,
): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** Reads a request. Refuses `control-request`, and what `parseJson` does. */
export function parseRequest(frame: Uint8Array): Request {
  const value = parseJson(frame, CONTROL_BYTES_MAX);
  if (!isObject(value)) return refuse('not an object');
  const { jsonrpc, id, method, params = {}, ...rest } = value;
  if (jsonrpc !== '2.0' || Object.keys(rest).length > 0) return refuse('not JSON-RPC 2.0');
  if (!isRequestId(id)) return refuse('id');
  if (typeof method !== 'string') return refuse('method');
  if (!isObject(params)) return refuse('params');
  return { id, method, params };
}

export function encodeAnswer(answer: Answer): string {
  switch (answer.kind) {
    case 'result':
      return JSON.stringify({ jsonrpc: '2.0', id: answer.id, result: answer.result });
    case 'error': {
      const { message, ...data } = answer.trouble;
      const error = { code: rpcCode(answer.trouble.code), message, data };
      return JSON.stringify({ jsonrpc: '2.0', id: answer.id, error }, plainNumber);
    }
    case 'notification':
      return JSON.stringify({ jsonrpc: '2.0', ...answer.notification });
  }
}

/** Reads what the daemon sent. Refuses `control-request` for a frame that is no answer. */
export function parseAnswer(frame: Uint8Array): Answer {
  const value = parseJson(frame, CONTROL_BYTES_MAX);
  if (!isObject(value) || value.jsonrpc !== '2.0') return refuse('not JSON-RPC 2.0');
  const { id, method, params, result, error } = value;
  if (id === undefined && isObject(params) && (method === 'event' || method === 'changed')) {
    return { kind: 'notification', notification: { method, params } as unknown as Notification };
  }
  if (isObject(error) && (id === null || isRequestId(id))) {
    return { kind: 'error', id, trouble: troubleIn(error) };
  }
  if (isRequestId(id) && result !== undefined) return { kind: 'result', id, result };
  return refuse('no answer');
}

function troubleIn({ message, data }: JsonObject): ControlTrouble {
  const { code, details, mend } = isObject(data) ? data : {};
  return {
    // A daemon of another version may know codes that this one does not; they are shown as told.
    code: (typeof code === 'string' ? code : 'internal') as ControlTrouble['code'],
    message: typeof message === 'string' ? message : '',
    details: (isObject(details) ? details : {}) as RefusalDetails,
    mend: typeof mend === 'string' ? mend : '',
  };
}

function isRequestId(id: Json | undefined): id is number {
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0;
}

/** The number JSON-RPC wants beside our code (JSON-RPC 2.0 §5.1). */
function rpcCode(code: ControlTrouble['code']): number {
  switch (code) {
    case 'control-request':
      return -32_600;
    case 'control-method':
      return -32_601;
    case 'control-params':
      return -32_602;
    case 'internal':
      return -32_603;
    default:
      return -32_000;
  }
}

function plainNumber(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function refuse(why: string): never {
  throw new Refusal('control-request', { why });
}
