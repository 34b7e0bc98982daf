import { hubDataset } from '../../weights/hub-dataset.ts';
import { DataError } from '../data-error.ts';

import type { HubAccess } from '../../weights/hub-session.ts';
import type { TextSource } from './text-source.ts';

/** What a source path that begins with `hub:` says. */
export interface HubSource {
  readonly id: string;
  readonly revision: string;
  /** Paths inside the repository; `*` and `?` within a name, `**` across folders, `{a,b}`. */
  readonly glob: string;
}

const SPEC = /^hub:([\w.-]+\/[\w.-]+)@([\w./-]+)(?::(.+))?$/;
/** What `listSourceFiles` reads. */
const ALL_TEXT = '**/*.{parquet,jsonl,jsonl.gz,jsonl.zst,txt,txt.gz,txt.zst}';

/**
 * The parts of `hub:org/name@revision[:GLOB]`; undefined for a path on disk.
 * @throws DataError `source-unsupported` for another form: without a revision, tomorrow's tokens could be others.
 */
export function parseHubSource(path: string): HubSource | undefined {
  if (!path.startsWith('hub:')) return undefined;
  const match = SPEC.exec(path);
  if (match !== null) return { id: match[1]!, revision: match[2]!, glob: match[3] ?? ALL_TEXT };
  throw new DataError(
    'source-unsupported',
    `The source ${path} does not have the form hub:org/name@revision or hub:org/name@revision:GLOB. Name the dataset with a revision, best a full commit hash.`,
  );
}

/**
 * A source with its files on disk: those of a hub dataset are fetched into the cache that all Hugging Face tools share.
 * @throws DataError `source-empty` where no file of the revision matches; WeightsError for whatever keeps files away
 */
export async function fetchSource(source: TextSource, access: HubAccess): Promise<TextSource> {
  const hub = parseHubSource(source.path);
  if (hub === undefined) return source;
  const pattern = globPattern(hub.glob);
  const { commit, files } = await hubDataset({ ...access, id: hub.id, revision: hub.revision }).bring((paths) =>
    paths.filter((path) => pattern.test(path)).sort(),
  );
  if (files.length === 0) {
    throw new DataError('source-empty', `${source.path}: no file of the dataset matches ${hub.glob}. Correct the pattern.`);
  }
  return {
    ...source,
    label: source.path,
    revision: commit,
    files: files.map(({ path, location }) => ({ name: path, path: location })),
  };
}

/**
 * What to say of a fetched source whose revision is a branch or a tag: tomorrow it may hold other text.
 * @returns undefined for one that is named by its commit, and for a source on disk
 */
export function movingRevision({ path, revision: commit }: TextSource): string | undefined {
  const hub = parseHubSource(path);
  if (hub === undefined || commit === undefined || hub.revision === commit) return undefined;
  return `${path}: the revision ${hub.revision} can move; it is commit ${commit} now. Write that in its place to train on the same text again.`;
}

/** @see HubSource.glob */
export function globPattern(glob: string): RegExp {
  let depth = 0;
  const parts = glob.match(/\*\*\/|\*\*|[*?{},]|[^*?{},]+/g) ?? [];
  const written = parts.map((part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part === '{') depth += 1;
    if (part === '{') return '(?:';
    if (part === ',' && depth > 0) return '|';
    if (part === '}' && depth > 0) {
      depth -= 1;
      return ')';
    }
    return part.replace(/[\\^$.+()[\]|{},]/g, '\\$&');
  });
  return new RegExp(`^${written.join('')}${')'.repeat(depth)}$`);
}
