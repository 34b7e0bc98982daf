import { markdownTable } from 'markdown-table';

/** One row of the table: a model that was trained or loaded, and how well it does on the held-out split. */
export interface GrownModel {
  readonly name: string;
  readonly blocks: number;
  readonly parameters: number;
  readonly initialisation: string;
  /** Null for a reference that came with its weights. */
  readonly steps: number | null;
  readonly lossNats: number;
}

export interface GrowthResult {
  readonly name: string;
  /** Whether the last round reached the reference. */
  readonly parity: boolean;
  readonly models: readonly GrownModel[];
}

/** The paper's table (v1 table 6): model, layers, initialisation, steps, validation loss. */
export function renderGrowth({ name, parity, models }: GrowthResult): string {
  const reference = models[0]!;
  const targets = models.filter(({ name }) => name.startsWith('target'));
  const last = targets.at(-1)!;
  const gap = last.lossNats - reference.lossNats;
  const verdict = parity
    ? `The target with ${last.blocks} of ${reference.blocks} blocks reaches the reference's validation loss (${signed(gap)} nats).`
    : `No target reached the reference's validation loss: with ${last.blocks} of ${reference.blocks} blocks ${signed(gap)} nats are left.`;
  const rows = models.map((model) => [
    model.name,
    String(model.blocks),
    model.parameters.toLocaleString('en'),
    model.initialisation,
    model.steps === null ? '–' : String(model.steps),
    model.lossNats.toFixed(4),
    model === reference ? '' : signed(model.lossNats - reference.lossNats),
  ]);
  const table = markdownTable(
    [
      ['Model', 'Layers', 'Parameters', 'Initialisation', 'Steps', 'Validation loss (nats)', 'to reference'],
      ...rows,
    ],
    { align: ['l', 'r', 'r', 'l', 'r', 'r', 'r'] },
  );
  return `# ${name}: growth\n\n${verdict}\n\n${table}\n`;
}

function signed(nats: number): string {
  return `${nats < 0 ? '−' : '+'}${Math.abs(nats).toFixed(4)}`;
}
