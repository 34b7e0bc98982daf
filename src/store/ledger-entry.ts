import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { StoredFile } from './record-store.ts';
import { StoreError } from './store-error.ts';

const night = z.iso.date();

const claimResult = z.looseObject({
  claim: z.string().min(1),
  paper: z.number(),
  /** Null where it was not measured, with the reason. */
  ours: z.looseObject({ value: z.number(), lower: z.number(), upper: z.number() }).nullable(),
  verdict: z.enum(['reproduced', 'notReproduced', 'cannotTell']),
  /** The run is smaller than the paper's, or of another model: a stand-in for the claim. */
  scaled: z.boolean(),
  reason: z.string().nullable(),
});

const ledgerEntry = z.looseObject({
  schemaVersion: z.literal(1),
  kind: z.literal('night'),
  /** The recipe's name. */
  name: z.string(),
  night,
  /** `nothingNew`: no run was made since the one named; the night cost nothing. */
  state: z.enum(['judged', 'nothingNew']),
  /** Path of the run's record; null where there never was one. */
  run: z.string().nullable(),
  /** Paths of the records that a judged night took in: the run, and older ones of the night. Entries of old have the run alone. */
  runs: z.array(z.string()).exactOptional(),
  commit: z.string().nullable(),
  device: z.string().nullable(),
  gpuMinutes: z.number().min(0),
  claims: z.array(claimResult),
});

export type ClaimResult = z.infer<typeof claimResult>;

/** What one night found: one immutable file in the store. */
export type LedgerEntry = z.infer<typeof ledgerEntry>;

/** `ledger/<recipe>/<night>-<hash>.json`. */
export function ledgerFile(entry: LedgerEntry): StoredFile {
  const text = `${JSON.stringify(entry, null, 1)}\n`;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { path: `ledger/${entry.name}/${entry.night}-${hash}.json`, text };
}

/** Recipe and night of a ledger file's path; undefined for other files. */
export function parseLedgerPath(path: string): { readonly name: string; readonly night: string } | undefined {
  const match = /(?:^|\/)ledger\/([^/]+)\/(\d{4}-\d\d-\d\d)-[0-9a-f]{16}\.json$/.exec(path);
  return match?.[1] === undefined || match[2] === undefined ? undefined : { name: match[1], night: match[2] };
}

/** @throws StoreError `baselineUnreadable` */
export function parseLedgerEntry(text: string, name: string): LedgerEntry {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unreadable(name, 'it is not JSON', cause);
  }
  const parsed = ledgerEntry.safeParse(json);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw unreadable(name, `${first?.path.join('.') ?? ''}: ${first?.message ?? ''}`, parsed.error);
}

function unreadable(name: string, why: string, cause: unknown): StoreError {
  return new StoreError(
    'baselineUnreadable',
    `Ledger unreadable: ${name} is not a night's entry: ${why}. Nothing was written; restore the file from the store's history, or remove it on purpose.`,
    { cause },
  );
}
