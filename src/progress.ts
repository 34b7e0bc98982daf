/** Where long work tells how far it is. The rims decide what it looks like: a bar, plain lines, or nothing. */
export interface Progress {
  /**
   * Starts a step of `total` units, `doneBefore` of which an interrupted run has done: they count towards the total, but not
   * towards the rate. `unit` is shown behind the rate ("tokens", "items", "MB").
   */
  start(label: string, total: number, unit: string, doneBefore?: number): ProgressStep;
  /** One line of text between steps. */
  note(text: string): void;
}

export interface ProgressStep {
  /** Adds `units` to what is done; `facts` replaces what stands behind the bar, e.g. `{ loss: '3.21' }`. */
  advance(units: number, facts?: Readonly<Record<string, string>>): void;
  end(): void;
}

/** Shows nothing; for tests and for callers that embed a stage. */
export const silentProgress: Progress = {
  start: () => ({ advance: () => undefined, end: () => undefined }),
  note: () => undefined,
};
