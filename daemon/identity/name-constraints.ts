/**
 * Name constraints of an intermediate: which names it may certify (RFC 5280 §4.2.1.10).
 *
 * They confine the host of a URI and nothing of its path, so a SPIFFE trust domain can be fenced
 * off and a part of one cannot: that is why a cell has a trust domain of its own (PROTOCOL §7.2).
 * Constraints on URIs and on names of hosts are applied. A name of any other form under an issuer
 * that constrains that form is refused, for nobody here compares such names.
 */

import { contextTag, type DerElement, DerReader, encodeDer, TAG } from '../../core/der.ts';
import { Refusal } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';

/** The forms of a GeneralName, by the tag that stands for each (RFC 5280 §4.2.1.6). */
export const NAME_FORM = {
  email: contextTag(1, 'primitive'),
  dns: contextTag(2, 'primitive'),
  directory: contextTag(4, 'constructed'),
  uri: contextTag(6, 'primitive'),
  ip: contextTag(7, 'primitive'),
} as const;

/** A name by its form; the text of a URI or of a host, empty for other forms. */
export interface GeneralName {
  readonly form: number;
  readonly text: string;
}

/** What an issuer may certify: of a form that `permitted` names nothing else. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Reads the value of the extension. Refuses `bad-encoding`. */
export function decodeNameConstraints(value: DerReader): NameConstraints {
  const fields = value.open(TAG.sequence);
  value.end();
  const permitted = fields.optional(contextTag(0, 'constructed'));
  const excluded = fields.optional(contextTag(1, 'constructed'));
  fields.end();
  if (permitted === undefined && excluded === undefined) malformed('constraints of nothing');
  return {
    permitted: permitted === undefined ? [] : decodeSubtrees(permitted.contents),
    excluded: excluded === undefined ? [] : decodeSubtrees(excluded.contents),
  };
}

/** Reads the names of a SubjectAltName. Refuses `bad-encoding`. */
export function decodeNames(list: DerReader): readonly GeneralName[] {
  const names: GeneralName[] = [];
  while (!list.isAtEnd) names.push(nameOf(list.next()));
  return names;
}

/** The value for an intermediate of `domain` alone: its URIs, and no name of another form. */
export function encodeConfinement(domain: TrustDomain): Uint8Array {
  const subtree = (tag: number, base: Uint8Array) => encodeDer(TAG.sequence, encodeDer(tag, base));
  const host = Uint8Array.from(domain, (char) => char.charCodeAt(0));
  // An empty name, or an address under a mask of zeros, is above all of its form.
  const everything = [
    subtree(NAME_FORM.dns, new Uint8Array(0)),
    subtree(NAME_FORM.email, new Uint8Array(0)),
    subtree(NAME_FORM.ip, new Uint8Array(2 * 4)),
    subtree(NAME_FORM.ip, new Uint8Array(2 * 16)),
  ];
  return encodeDer(
    TAG.sequence,
    encodeDer(contextTag(0, 'constructed'), subtree(NAME_FORM.uri, host)),
    encodeDer(contextTag(1, 'constructed'), ...everything),
  );
}

/** True if an issuer under these constraints may certify the name. */
export function mayCertify({ permitted, excluded }: NameConstraints, name: GeneralName): boolean {
  const ofForm = ({ form }: GeneralName): boolean => form === name.form;
  const isUnder = (base: GeneralName): boolean => isWithin(name, base.text);
  const bases = permitted.filter(ofForm);
  const isPermitted = bases.length === 0 || bases.some(isUnder);
  return isPermitted && !excluded.filter(ofForm).some((base) => !isOutside(name, base.text));
}

/** True for a name that is surely at or below `base`. */
function isWithin({ form, text }: GeneralName, base: string): boolean {
  if (form === NAME_FORM.uri) return isHostWithin(hostOf(text), base);
  return form === NAME_FORM.dns && (base === '' || text === base || text.endsWith(`.${base}`));
}

/** True for a name that is surely not; a form that nobody compares never is. */
function isOutside(name: GeneralName, base: string): boolean {
  const isCompared = name.form === NAME_FORM.uri || name.form === NAME_FORM.dns;
  return isCompared && !isWithin(name, base);
}

/** A base with a leading dot stands for what is below it, another for that host alone. */
function isHostWithin(host: string, base: string): boolean {
  if (base === '') return true;
  return base.startsWith('.') ? host.endsWith(base) : host === base;
}

function hostOf(uri: string): string {
  const [, rest = ''] = uri.split('://', 2);
  return rest.split('/', 1)[0] ?? '';
}

function decodeSubtrees(contents: Uint8Array): readonly GeneralName[] {
  const list = new DerReader(contents);
  const names: GeneralName[] = [];
  while (!list.isAtEnd) {
    const subtree = list.open(TAG.sequence);
    names.push(nameOf(subtree.next()));
    // A minimum or maximum would follow; RFC 5280 has none, and nobody here applies one.
    subtree.end();
  }
  return names;
}

function nameOf({ tag, contents }: DerElement): GeneralName {
  const isText = tag === NAME_FORM.uri || tag === NAME_FORM.dns;
  return { form: tag, text: isText ? asciiText(contents) : '' };
}

function asciiText(contents: Uint8Array): string {
  if (contents.some((octet) => octet < 0x20 || octet > 0x7e)) malformed('a name beyond ASCII');
  return Array.from(contents, (octet) => String.fromCharCode(octet)).join('');
}

function malformed(why: string): never {
  throw new Refusal('bad-encoding', { encoding: 'X.509', why });
}
