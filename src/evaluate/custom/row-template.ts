import { parse, tokenize } from '@huggingface/jinja';
import { pythonStrip } from '../python-strip.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Why a row does not fit a template: the field and what is wrong with it. */
export class RowProblem extends Error {
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], message: string) {
    super(message);
    this.path = path;
  }
}

/** A value made from a row: a whole column, or text with columns in it. */
export interface RowTemplate {
  /** The columns it names, in order of appearance. */
  readonly columns: readonly string[];
  /** Strings, numbers, lists, … as they are where the template is one column or one `{{ … }}`, else text. */
  value(row: Row): unknown;
  /** As Jinja prints it. */
  text(row: Row): string;
  /** Whether `value` is a column by its plain name (`doc_to_target: label`). */
  isColumn(row: Row): boolean;
}

/**
 * The part of Jinja that question templates need, with lm-eval's rules (`utils.py`: StrictUndefined, final newlines kept;
 * `api/task.py`: a template that is a column's name stands for that column): `{{ name }}`, `.field`, `[0]`, lists,
 * `.strip()` and `| trim`. What is not understood is refused here, before any row is read.
 * @throws Error with what is not supported
 */
export function rowTemplate(source: string): RowTemplate {
  if (/\{[%#]/.test(source)) throw new Error('holds a {% … %} or {# … #}; only {{ … }} is supported');
  // The lexer drops one newline at the end, which lm-eval keeps.
  const program = parse(tokenize(source.endsWith('\n') ? `${source}\n` : source)) as unknown as Node;
  const parts = (program.body ?? []).map((node) => expression(node));
  const columns = [...new Set(parts.flatMap((part) => part.columns))];
  const plain = /^\w+$/.test(source);
  const isColumn = (row: Row): boolean => Object.hasOwn(row, source);
  const text = (row: Row): string => {
    if (isColumn(row)) return printed(row[source], [source]);
    if (plain) throw new RowProblem([source], 'is missing');
    return parts.map((part) => printed(part.evaluate(row), part.columns.slice(0, 1))).join('');
  };
  return {
    columns: plain ? [source] : columns,
    isColumn,
    text,
    value: (row) => {
      if (isColumn(row)) return row[source];
      return parts.length === 1 && !plain ? parts[0]!.evaluate(row) : text(row);
    },
  };
}

/** What of the parser's nodes is read here (`ast.ts` of @huggingface/jinja). */
interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly body?: readonly Node[];
  readonly object?: Node;
  readonly property?: Node;
  readonly computed?: boolean;
  readonly callee?: Node;
  readonly args?: readonly Node[];
  readonly operand?: Node;
  readonly filter?: Node;
}

interface Part {
  readonly columns: readonly string[];
  readonly evaluate: (row: Row) => unknown;
}

function expression(node: Node): Part {
  switch (node.type) {
    case 'StringLiteral':
    case 'IntegerLiteral':
    case 'FloatLiteral':
      return { columns: [], evaluate: () => node.value };
    case 'Identifier':
      return column(String(node.value));
    case 'ArrayLiteral':
    case 'TupleLiteral':
      return list((node.value as readonly Node[]).map(expression));
    case 'MemberExpression':
      return member(node);
    case 'CallExpression':
      if (node.callee?.type === 'MemberExpression' && node.args?.length === 0) {
        const { object, property, computed } = node.callee;
        if (computed !== true && property?.value === 'strip') return stripped(expression(object!));
      }
      throw new Error('calls a function; only .strip() is supported');
    case 'FilterExpression':
      if (node.filter?.value === 'trim') return stripped(expression(node.operand!));
      throw new Error(
        `uses the filter ${String(node.filter?.value ?? 'with arguments')}; only trim is supported`,
      );
    default:
      throw new Error(`uses ${node.type}; only columns, their fields and lists are supported`);
  }
}

function column(name: string): Part {
  return {
    columns: [name],
    evaluate: (row) => {
      if (!Object.hasOwn(row, name)) throw new RowProblem([name], 'is missing');
      return row[name];
    },
  };
}

function list(entries: readonly Part[]): Part {
  return {
    columns: entries.flatMap((entry) => entry.columns),
    evaluate: (row) => entries.map((entry) => entry.evaluate(row)),
  };
}

function member({ object, property, computed }: Node): Part {
  const of = expression(object!);
  const literal = property!.type === 'IntegerLiteral' || property!.type === 'StringLiteral';
  if (computed === true && !literal) throw new Error('takes a field by an expression; name it');
  const key = property!.value as string | number;
  return {
    columns: of.columns,
    evaluate: (row) => {
      const value = of.evaluate(row);
      const found =
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string | number, unknown>)[key]
          : undefined;
      if (found === undefined) throw new RowProblem([...of.columns.slice(0, 1), key], 'is missing');
      return found;
    },
  };
}

function stripped(part: Part): Part {
  return { ...part, evaluate: (row) => pythonStrip(printed(part.evaluate(row), part.columns.slice(0, 1))) };
}

/** Python's `str` of what JSON holds; lists and objects have no text that a prompt would want. */
function printed(value: unknown, path: readonly string[]): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return String(value);
    case 'boolean':
      return value ? 'True' : 'False';
    default:
      if (value === null) return 'None';
      throw new RowProblem(path, 'must be a text or a number to stand in a text');
  }
}
