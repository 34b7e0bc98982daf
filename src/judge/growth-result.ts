/** A model of a growing run: one row of its table. */
export interface GrownModel {
  /** "reference", "target 4 blocks", "scratch". */
  readonly name: string;
  readonly role: 'reference' | 'target' | 'baseline';
  readonly blocks: number;
  readonly parameters: number;
  /** What its training began with. */
  readonly initialisation: string;
  /** Null for a reference that came with its weights. */
  readonly steps: number | null;
  /** Over the whole held-out split. */
  readonly lossNats: number;
  /** Changes when the weights do. */
  readonly weights: string;
}

/** What a growing run came to: the reference, a target for each round, and the baselines, in this order. */
export interface GrowthResult {
  /** Whether the last round reached the reference. */
  readonly parity: boolean;
  /** How far above the reference's loss still counted as parity (nats). */
  readonly tolerance: number;
  /** Tokens that every loss was computed over. */
  readonly validationTokens: number;
  /** sha256 of the held-out split; null where it is not known. */
  readonly validationHash: string | null;
  readonly models: readonly GrownModel[];
}

export function referenceOf({ models }: Pick<GrowthResult, 'models'>): GrownModel {
  return models.find(({ role }) => role === 'reference')!;
}

/** The target of the last round: what a growing run makes. */
export function lastTarget({ models }: Pick<GrowthResult, 'models'>): GrownModel {
  return models.findLast(({ role }) => role === 'target')!;
}

/** Blocks with which the target was as good as the reference; undefined where no round was. */
export function blocksAtParity(growth: Pick<GrowthResult, 'models' | 'parity'>): number | undefined {
  return growth.parity ? lastTarget(growth).blocks : undefined;
}
