/** What is read or assigned together. More at once would be felt in memory, less takes longer: TensorFlow prepares a graph for every group. */
export const GROUP_BYTES = 32e6;

/**
 * Cuts a list of tensors into groups that are small enough to be held in memory together; a larger one is a group of
 * its own.
 */
export function inGroups<T extends { readonly bytes: number }>(tensors: readonly T[]): T[][] {
  const groups: T[][] = [];
  let bytes = Infinity;
  for (const tensor of tensors) {
    if (bytes + tensor.bytes > GROUP_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(tensor);
    bytes += tensor.bytes;
  }
  return groups;
}
