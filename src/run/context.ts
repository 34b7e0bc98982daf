import type { Engine } from '../engine/load.ts';
import type { Progress } from '../progress.ts';

/** What the rims give to every command: the outside world, as arguments. */
export interface RunContext {
  /** The folder the command was started in. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: Progress;
  /** Aborted on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Where the engine and models are kept, and what they are made with; each has a default. */
  readonly places: { readonly cacheRoot?: string; readonly nativeDir?: string; readonly python?: string };
  /** Set up on first use. */
  readonly engine: (device: 'auto' | 'cpu' | 'cuda') => Promise<Engine>;
  /** This tool's version. */
  readonly version: string;
}
