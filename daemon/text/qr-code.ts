/**
 * QR codes for a terminal: ticks, stops and fingerprints, for a scanner instead of a cable.
 *
 * Two rows stand in one line of half blocks. Dark modules are drawn as what the terminal leaves
 * empty and light ones as ink, framed by the quiet zone of ISO/IEC 18004 §6.3.8: on a dark terminal
 * that is a code as printed, on a light one its negative, so the colours are set where they may be.
 * Without Unicode each module is two characters.
 */

import qrcode from 'qrcode-generator';

/** How a code may be drawn. */
export interface QrStyle {
  /** Half blocks; otherwise `#` and spaces. */
  readonly unicode: boolean;
  /** As on paper, whatever the terminal's own colours are. */
  readonly color: boolean;
}

const QUIET = 4;
const HALVES = ['█', '▀', '▄', ' '] as const;
const WHITE_ON_BLACK = '\u001b[38;5;231;48;5;16m';
const PLAIN = '\u001b[0m';

/** The lines of a code that says `text`, each ended by a line feed. */
export function qrText(text: string, { unicode, color }: QrStyle): string {
  const code = qrcode(0, 'M');
  code.addData(text, 'Byte');
  code.make();
  const count = code.getModuleCount();
  const isDark = (row: number, column: number): boolean => {
    const [y, x] = [row - QUIET, column - QUIET];
    return y >= 0 && x >= 0 && y < count && x < count && code.isDark(y, x);
  };
  const side = count + 2 * QUIET;
  const lines: string[] = [];
  for (let row = 0; row < side; row += unicode ? 2 : 1) {
    let line = '';
    for (let column = 0; column < side; column++) {
      line += unicode
        ? HALVES[(isDark(row, column) ? 2 : 0) + (isDark(row + 1, column) ? 1 : 0)]
        : isDark(row, column)
          ? '  '
          : '##';
    }
    lines.push(color ? `${WHITE_ON_BLACK}${line}${PLAIN}` : line);
  }
  return lines.map((line) => `${line}\n`).join('');
}
