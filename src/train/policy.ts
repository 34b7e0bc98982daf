export const POLICIES = ['stop', 'skip', 'reload'] as const;

/**
 * What to do about a step that went wrong. The update is part of the same run of the graph that gives the loss, so
 * both remedies first go back to the last good checkpoint, or to the start where there is none yet:
 * - `stop`: end the run; the last good checkpoint stays.
 * - `skip`: repeat the steps since then and leave out the update of this one; as if it had never been applied.
 * - `reload`: go on from there with the batches behind the bad one (Chowdhery et al., 2022, PaLM, section 5.1).
 */
export type Policy = (typeof POLICIES)[number];
