/** One input of the action. `action.yml`, the settings, `docs/action.md` and the command line are compared with this list. */
export interface InputDefinition {
  readonly name: string;
  /** One sentence for `action.yml` and the documentation. */
  readonly description: string;
  /** The right form, as messages about a wrong value show it. */
  readonly form: string;
  /** As in `action.yml`, where the runner fills it in; undefined for an input that must be given. */
  readonly default: string | undefined;
  /** The option of the command line that takes the same value. */
  readonly flag?: string;
  /** The recipe's field that the input replaces. */
  readonly recipeField?: string;
}

/** Lists of words that an input takes; the settings' types are made from them. */
export const STAGES = ['all', 'train', 'evaluate', 'report', 'record'] as const;
export const DEVICES = ['auto', 'cpu', 'cuda'] as const;
export const COMMENT_MODES = ['auto', 'always', 'never'] as const;
export const CHECK_MODES = ['auto', 'never'] as const;

const PATH = 'one path, e.g. runs/nightly';
const BOOLEAN = 'true or false';

/** Every input, in the order of the documentation. */
export const INPUTS = [
  {
    name: 'recipe',
    description: 'Path of the recipe (YAML), relative to the workspace',
    form: 'the path of a recipe, e.g. recipes/quickstart.yml',
    default: undefined,
  },
  {
    name: 'stages',
    description:
      'Which part of the work this job does: all, train, evaluate (one shard), report (merges shards, judges, comments; computes nothing) or record (stores the record that a finished run left; never on pull requests)',
    form: oneOf(STAGES),
    default: 'all',
  },
  {
    name: 'set',
    description: 'Fields of the recipe to replace, one field=value a line, e.g. inherit.layers=13',
    form: 'lines of the form field=value, e.g. inherit.layers=13',
    default: '',
    flag: '--set',
  },
  {
    name: 'variant',
    description:
      'Name of this variant in a matrix over layers, seeds or recipes; the report has a column for each',
    form: '1 to 64 letters, digits, dots, underscores or hyphens, a letter or digit first, e.g. layers-13',
    default: 'default',
  },
  {
    name: 'out',
    description:
      'Folder for the model, checkpoints and report, relative to the workspace; a run found there is continued',
    form: PATH,
    default: 'runs/action',
    flag: '--out',
  },
  {
    name: 'model',
    description:
      'For evaluate: the model (folder, hub id org/name@revision or .gguf file), by default the one in out; with results the folder that holds reference, inherited and trained, as far as the train job left them',
    form: 'a folder, a hub id org/name@revision or a .gguf file',
    default: '',
    flag: '--model',
  },
  {
    name: 'shard',
    description: "For evaluate: which part of the recipe's tasks, INDEX/COUNT counted from 1",
    form: 'INDEX/COUNT with 1 <= INDEX <= COUNT <= 256, e.g. 2/4',
    default: '1/1',
  },
  {
    name: 'results',
    description:
      'Folder with the files that the jobs before left, searched through. For report and record; for evaluate the part of the train job, which says what is left to evaluate',
    form: 'one path, e.g. shards',
    default: '',
  },
  {
    name: 'expect',
    description:
      'For report: names of the variants that must be there, separated by spaces; one without a shard is missing',
    form: 'names separated by spaces, each 1 to 64 letters, digits, dots, underscores or hyphens',
    default: '',
  },
  {
    name: 'data-dir',
    description: 'Folder of <task>.jsonl files to evaluate on, in place of the recipe’s evaluate.data',
    form: PATH,
    default: '',
    flag: '--data',
    recipeField: 'evaluate.data',
  },
  {
    name: 'device',
    description:
      'Where to compute: auto, cpu or cuda; auto leaves it to the recipe, and that takes a GPU when there is one',
    form: oneOf(DEVICES),
    default: 'auto',
    flag: '--device',
    recipeField: 'device',
  },
  {
    name: 'cache-dir',
    description:
      "Folder that keeps the native engine and downloads between jobs; by default the runner's tool cache",
    form: PATH,
    default: '',
    flag: '--cache-dir',
  },
  {
    name: 'native-dir',
    description: 'Folder with a native engine that is already there, on runners without network access',
    form: PATH,
    default: '',
    flag: '--native-dir',
  },
  {
    name: 'preflight',
    description:
      'Look at device, driver, memory, disk and the engine’s own computation first; a machine that does not fit ends the step neutral',
    form: BOOLEAN,
    default: 'true',
  },
  {
    name: 'baseline',
    description:
      'What to compare with: none, branch:NAME (records on a data branch) or a folder (of records, of a run, or of results)',
    form: 'none, branch:NAME (e.g. branch:inheritune-data) or the path of a folder',
    default: 'none',
  },
  {
    name: 'record',
    description:
      'Where the record of a complete run is added, as in baseline; none for code from forks. A branch needs contents: write',
    form: 'none, branch:NAME (e.g. branch:inheritune-data) or the path of a folder',
    default: 'none',
    flag: '--store',
  },
  {
    name: 'ledger',
    description:
      'Judge the paper’s claims by the records in the store of record, an entry for every night up to tonight; shown in the summary',
    form: BOOLEAN,
    default: 'false',
  },
  {
    name: 'only-new',
    description:
      'Compute nothing where a record in baseline is of this recipe and commit: a night with nothing new costs nothing',
    form: BOOLEAN,
    default: 'false',
  },
  {
    name: 'max-drop',
    description: 'Gate: the largest drop that is still accepted, in percentage points',
    form: 'percentage points from 0 to 100, e.g. 1',
    default: '1',
    flag: '--max-drop',
  },
  {
    name: 'confidence',
    description: 'Gate: confidence of the intervals and of the verdict',
    form: 'a number above 0.5 and below 1, e.g. 0.95',
    default: '0.95',
    flag: '--confidence',
  },
  {
    name: 'comment',
    description:
      'Comment on the pull request: auto (pull request events), always (also where the merge queue or a comment names one; a warning when there is none) or never',
    form: oneOf(COMMENT_MODES),
    default: 'auto',
  },
  {
    name: 'comment-key',
    description:
      'Name of this comment among several on one pull request; by default workflow and job. Give each job of a matrix its own',
    form: '1 to 64 letters, digits, dots, underscores or hyphens, e.g. nightly-3b',
    default: '',
  },
  {
    name: 'check-run',
    description:
      'Check run that shows progress and verdict: auto, or never. Needs checks: write; without it a warning',
    form: oneOf(CHECK_MODES),
    default: 'auto',
  },
  {
    name: 'check-name',
    description:
      'Name of the check run, which stays the same from run to run; by default Inheritune and the comment-key',
    form: 'at most 100 characters in one line, e.g. Inheritune nightly',
    default: '',
  },
  {
    name: 'allow-forks',
    description:
      'Run code from forks on self-hosted runners once this run was approved through fork-environment; false never runs it',
    form: BOOLEAN,
    default: 'false',
  },
  {
    name: 'fork-environment',
    description: 'Environment whose required reviewers approve a run of fork code; the job must name it too',
    form: 'the name of an environment, e.g. inheritune-fork',
    default: 'inheritune-fork',
  },
  {
    name: 'github-token',
    description:
      'Token for comment (pull-requests write) and check run (checks write); the run itself never sees it',
    form: 'a token, by default the job’s own',
    default: '${{ github.token }}',
  },
  {
    name: 'timeout-minutes',
    description:
      "Stop the run after so many minutes with a resumable checkpoint; 0 leaves it to the job's own time limit",
    form: 'a number of minutes from 0 (no limit of its own) to 7200, e.g. 330',
    default: '0',
  },
  {
    name: 'stall-minutes',
    description: 'End a run as hung when it has given no sign of life for so many minutes; 0 never does',
    form: 'a number of minutes from 0 (never) to 7200, e.g. 60',
    default: '60',
  },
] as const satisfies readonly InputDefinition[];

export type InputName = (typeof INPUTS)[number]['name'];

/** The definition of one input. */
export function inputDefinition(name: InputName): InputDefinition {
  return INPUTS.find((input) => input.name === name)!;
}

function oneOf(words: readonly string[]): string {
  return `one of ${words.join(', ')}`;
}
