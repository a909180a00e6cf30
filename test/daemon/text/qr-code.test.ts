/** QR codes: the same modules in every style, framed by light. */

import qrcode from 'qrcode-generator';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { qrText } from '../../../daemon/text/qr-code.ts';

const codes = suite('daemon/text/qr-code');

const TEXT = `holdfast:tick:${'A'.repeat(58)}`;

/** Rows of dark modules, read off the text again. */
function modulesIn(text: string): readonly (readonly boolean[])[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    const cells = [...line];
    const upper = cells.map((cell) => cell === '▄' || cell === ' ');
    const lower = cells.map((cell) => cell === '▀' || cell === ' ');
    return [upper, lower];
  });
}

codes('say what the library says, with a quiet zone of four modules', () => {
  const rows = modulesIn(qrText(TEXT, { unicode: true, color: false }));
  const code = qrcode(0, 'M');
  code.addData(TEXT, 'Byte');
  code.make();
  const count = code.getModuleCount();
  for (const [y, row] of rows.entries()) {
    assert.is(row.length, count + 8);
    for (const [x, isDark] of row.entries()) {
      const inside = x >= 4 && y >= 4 && x < count + 4 && y < count + 4;
      assert.is(isDark, inside && code.isDark(y - 4, x - 4), `${x} ${y}`);
    }
  }
});

codes('fit 80 columns, and say the same without Unicode', () => {
  const rows = modulesIn(qrText(TEXT, { unicode: true, color: false }));
  assert.ok(rows.every(({ length }) => length <= 80));
  const plain = qrText(TEXT, { unicode: false, color: false }).split('\n').slice(0, -1);
  assert.ok(plain.every((line) => /^(?:##| {2})+$/.test(line)));
  for (const [y, line] of plain.entries()) {
    const dark = (line.match(/../g) ?? []).map((cell) => cell === '  ');
    assert.equal(dark, rows[y]);
  }
});

codes('set their own colours where they may, and put back those of the terminal', () => {
  const plain = qrText(TEXT, { unicode: true, color: false }).split('\n');
  const drawn = qrText(TEXT, { unicode: true, color: true }).split('\n');
  assert.is(drawn.length, plain.length);
  for (const [at, line] of drawn.slice(0, -1).entries()) {
    assert.is(line, `\u001b[38;5;231;48;5;16m${plain[at]}\u001b[0m`);
  }
});

codes.run();
