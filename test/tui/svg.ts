/**
 * A screen as a picture: what `tmux capture-pane -e` gave, as SVG in a dark or a light scheme.
 *
 * It knows the sequences that the window writes (bold, dim, inverse, sixteen colours) and refuses
 * others, so that no picture shows less than the terminal did.
 */

type Theme = 'dark' | 'light';

interface Style {
  readonly bold: boolean;
  readonly dim: boolean;
  readonly inverse: boolean;
  readonly color: number | null;
}

interface Run {
  readonly text: string;
  readonly style: Style;
  readonly column: number;
}

const PLAIN: Style = { bold: false, dim: false, inverse: false, color: null };
const CELL = { width: 8, height: 17, size: 13.3 };
const MARGIN = 12;

/** Ground, ink, dim ink, and the colours that the window uses. */
const SCHEMES = {
  dark: {
    ground: '#0d1117',
    ink: '#d6dde6',
    dim: '#8b949e',
    31: '#ff7b72',
    32: '#56d364',
    33: '#e3b341',
  },
  light: {
    ground: '#ffffff',
    ink: '#1f2328',
    dim: '#656d76',
    31: '#b3261e',
    32: '#1a7f37',
    33: '#7d4e00',
  },
} as const;

/** The picture of a screen of so many columns. Throws for a sequence that it does not know. */
export function svgOf(screen: string, columns: number, theme: Theme): string {
  const lines = screen.replace(/\n+$/, '').split('\n');
  const width = columns * CELL.width + 2 * MARGIN;
  const height = lines.length * CELL.height + 2 * MARGIN;
  let style = PLAIN;
  const drawn = lines.flatMap((line, row) => {
    const { runs, after } = runsOf(line, style);
    style = after;
    return runs.map((run) => drawnRun(run, row, theme));
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"`,
    ` font-size="${CELL.size}" font-family="ui-monospace, Menlo, Consolas, monospace">\n`,
    '<title>holdfast tui</title>\n',
    `<rect width="${width}" height="${height}" rx="8" fill="${SCHEMES[theme].ground}"/>\n`,
    ...drawn,
    '</svg>\n',
  ].join('');
}

function runsOf(
  line: string,
  before: Style,
): { readonly runs: readonly Run[]; readonly after: Style } {
  const runs: Run[] = [];
  let style = before;
  let column = 0;
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    const codes = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
    if (codes !== undefined) {
      style = codes.split(';').reduce(styled, style);
    } else if (part !== '') {
      if (part.includes('\u001b')) throw new Error(`a sequence that no picture shows: ${part}`);
      // Runs of spaces need no ink, unless they are inverse.
      if (part.trim() !== '' || style.inverse) runs.push({ text: part, style, column });
      column += [...part].length;
    }
  }
  return { runs, after: style };
}

function styled(style: Style, code: string): Style {
  const number = Number.parseInt(code || '0', 10);
  if (number === 0) return PLAIN;
  if (number === 1) return { ...style, bold: true };
  if (number === 2) return { ...style, dim: true };
  if (number === 22) return { ...style, bold: false, dim: false };
  if (number === 7 || number === 27) return { ...style, inverse: number === 7 };
  if (number === 39) return { ...style, color: null };
  if (number === 49) return style; // the ground of the terminal
  if (number >= 31 && number <= 33) return { ...style, color: number };
  throw new Error(`a colour that no picture shows: ${code}`);
}

function drawnRun({ text, style, column }: Run, row: number, theme: Theme): string {
  const scheme = SCHEMES[theme];
  const x = MARGIN + column * CELL.width;
  const y = MARGIN + row * CELL.height;
  const width = [...text].length * CELL.width;
  const ink = inkOf(style, theme);
  const ground = style.inverse
    ? `<rect x="${x}" y="${y}" width="${width}" height="${CELL.height}" fill="${ink}"/>`
    : '';
  const weight = style.bold ? ' font-weight="bold"' : '';
  const fill = style.inverse ? scheme.ground : ink;
  return (
    `${ground}<text x="${x}" y="${y + 13}" textLength="${width}" fill="${fill}"${weight}` +
    ` xml:space="preserve">${escaped(text)}</text>\n`
  );
}

function inkOf({ color, dim }: Style, theme: Theme): string {
  const scheme = SCHEMES[theme];
  if (color === 31 || color === 32 || color === 33) return scheme[color];
  return dim ? scheme.dim : scheme.ink;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
