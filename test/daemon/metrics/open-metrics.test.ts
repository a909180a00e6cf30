/** The text that scrapers read, by OpenMetrics 1.0 §5. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeOpenMetrics } from '../../../daemon/metrics/open-metrics.ts';

const exposition = suite('daemon/metrics/open-metrics');

exposition('writes type, help and samples, and says where it ends', () => {
  const text = encodeOpenMetrics([
    { name: 'entries', type: 'gauge', help: 'Entries.', samples: [{ labels: {}, value: 3 }] },
    {
      ...{ name: 'refusals', type: 'counter', help: 'Refusals.' },
      samples: [{ labels: { code: 'too-large' }, value: 2 }],
    },
  ]);
  assert.is(
    text,
    [
      '# TYPE entries gauge',
      '# HELP entries Entries.',
      'entries 3',
      '# TYPE refusals counter',
      '# HELP refusals Refusals.',
      'refusals_total{code="too-large"} 2',
      '# EOF',
      '',
    ].join('\n'),
  );
});

exposition('keeps within its quotes whatever a label holds', () => {
  const labels = { domain: 'a"} 1\n# EOF\n\\' };
  const text = encodeOpenMetrics([
    { name: 'x', type: 'gauge', help: 'X.', samples: [{ labels, value: 1 }] },
  ]);
  assert.is(text.split('\n').length, 5);
  assert.ok(text.includes('x{domain="a\\"} 1\\n# EOF\\n\\\\"} 1'));
});

exposition('writes what is not finite as the text has it', () => {
  const samples = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(
    (value, i) => ({ labels: { i: String(i) }, value }),
  );
  const text = encodeOpenMetrics([{ name: 'x', type: 'gauge', help: 'X.', samples }]);
  assert.ok(text.includes('x{i="0"} +Inf\nx{i="1"} -Inf\nx{i="2"} NaN\n'));
});

exposition.run();
