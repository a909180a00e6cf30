/**
 * Metric families as text (OpenMetrics 1.0, §5 "Text format").
 *
 * Everything is a snapshot taken when somebody scrapes, so there is no registry and nothing to
 * keep: what the daemon knows anyhow is written down. Only what the daemon counts is a counter.
 */

import { assert } from '../../core/assert.ts';

/** One value with what tells it apart from its siblings. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All samples of one name. */
export interface Family {
  /** Without the `_total` that a counter's samples end with. */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What a scraper accepts and is told. OpenMetrics §5.1. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

const NAME = /^[a-z][a-z0-9_]*$/;
const SPECIAL = /[\\\n"]/;

/** The exposition of `families`, each once, in their order. */
export function encodeOpenMetrics(families: readonly Family[]): string {
  return `${families.map(encodeFamily).join('')}# EOF\n`;
}

function encodeFamily({ name, type, help, samples }: Family): string {
  assert(NAME.test(name), `a metric has a plain name, not ${name}`);
  const suffix = type === 'counter' ? '_total' : '';
  let text = `# TYPE ${name} ${type}\n# HELP ${name} ${escaped(help)}\n`;
  for (const { labels, value } of samples) {
    text += `${name}${suffix}${encodeLabels(labels)} ${encodeValue(value)}\n`;
  }
  return text;
}

function encodeLabels(labels: Sample['labels']): string {
  let text = '';
  for (const name of Object.keys(labels)) {
    text += `${text === '' ? '{' : ','}${name}="${escaped(labels[name] ?? '')}"`;
  }
  return text === '' ? '' : `${text}}`;
}

/** Whatever a peer wrote stays inside its quotes. OpenMetrics §5.2, escaped-string. */
function escaped(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function encodeValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
