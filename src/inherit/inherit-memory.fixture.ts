/**
 * A program of its own, so that its peak memory is that of one copy: takes the first blocks of the checkpoint in argv[2]
 * into argv[3] (argv[4]: dtype or "same") and prints how far the resident set grew, in bytes.
 */
import { silentProgress } from '../progress.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';
import { inherit } from './inherit.ts';

const [, , source, outFolder, dtype] = process.argv;
const checkpoint = await openCheckpoint(source!);
const before = process.resourceUsage().maxRSS;
await inherit({
  checkpoint,
  layers: 8,
  outFolder: outFolder!,
  dtype: dtype === 'BF16' ? 'BF16' : undefined,
  progress: silentProgress,
});
await checkpoint.close();
process.stdout.write(String((process.resourceUsage().maxRSS - before) * 1024));
