import { access, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { recipeHash } from '../recipe/recipe-hash.ts';
import type { ReportedStage } from '../report/run-report-input.ts';

/** What is kept of a finished stage. */
interface StageRecord<T> {
  readonly schemaVersion: 1;
  /** Hash of everything the result depends on. */
  readonly inputHash: string;
  readonly seconds: number;
  readonly result: T;
  readonly outputs: readonly { readonly path: string; readonly bytes: number }[];
}

export interface Stage<T> {
  readonly name: string;
  /** Everything the result depends on, as plain data. */
  readonly inputs: unknown;
  /** Files that the stage leaves, relative to the run's folder. */
  readonly outputs: readonly string[];
  /** Plain data; what later stages and the report need. */
  readonly work: () => Promise<T>;
}

/** Runs the stages of one output folder, and takes over those whose inputs and outputs are as they were. */
export class StageRunner {
  readonly folder: string;
  readonly reported: ReportedStage[] = [];
  private readonly note: (text: string) => void;
  private readonly groups: boolean;

  /** With `groups`, what a stage says is folded under its name in the log of a GitHub job. */
  constructor(folder: string, note: (text: string) => void, groups = false) {
    this.folder = folder;
    this.note = note;
    this.groups = groups;
  }

  async run<T>({ name, inputs, outputs, work }: Stage<T>): Promise<T> {
    const inputHash = recipeHash(inputs);
    const earlier = await this.earlier<T>(name, inputHash);
    if (earlier !== undefined) {
      this.note(`${name}: inputs unchanged, reused`);
      this.reported.push({ name, status: 'reused', seconds: earlier.seconds });
      return earlier.result;
    }
    const started = performance.now();
    const result = await this.grouped(name, work);
    const seconds = (performance.now() - started) / 1000;
    await this.save(name, {
      schemaVersion: 1,
      inputHash,
      seconds,
      result,
      outputs: await this.sizes(outputs),
    });
    this.reported.push({ name, status: 'done', seconds });
    return result;
  }

  private async grouped<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (!this.groups) return work();
    this.note(`::group::${name}`);
    try {
      return await work();
    } finally {
      this.note('::endgroup::');
    }
  }

  /** The record of a finished stage, if its inputs are the same and its outputs are still there in their size. */
  private async earlier<T>(name: string, inputHash: string): Promise<StageRecord<T> | undefined> {
    try {
      const record = JSON.parse(await readFile(this.recordPath(name), 'utf8')) as StageRecord<T>;
      if (record.schemaVersion !== 1 || record.inputHash !== inputHash) return undefined;
      for (const { path, bytes } of record.outputs) {
        if ((await stat(join(this.folder, path))).size !== bytes) return undefined;
      }
      return record;
    } catch {
      // No record, or one that a kill cut off: the stage is simply run.
      return undefined;
    }
  }

  private async save<T>(name: string, record: StageRecord<T>): Promise<void> {
    await mkdir(join(this.folder, 'stages'), { recursive: true });
    await writeFileAtomic(this.recordPath(name), `${JSON.stringify(record, null, 2)}\n`);
  }

  private recordPath(name: string): string {
    return join(this.folder, 'stages', `${name.replaceAll(' ', '-')}.json`);
  }

  private async sizes(paths: readonly string[]): Promise<{ path: string; bytes: number }[]> {
    const sized = [];
    for (const path of paths) {
      await access(join(this.folder, path));
      sized.push({ path, bytes: (await stat(join(this.folder, path))).size });
    }
    return sized;
  }
}
