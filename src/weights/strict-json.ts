/**
 * JSON as safetensors needs it. `JSON.parse` keeps the last of two equal keys and rounds integers above 2^53;
 * both would let two readers see different tensors in one file, so keys are unique here and numbers keep their text.
 */
export type StrictJson =
  null | boolean | string | JsonNumber | readonly StrictJson[] | ReadonlyMap<string, StrictJson>;

/** A number as it is written in the text. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** serde_json's limit: deeper nesting is an attack on the stack. */
const MAX_DEPTH = 128;

/** Parses `text`; throws a `SyntaxError` with the position for anything RFC 8259 does not allow, duplicate keys and lone surrogates. */
export function parseStrictJson(text: string): StrictJson {
  const scanner = new Scanner(text);
  const value = scanner.value(0);
  scanner.skipWhitespace();
  if (scanner.position < text.length) scanner.fail('text after the end');
  return value;
}

class Scanner {
  position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  fail(what: string): never {
    throw new SyntaxError(`${what} at character ${this.position}`);
  }

  skipWhitespace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.position++;
    }
  }

  value(depth: number): StrictJson {
    if (depth >= MAX_DEPTH) this.fail(`more than ${MAX_DEPTH} nested levels`);
    this.skipWhitespace();
    switch (this.#text[this.position]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): StrictJson {
    const members = new Map<string, StrictJson>();
    this.position++;
    if (this.#take('}')) return members;
    for (;;) {
      this.skipWhitespace();
      if (this.#text[this.position] !== '"') this.fail('a key in quotes is expected');
      const key = this.#string();
      if (members.has(key)) this.fail(`the key ${JSON.stringify(key)} appears twice`);
      if (!this.#take(':')) this.fail("':' is expected");
      members.set(key, this.value(depth + 1));
      if (this.#take('}')) return members;
      if (!this.#take(',')) this.fail("',' or '}' is expected");
    }
  }

  #array(depth: number): StrictJson {
    const items: StrictJson[] = [];
    this.position++;
    if (this.#take(']')) return items;
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.#take(']')) return items;
      if (!this.#take(',')) this.fail("',' or ']' is expected");
    }
  }

  #string(): string {
    const start = this.position;
    let end = start + 1;
    for (; this.#text[end] !== '"'; end++) {
      if (end >= this.#text.length) this.fail('a string without an end');
      if (this.#text[end] === '\\') end++;
    }
    let decoded: unknown;
    try {
      decoded = JSON.parse(this.#text.slice(start, end + 1));
    } catch {
      this.fail('a malformed string');
    }
    if (typeof decoded !== 'string' || /\p{Surrogate}/u.test(decoded)) this.fail('a malformed string');
    this.position = end + 1;
    return decoded;
  }

  #number(): JsonNumber {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.#text);
    if (match === null) this.fail('a value is expected');
    this.position += match[0].length;
    return new JsonNumber(match[0]);
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.position)) this.fail('a value is expected');
    this.position += word.length;
    return value;
  }

  #take(character: string): boolean {
    this.skipWhitespace();
    if (this.#text[this.position] !== character) return false;
    this.position++;
    return true;
  }
}
