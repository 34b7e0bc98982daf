import { release } from './host-memory.ts';
import { inGroups } from './in-groups.ts';
import type { Session } from './session.ts';
import { sizeOf } from './tf-types.ts';
import type { Shape } from './tf-types.ts';

/**
 * Gives variables their values, with one large tensor or a few small ones in memory at a time.
 * @param read gives a variable's value, row-major, in an array of its own, whose memory is given back once it is assigned
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
    const values = new Map<string, Float32Array>();
    for (const { variable } of group) values.set(variable.name, await read(variable));
    session.assign(values);
    for (const array of values.values()) release(array);
    onAssigned?.(group.length);
  }
}
