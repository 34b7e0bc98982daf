import { Command, CommanderError } from 'commander';
import { loadEngine } from '../engine/load.ts';
import type { Engine } from '../engine/load.ts';
import { setupEngine } from '../engine/setup.ts';
import { EXIT, InherituneError } from '../errors.ts';
import type { ExitCode } from '../errors.ts';
import type { Progress } from '../progress.ts';
import type { RunContext } from '../run/context.ts';
import type { CommandIo } from './command-io.ts';
import { compareCommand } from './commands/compare.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { growCommand } from './commands/grow.ts';
import { inheritCommand } from './commands/inherit.ts';
import { inspectCommand } from './commands/inspect.ts';
import { ledgerCommand } from './commands/ledger.ts';
import { planCommand } from './commands/plan.ts';
import { plotCommand } from './commands/plot.ts';
import { prepareCommand } from './commands/prepare.ts';
import { recordCommand } from './commands/record.ts';
import { runCommand } from './commands/run.ts';
import { setupCommand } from './commands/setup.ts';
import { trainCommand } from './commands/train.ts';

export interface CliWorld {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  /** Width of the terminal that `print` goes to; undefined where that is none. */
  readonly columns?: number | undefined;
  readonly progress: Progress;
  readonly silentProgress: Progress;
  readonly signal: AbortSignal;
  readonly version: string;
}

/** Parses a command line, runs the command, and says how it ended. Never throws and never exits. */
export async function runCli(argv: readonly string[], world: CliWorld): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  const program = new Command('inheritune')
    .description(
      'Makes a small base language model from the first blocks of a large one, trains and evaluates it.',
    )
    .version(world.version)
    .option('--device <device>', 'auto, cpu or cuda; overrides the recipe')
    .option('--cache-dir <folder>', 'where the engine and models are kept')
    .option('--native-dir <folder>', 'use the TensorFlow addon in this folder')
    .option('--quiet', 'no progress display')
    .configureOutput({
      writeOut: (text) => world.print(text.trimEnd()),
      writeErr: (text) => world.printError(text.trimEnd()),
    })
    .exitOverride()
    .showHelpAfterError('(run inheritune --help, or inheritune COMMAND --help)');
  const io = (): CommandIo => commandIo(program.opts(), world);
  const commands = [
    ...[setupCommand, doctorCommand, planCommand, runCommand, inspectCommand, inheritCommand],
    ...[
      prepareCommand,
      trainCommand,
      growCommand,
      exportCommand,
      plotCommand,
      evaluateCommand,
      compareCommand,
      recordCommand,
      ledgerCommand,
    ],
  ];
  for (const define of commands) {
    const command = define(io, (code) => {
      exitCode = code;
    });
    // Global options are understood before and behind the command's name.
    for (const option of program.options)
      if (!command.options.some((o) => o.long === option.long)) command.addOption(option);
    command.on('option:device', (value: string) => program.setOptionValue('device', value));
    command.on('option:cache-dir', (value: string) => program.setOptionValue('cacheDir', value));
    command.on('option:native-dir', (value: string) => program.setOptionValue('nativeDir', value));
    command.on('option:quiet', () => program.setOptionValue('quiet', true));
    program.addCommand(command.copyInheritedSettings(program));
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (cause) {
    return explain(cause, world);
  }
}

interface GlobalOptions {
  readonly device?: string;
  readonly cacheDir?: string;
  readonly nativeDir?: string;
  readonly quiet?: boolean;
}

function commandIo(options: GlobalOptions, world: CliWorld): CommandIo {
  const device = deviceOf(options.device);
  const progress = options.quiet === true ? world.silentProgress : world.progress;
  const { cwd, env, signal, version } = world;
  const python = env['INHERITUNE_PYTHON'];
  const places = {
    ...(options.cacheDir === undefined ? {} : { cacheRoot: options.cacheDir }),
    ...(options.nativeDir === undefined ? {} : { nativeDir: options.nativeDir }),
    ...(python === undefined ? {} : { python }),
  };
  let engine: Promise<Engine> | undefined;
  const context: RunContext = {
    ...{ cwd, env, progress, signal, version, places },
    engine: (recipeDevice) => {
      engine ??= openEngine(device ?? recipeDevice, context);
      return engine;
    },
  };
  return { context, device, home: world.home, print: world.print, columns: world.columns };
}

async function openEngine(device: 'auto' | 'cpu' | 'cuda', context: RunContext): Promise<Engine> {
  const { env, progress, places } = context;
  const { addonPath } = await setupEngine({ variant: device, env, progress, ...places });
  return loadEngine({ addonPath, device });
}

function deviceOf(text: string | undefined): 'auto' | 'cpu' | 'cuda' | undefined {
  if (text === undefined || text === 'auto' || text === 'cpu' || text === 'cuda') return text;
  throw new InherituneError('usage', `--device is ${text}. Give auto, cpu or cuda.`);
}

/** A person's mistake is one or two sentences; only a bug of ours shows a stack. */
function explain(cause: unknown, world: CliWorld): ExitCode {
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (world.signal.aborted && cause === world.signal.reason) {
    world.printError('Interrupted. Run the same command again to go on: finished stages are reused.');
    return EXIT.interrupted;
  }
  if (cause instanceof InherituneError) {
    world.printError(cause.message);
    return cause.exitCode;
  }
  const system = systemError(cause);
  if (system !== undefined) {
    world.printError(system);
    return EXIT.usage;
  }
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  world.printError(`This is a bug of inheritune; please report it with what follows.\n${text}`);
  return EXIT.failed;
}

/** Errors of the file system carry a code and a path. */
function systemError(cause: unknown): string | undefined {
  const { code, path } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || path === undefined) return undefined;
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'permission is missing',
    EPERM: 'the system does not permit it',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    ENOENT: 'it does not exist',
    ENOTDIR: 'a part of the path is a file, not a folder',
    EISDIR: 'it is a folder',
    EEXIST: 'it exists already',
  };
  const reason = reasons[code];
  return reason === undefined
    ? undefined
    : `${path} cannot be used: ${reason}. Check the path, or choose another.`;
}
