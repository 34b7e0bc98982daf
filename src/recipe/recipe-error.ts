import { InherituneError } from '../errors.ts';

/** One thing wrong with a recipe. */
export interface RecipeProblem {
  /** `file:line:column`, or the override (`--set train.steps=ten`) that caused it. */
  readonly where: string;
  /** One sentence: field, value seen, what is allowed. */
  readonly message: string;
}

/**
 * A recipe that cannot be used; exit code 2. `code` says at which stage: `unreadable` (no such file), `syntax` (not YAML),
 * `invalid` (wrong fields or values), `path` (a file it names is absent), `section` (a part the command needs is absent).
 */
export class RecipeError extends InherituneError {
  readonly problems: readonly RecipeProblem[];

  constructor(
    code: 'unreadable' | 'syntax' | 'invalid' | 'path' | 'section',
    file: string,
    problems: readonly RecipeProblem[],
    options: { cause?: unknown } = {},
  ) {
    super(code, text(file, problems), options);
    this.problems = problems;
  }
}

function text(file: string, problems: readonly RecipeProblem[]): string {
  const lines = problems.map(({ where, message }) => `${where}: ${message}`);
  if (lines.length === 1) return lines[0]!;
  return [`The recipe ${file} has ${lines.length} problems.`, ...lines.map((line) => `  ${line}`)].join('\n');
}
