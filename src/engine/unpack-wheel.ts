import { createWriteStream } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Entry, ZipFile } from 'yauzl';
import { openPromise } from 'yauzl';
import { EngineError } from './engine-error.ts';

/**
 * Unpacks the wanted members of a wheel (PEP 427: a zip archive) into a folder, one after another as streams,
 * under the paths they have inside. Returns those paths. yauzl refuses absolute names, backslashes and `..`,
 * and checks sizes; symbolic links are refused here.
 *
 * @throws EngineError `engine-archive` for a damaged archive or a pattern that matches nothing.
 */
export async function unpackWheel(file: string, members: readonly string[], into: string): Promise<string[]> {
  const patterns = members.map((member) => ({ member, regex: toRegex(member), seen: false }));
  const unpacked: string[] = [];
  const zip = await openArchive(file);
  try {
    for await (const entry of zip.eachEntry()) {
      const wanted = patterns.filter((pattern) => pattern.regex.test(entry.fileName));
      if (wanted.length === 0 || entry.fileName.endsWith('/')) continue;
      for (const pattern of wanted) pattern.seen = true;
      await unpackEntry(zip, entry, join(into, entry.fileName));
      unpacked.push(entry.fileName);
    }
  } catch (cause) {
    throw archiveError(file, cause);
  } finally {
    zip.close();
  }
  const unseen = patterns.filter((pattern) => !pattern.seen).map((pattern) => pattern.member);
  if (unseen.length > 0) {
    throw new EngineError(
      'engine-archive',
      `The wheel ${basename(file)} holds no ${unseen.join(', ')}. It is not the wheel this version was made for; report this.`,
    );
  }
  return unpacked;
}

async function openArchive(file: string): Promise<ZipFile> {
  try {
    return await openPromise(file, { lazyEntries: true, autoClose: false });
  } catch (cause) {
    throw archiveError(file, cause);
  }
}

async function unpackEntry(zip: ZipFile, entry: Entry, path: string): Promise<void> {
  const mode = entry.externalFileAttributes >>> 16;
  if ((mode & 0o170000) === 0o120000) throw new Error(`${entry.fileName} is a symbolic link`);
  await mkdir(dirname(path), { recursive: true });
  await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path));
  if (mode & 0o111) await chmod(path, 0o755);
}

function archiveError(file: string, cause: unknown): EngineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/ENOSPC/.test(reason)) {
    return new EngineError(
      'engine-disk',
      `The disk is full while unpacking ${basename(file)}. Free some space, or move the cache with --cache-dir or RUNNER_TOOL_CACHE.`,
      { cause },
    );
  }
  return new EngineError(
    'engine-archive',
    `The wheel ${basename(file)} cannot be unpacked: ${reason}. Delete pip's cache (\`python3 -m pip cache purge\`) and run \`inheritune setup\` again.`,
    { cause },
  );
}

function toRegex(pattern: string): RegExp {
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${source}$`);
}
