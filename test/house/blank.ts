/**
 * Blanks comments and the insides of literals in TypeScript, keeping every index where it was.
 *
 * A scanner of one pass over the tokens that matter here; it parses nothing. Code inside `${…}`
 * stays. Whether a slash divides or opens a pattern is told by the token before it, which is right
 * for code that the formatter has been over.
 */

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|[`{}]|\/|[\w$]+|[^\s\w$]/g;
const PATTERN = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE_PART = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
/** After these a slash opens a pattern. */
const BEFORE_PATTERN = /^(?:[=(,:[!&|?{};+<>~^%*-]|return|typeof|case|of|in|yield|await)$/;

/** `text` with comments and literal contents replaced by spaces; quotes and newlines stay. */
export function blank(text: string): string {
  const out: string[] = [];
  /** For each open brace: true where it is the `${` of a template. */
  const braces: boolean[] = [];
  let at = 0;
  let before = ';';
  const keep = (token: string): void => {
    out.push(token);
    at += token.length;
  };
  const hide = (token: string, edge: number): void => {
    const inside = token.slice(edge, token.length - edge).replace(/[^\n]/g, ' ');
    keep(token.slice(0, edge) + inside + token.slice(token.length - edge));
  };
  const template = (): void => {
    const part = matchAt(TEMPLATE_PART, text, at) ?? text.slice(at);
    const end = part.endsWith('${') ? 2 : 1;
    if (end === 2) braces.push(true);
    out.push(part.slice(0, -end).replace(/[^\n]/g, ' '), part.slice(-end));
    at += part.length;
  };
  for (;;) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) break;
    keep(text.slice(at, found.index));
    const token = found[0];
    if (token.startsWith('//') || token.startsWith('/*')) {
      hide(token, 0);
      continue;
    }
    const pattern =
      token === '/' && BEFORE_PATTERN.test(before) ? matchAt(PATTERN, text, at) : null;
    if (pattern !== null) hide(pattern, 1);
    else if (token.length > 1 && /^['"]/.test(token)) hide(token, 1);
    else keep(token);
    if (token === '{') braces.push(false);
    if (token === '`' || (token === '}' && braces.pop() === true)) template();
    before = token;
  }
  return out.join('') + text.slice(at);
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
