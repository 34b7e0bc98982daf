import type { RunReportInput } from '../report/run-report-input.ts';

/** `results.json` of a run: every number of the report without the single items, for scripts. */
export function runSummary(input: RunReportInput): Record<string, unknown> {
  return {
    schemaVersion: 1,
    name: input.title,
    command: input.command,
    inherit: input.inherit,
    training:
      input.training === undefined
        ? undefined
        : { ...input.training, losses: undefined, finalLoss: input.training.losses.at(-1)?.loss },
    ...(input.growth === undefined ? {} : { growth: input.growth }),
    facts: input.facts,
    stages: input.stages,
    models: Object.fromEntries(
      input.models.map(({ key, label, parameters, result }) => [
        key,
        {
          label,
          parameters,
          results: `results/${key}.json`,
          validation: result.validation,
          groups: result.groups,
          tasks: Object.fromEntries(
            Object.entries(result.tasks).map(([name, task]) => [
              name,
              task.status === 'scored' ? { ...task, items: undefined } : task,
            ]),
          ),
          tokensComputed: result.tokensComputed,
          seconds: result.seconds,
        },
      ]),
    ),
  };
}
