/**
 * Text from outside, made safe to show: the one function every line for a person goes through.
 *
 * A trust domain, a hint or an error of a peer may hold escape sequences that recolour, overwrite
 * or re-title a terminal, or bidirectional marks that make one name look like another. Both are
 * shown as escapes instead.
 */

// C0, DEL, C1 · zero-width and directional marks · line separators · isolates · BOM · surrogates.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/** `text` with every control, invisible or directional character as `\u{hex}`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same for JSON text, whose line feeds between members stay, in JSON's own escapes. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, (found) => {
    if (found === '\n') return found;
    return `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
