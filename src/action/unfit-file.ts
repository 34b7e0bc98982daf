import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { COMMENT_KEY } from '../github/comment-marker.ts';
import { checkPart } from './check-part.ts';

/** What a train or evaluate job leaves on a machine that does not fit: its part is missing for no fault of the change. */
export interface UnfitFile {
  readonly kind: 'inheritune-unfit';
  readonly schemaVersion: 1;
  readonly variant: string;
  /** The commit the job was about. */
  readonly headSha: string;
  readonly reasons: readonly string[];
}

const unfitFile = z.strictObject({
  kind: z.literal('inheritune-unfit'),
  schemaVersion: z.literal(1),
  variant: z.string().regex(COMMENT_KEY),
  headSha: z.string().regex(/^[0-9a-f]{40,64}$/),
  reasons: z.array(z.string().max(2000)).min(1).max(100),
});

/** One such file from its JSON; `file` names it in messages. @throws ActionError */
export function parseUnfitFile(json: unknown, file: string): UnfitFile {
  return checkPart(unfitFile, json, file, 'what a job on a machine that does not fit leaves');
}

/** Leaves the file in `folder`. @returns its name */
export async function leaveUnfit(
  folder: string,
  part: Omit<UnfitFile, 'kind' | 'schemaVersion'>,
): Promise<string> {
  const file: UnfitFile = { kind: 'inheritune-unfit', schemaVersion: 1, ...part };
  const name = `unfit-${part.variant}.json`;
  mkdirSync(folder, { recursive: true });
  await writeFileAtomic(join(folder, name), `${JSON.stringify(file)}\n`);
  return name;
}
