import { EXIT } from '../../errors.ts';
import { WeightsError } from '../../weights/errors.ts';
import { hubDataset } from '../../weights/hub-dataset.ts';
import type { HubDataset } from '../../weights/hub-dataset.ts';
import type { HubAccess } from '../../weights/hub-session.ts';
import { EvaluateError } from '../evaluate-error.ts';
import type { RowLoader, RowSplit } from '../load-rows.ts';
import type { Task } from '../tasks/task.ts';
import { chooseParquet } from './choose-parquet.ts';
import { DATASET_PINS } from './dataset-pins.ts';
import type { DatasetPin } from './dataset-pins.ts';
import { parquetRows } from './parquet-rows.ts';

export interface HubRows {
  readonly load: RowLoader;
  /** The commit of every dataset that was read so far, by id. */
  readonly commits: () => Readonly<Record<string, string>>;
}

/**
 * Rows from the hub's datasets at their pinned revisions, through the shared Hugging Face cache.
 * There is no falling back to other data: what cannot be had is an error.
 * @param pins by dataset id; tests give their own
 */
export function hubRows(
  access: HubAccess,
  pins: Readonly<Record<string, DatasetPin>> = DATASET_PINS,
): HubRows {
  const datasets = new Map<string, HubDataset>();
  const commits: Record<string, string> = {};
  const datasetOf = (id: string, pin: DatasetPin): HubDataset => {
    let dataset = datasets.get(id);
    if (dataset === undefined) {
      dataset = hubDataset({ ...access, id, revision: pin.revision, sha256: pin.sha256 });
      datasets.set(id, dataset);
    }
    return dataset;
  };
  return {
    commits: () => ({ ...commits }),
    load: async (task, split) => {
      const { dataset: id, config } = task.hub;
      const pin = pins[id];
      if (pin === undefined) throw unpinned(task, id);
      const hubSplit = splitOf(task, split);
      const choice = { config, split: hubSplit, file: pin.files?.[hubSplit] };
      const { commit, files } = await explained(task, () =>
        datasetOf(id, pin).bring((paths) => chooseParquet(paths, choice)),
      );
      if (files.length === 0) throw absent(task, `${id}@${commit}`, hubSplit);
      commits[id] = commit;
      const rows = await parquetRows(
        files.map(({ path, location }) => ({ location, name: `${id}/${path}` })),
      );
      return { status: 'loaded', rows };
    },
  };
}

/** The pins as one value, for whatever is to change when they do. */
export function pinnedRevisions(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(DATASET_PINS).map(([id, { revision }]) => [id, revision]));
}

function splitOf(task: Task, split: RowSplit): string {
  return split === 'scored' ? task.hub.split : split;
}

const INSTEAD =
  'Or give the rows yourself: --data FOLDER with <task>.jsonl files, or --data sample for the small sample that comes with the tool (evaluate.data in a recipe).';

async function explained<T>(task: Task, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof WeightsError) || cause.code === 'weights/write-failed') throw cause;
    throw new EvaluateError('no-hub-data', `${task.name}: ${cause.message} ${INSTEAD}`, {
      exitCode: EXIT.failed,
      cause,
    });
  }
}

function absent(task: Task, label: string, split: string): EvaluateError {
  const config = task.hub.config === null ? '' : `config ${task.hub.config}, `;
  return new EvaluateError(
    'no-hub-data',
    `${task.name}: the dataset ${label} has no parquet file for ${config}split ${split}. ${INSTEAD}`,
    { exitCode: EXIT.failed },
  );
}

function unpinned(task: Task, id: string): EvaluateError {
  return new EvaluateError(
    'no-hub-data',
    `${task.name}: no revision of the dataset ${id} is pinned. ${INSTEAD}`,
    { exitCode: EXIT.failed },
  );
}
