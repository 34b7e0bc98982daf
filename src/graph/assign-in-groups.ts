import { inGroups } from './in-groups.ts';
import type { Session } from './session.ts';
import { sizeOf } from './tf-types.ts';
import type { Shape } from './tf-types.ts';

/**
 * Gives variables their values, with one large tensor or a few small ones in memory at a time.
 * @param read gives a variable's value, row-major, in an array of its own: it is needed until its group is assigned
 * @param onAssigned is told how many variables have just got theirs
 */
export async function assignInGroups<T extends { readonly name: string; readonly shape: Shape }>(
  session: Pick<Session, 'assign'>,
  variables: readonly T[],
  read: (variable: T) => Promise<Float32Array>,
  onAssigned?: (variables: number) => void,
): Promise<void> {
  const sizes = variables.map((variable) => ({ variable, bytes: 4 * sizeOf(variable.shape) }));
  for (const group of inGroups(sizes)) {
    await assignGroup(
      session,
      group.map(({ variable }) => variable),
      read,
    );
    onAssigned?.(group.length);
  }
}

/** A function of its own, so that nothing holds the arrays when it is done. */
async function assignGroup<T extends { readonly name: string }>(
  session: Pick<Session, 'assign'>,
  group: readonly T[],
  read: (variable: T) => Promise<Float32Array>,
): Promise<void> {
  const values = new Map<string, Float32Array>();
  for (const variable of group) values.set(variable.name, await read(variable));
  session.assign(values);
}
