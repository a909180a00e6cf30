/** Lines, painted: the one place where spans become what ink draws. */

import { Box, Text } from 'ink';
import { createElement, type ReactNode } from 'react';
import type { Line } from '../line.ts';
import { type Look, paintOf } from '../look.ts';

/** `lines` beneath each other. Each stands for itself: none is wrapped. */
export function Lines({
  lines,
  look,
}: {
  readonly lines: readonly Line[];
  readonly look: Look;
}): ReactNode {
  // Children in place, not in an array: a line has no identity but its row.
  return createElement(
    Box,
    { flexDirection: 'column' },
    ...lines.map((spans) => createElement(Row, { spans, look })),
  );
}

function Row({ spans, look }: { readonly spans: Line; readonly look: Look }): ReactNode {
  if (spans.length === 0) return <Text> </Text>;
  return createElement(
    Text,
    { wrap: 'truncate' },
    ...spans.map(({ text, tone }) => createElement(Text, paintOf(tone, look), text)),
  );
}
