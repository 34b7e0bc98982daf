export interface OutputDefinition {
  readonly name: string;
  readonly description: string;
}

/** Every output, as in `action.yml`; empty text where a run has nothing to say under it. */
export const OUTPUTS = [
  {
    name: 'outcome',
    description:
      'succeeded, regression, badInput, interrupted, failed, outOfMemory, killed, timedOut, hung, crashed, notANumber, empty, partlyMissing, baselineUnreadable, nothingNew, wrongMachine or refused',
  },
  {
    name: 'verdict',
    description:
      'Against the baseline: noRegression, regression, cannotTell, incomparable, missing, noBaseline, or none where nothing was to be compared',
  },
  { name: 'report-path', description: 'The report in Markdown, when the run wrote one' },
  {
    name: 'results-path',
    description: 'The evaluation results in JSON, when the run wrote them; for evaluate the shard file',
  },
  { name: 'model-path', description: "The model's folder in Hugging Face layout, when the run wrote it" },
  {
    name: 'record-path',
    description: "The run's record in JSON; for train its part, for report a folder of them",
  },
  { name: 'ledger-path', description: 'The claim ledger in Markdown, where one was brought up to date' },
  { name: 'run-id', description: 'Names this attempt in reports and records: run id, attempt and variant' },
  {
    name: 'left',
    description:
      'JSON: for train the folder of each model that is left to evaluate (reference, inherited, trained), null for one that the recipe names; those whose scores the baseline has are not in it',
  },
  {
    name: 'scores',
    description: 'JSON: by model (or variant) and task the metrics, docs and status, without single items',
  },
  { name: 'comment-url', description: 'Address of the comment on the pull request, when there is one' },
  { name: 'check-url', description: 'Address of the check run, when there is one' },
] as const satisfies readonly OutputDefinition[];

export type OutputName = (typeof OUTPUTS)[number]['name'];
