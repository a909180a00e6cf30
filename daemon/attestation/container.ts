/**
 * What a container engine says about one container, as selectors (Docker Engine API,
 * ContainerInspect; Podman answers alike).
 */

import { isObject, type Json, parseJson } from '../../core/canonical.ts';
import { CONTAINER_ANSWER_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { type Selector, selectorOf } from '../identity/selector.ts';

/** Labels and variables of one container that are taken. */
const FACTS_MAX = 512;

/**
 * The selectors in an answer about the container `id`. An answer that cannot be read, or is about
 * another container, has none.
 */
export function containerSelectors(answer: Uint8Array, id: string): readonly Selector[] {
  const value = refusalOf(() => parseJson(answer, CONTAINER_ANSWER_BYTES_MAX));
  if (value instanceof Refusal || !isObject(value) || value.Id !== id) return [];
  const config = value.Config;
  if (!isObject(config)) return [];
  const labels = isObject(config.Labels) ? Object.entries(config.Labels) : [];
  const variables: readonly Json[] = Array.isArray(config.Env) ? config.Env : [];
  return [
    ...labels.slice(0, FACTS_MAX).map(([name, label]) => textOf('docker:label', `${name}:`, label)),
    ...variables.slice(0, FACTS_MAX).map((variable) => textOf('docker:env', '', variable)),
    textOf('docker:image_id', '', config.Image),
  ].filter((selector) => selector !== undefined);
}

function textOf(kind: string, before: string, value: Json | undefined): Selector | undefined {
  return typeof value === 'string' ? selectorOf(kind, `${before}${value}`) : undefined;
}
