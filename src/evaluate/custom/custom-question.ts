import type { z } from 'zod';
import type { Question, Task } from '../tasks/task.ts';
import type { CustomDefinition } from './custom-schema.ts';
import { RowProblem, rowTemplate } from './row-template.ts';
import type { Row, RowTemplate } from './row-template.ts';

type Fault = (key: string, reason: string) => Error;

/**
 * Rows as questions by a task file's three templates, as lm-eval's `ConfigurableTask` reads them.
 * A right answer that is not among the choices is a wrong row here; lm-eval counts it as never right.
 * @param fault makes the error for a template that is not supported
 */
export function customRead(definition: CustomDefinition, fault: Fault): Task['read'] {
  const { doc_to_text, doc_to_choice, doc_to_target } = definition;
  const text = compiled('doc_to_text', doc_to_text, fault);
  const constant = typeof doc_to_choice === 'string' ? undefined : Object.values(doc_to_choice);
  const choices =
    typeof doc_to_choice === 'string' ? compiled('doc_to_choice', doc_to_choice, fault) : undefined;
  const target =
    typeof doc_to_target === 'string' ? compiled('doc_to_target', doc_to_target, fault) : doc_to_target;
  const question = (row: Row): Question => {
    const context = text.text(row);
    if (/^\d+$/.test(context)) {
      throw new RowProblem(
        text.columns.slice(0, 1),
        'makes a prompt of digits only, which lm-eval takes for an index',
      );
    }
    const answers = constant ?? choiceTexts(choices!, row);
    return { kind: 'continuations', context, choices: answers, gold: goldOf(target, row, answers) };
  };
  return (value) => reading(value, question);
}

function compiled(key: string, source: string, fault: Fault): RowTemplate {
  try {
    return rowTemplate(source);
  } catch (cause) {
    throw fault(key, cause instanceof Error ? cause.message : String(cause));
  }
}

function reading(value: unknown, question: (row: Row) => Question): ReturnType<Task['read']> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problems: [issue([], 'no row')] };
  try {
    return { question: question(value as Row) };
  } catch (problem) {
    if (problem instanceof RowProblem) return { problems: [issue(problem.path, problem.message)] };
    throw problem;
  }
}

function choiceTexts(template: RowTemplate, row: Row): string[] {
  const value = template.value(row);
  if (!Array.isArray(value) || value.length === 0 || !value.every((choice) => typeof choice === 'string')) {
    throw new RowProblem(template.columns.slice(0, 1), 'must give a list of texts, the choices');
  }
  return value;
}

function goldOf(target: RowTemplate | number, row: Row, choices: readonly string[]): number {
  if (typeof target === 'number') {
    if (target < choices.length) return target;
    throw new RowProblem(
      [],
      `doc_to_target ${String(target)} is no index of the ${String(choices.length)} choices`,
    );
  }
  const path = target.columns.slice(0, 1);
  const value = target.isColumn(row) ? row[path[0]!] : target.text(row);
  const index = indexOf(value, target.isColumn(row), choices);
  if (Number.isInteger(index) && index >= 0 && index < choices.length) return index;
  throw new RowProblem(path, `must be the index or the text of one of the ${String(choices.length)} choices`);
}

/** A column of numbers holds indices and one of texts holds answers; a rendered template is an index if it is digits. */
function indexOf(value: unknown, isColumn: boolean, choices: readonly string[]): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string') return -1;
  return !isColumn && /^\d+$/.test(value) ? Number(value) : choices.indexOf(value);
}

function issue(path: readonly (string | number)[], message: string): z.core.$ZodIssue {
  return { code: 'custom', path: [...path], message, input: undefined };
}
