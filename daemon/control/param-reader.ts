/**
 * Reads the members of what a control client asks, each named, typed and bounded; a member that
 * nobody asked for is refused. What the members mean is not judged here (params.ts).
 */

import { isObject, type Json, type JsonObject } from '../../core/canonical.ts';
import { Refusal } from '../../core/refusal.ts';

/** Takes members out of an object one by one; what is left at the end nobody knows. */
export class ParamReader {
  readonly #left: Map<string, Json>;

  constructor(params: JsonObject) {
    this.#left = new Map(Object.entries(params));
  }

  text(name: string, charsMax: number): string {
    return textOf(this.#take(name), name, charsMax);
  }

  texts(name: string, countMax: number, charsMax: number): readonly string[] {
    const value = this.#take(name);
    if (!Array.isArray(value) || value.length > countMax) {
      return refuse(name, `a list of at most ${countMax}`);
    }
    return value.map((item: Json) => textOf(item, name, charsMax));
  }

  items<T>(name: string, countMax: number, read: (item: Json) => T): readonly T[] {
    const value = this.#take(name);
    if (!Array.isArray(value) || value.length > countMax) {
      return refuse(name, `a list of at most ${countMax}`);
    }
    return value.map((item: Json) => read(item));
  }

  object<T>(name: string, read: (reader: ParamReader) => T): T {
    const value = this.#take(name);
    const reader = new ParamReader(isObject(value) ? value : refuse(name, 'an object'));
    const found = read(reader);
    reader.end();
    return found;
  }

  nullable<T>(name: string, read: () => T): T | null {
    if (this.#left.get(name) !== null) return read();
    this.#left.delete(name);
    return null;
  }

  count(name: string, most: number, least = 1): number {
    const value = this.#take(name);
    const isCount = typeof value === 'number' && Number.isSafeInteger(value);
    const isWithin = isCount && value >= least && value <= most;
    return isWithin ? value : refuse(name, `${least} to ${most}`);
  }

  flag(name: string): boolean {
    const value = this.#take(name);
    return typeof value === 'boolean' ? value : refuse(name, 'true or false');
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.#take(name);
    const found = choices.find((choice) => choice === value);
    return found ?? refuse(name, choices.join(' or '));
  }

  /** `{[name]: value}`, or nothing at all where the member is absent. */
  optional<N extends string, T>(name: N, read: (name: N) => T): { readonly [K in N]?: T } {
    const present: { [K in N]?: T } = {};
    if (this.#left.has(name)) present[name] = read(name);
    return present;
  }

  end(): void {
    for (const name of this.#left.keys()) refuse(name.slice(0, 64), 'nothing by that name');
  }

  #take(name: string): Json | undefined {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }
}

function textOf(value: Json | undefined, name: string, charsMax: number): string {
  const isText = typeof value === 'string' && value.length <= charsMax;
  return isText ? value : refuse(name, `a text of at most ${charsMax} characters`);
}

/** Refuses `control-params` for a member that is not what was expected. */
export function refuse(member: string, expected: string): never {
  throw new Refusal('control-params', { member, expected });
}
