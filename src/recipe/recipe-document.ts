import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import { RecipeError, type RecipeProblem } from './recipe-error.ts';

/** Path of a field: names, and positions in lists. */
export type FieldPath = readonly (string | number)[];

/** The plain value of a YAML text, and where each field of it stands. */
export interface RecipeDocument {
  readonly value: unknown;
  /** `file:line:column` of the field, or of the nearest enclosing one that exists. */
  locate(path: FieldPath): string;
}

/** A recipe is a page of text; anything larger is some other file. */
const MAX_CHARACTERS = 100_000;

/**
 * Reads one YAML 1.2 (or JSON) document. Duplicate fields, aliases, unknown tags and further documents are refused:
 * none is needed in a recipe, and each hides what is really set.
 * Throws `RecipeError` (`syntax`) listing every fault with line and column.
 */
export function parseRecipeDocument(text: string, file: string): RecipeDocument {
  if (text.length > MAX_CHARACTERS) {
    throw syntaxError(file, [
      {
        where: file,
        message: `the file has ${text.length} characters; a recipe has at most ${MAX_CHARACTERS}.`,
      },
    ]);
  }
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const documents = readDocuments(text, file, lines);
  const document = documents[0];
  if (document === undefined || document.contents === null) {
    throw syntaxError(file, [
      { where: file, message: 'the recipe is empty; it needs at least `reference: { model: … }`.' },
    ]);
  }
  const problems = [
    ...firstOfEachLine([...document.errors, ...document.warnings], lines).map((fault) => ({
      where: at(fault.pos[0]),
      message: yamlFault(fault),
    })),
    ...aliases(document).map((offset) => ({
      where: at(offset),
      message: 'YAML aliases (`*name`) are not allowed in a recipe; write the value out.',
    })),
  ];
  const second = documents[1];
  if (second !== undefined) {
    problems.push({
      where: at(second.contents?.range?.[0] ?? second.range[0]),
      message: 'a second YAML document starts here; keep one recipe per file.',
    });
  }
  if (problems.length > 0) throw syntaxError(file, problems);
  return {
    value: document.toJS() as unknown,
    locate: (path) => at(offsetOf(document.contents, path)),
  };
}

/** No recipe nests deeper than a handful. */
const MAX_BRACKETS = 100;

function readDocuments(text: string, file: string, lineCounter: LineCounter) {
  const tooDeep = { where: file, message: 'the YAML is nested too deeply to be read; check its brackets.' };
  // Before the parser, which recurses: near the end of the stack V8 may end the process instead of throwing.
  if (openBrackets(text) > MAX_BRACKETS) throw new RecipeError('syntax', file, [tooDeep]);
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      uniqueKeys: true,
      stringKeys: true,
    });
    return [...documents];
  } catch (cause) {
    throw new RecipeError('syntax', file, [tooDeep], { cause });
  }
}

/** The most brackets that are open at once, those in quotes and comments included. */
function openBrackets(text: string): number {
  let open = 0;
  let most = 0;
  for (const character of text) {
    if (character === '[' || character === '{') most = Math.max(most, ++open);
    if ((character === ']' || character === '}') && open > 0) open--;
  }
  return most;
}

/** One slip, such as a missing quote, makes the parser stumble several times on the same line. */
function firstOfEachLine(faults: readonly YAMLError[], lines: LineCounter): YAMLError[] {
  const byLine = new Map<number, YAMLError>();
  for (const fault of faults) {
    const { line } = lines.linePos(fault.pos[0]);
    if (!byLine.has(line)) byLine.set(line, fault);
  }
  return [...byLine.values()];
}

function yamlFault(fault: YAMLError): string {
  const message = fault.message.trim().replace(/\s+/g, ' ');
  if (fault.code === 'DUPLICATE_KEY') return 'this field is given twice in its section; keep one of them.';
  if (fault.code === 'NON_STRING_KEY') return 'a field name must be plain text; put quotes around it.';
  if (fault.code === 'RESOURCE_EXHAUSTION')
    return 'the YAML is nested too deeply to be read; check its brackets.';
  return `not valid YAML: ${message.replace(/[.:]$/, '')}; correct the line.`;
}

function aliases(document: Document): number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias: (_key, node) => {
      offsets.push(node.range?.[0] ?? 0);
    },
  });
  return offsets;
}

function offsetOf(contents: unknown, path: FieldPath): number {
  let node: unknown = contents;
  let offset = startOf(contents) ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (!isNode(node) || isAlias(node)) break;
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

function syntaxError(file: string, problems: readonly RecipeProblem[]): RecipeError {
  return new RecipeError('syntax', file, problems);
}
