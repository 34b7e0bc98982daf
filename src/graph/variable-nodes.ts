import { attribute } from './graph-def.ts';
import type { GraphDef } from './graph-def.ts';
import { GROUP_BYTES } from './in-groups.ts';
import { sizeOf, TF } from './tf-types.ts';
import type { Shape } from './tf-types.ts';

/** Node names that `Session` uses for the n-th variable. */
export const variableNodes = (index: number) => ({
  feed: `variable_${index}/feed`,
  assigned: `variable_${index}/assigned`,
  value: `variable_${index}/read`,
  /** Some of a large variable's values in a row, see `PIECE_FEEDS`. */
  piece: `variable_${index}/piece`,
});

/** The position of a piece's first value, row-major, and that behind its last. */
export const PIECE_FEEDS = { begin: 'piece/begin', end: 'piece/end' } as const;

const PIECE_STRIDE = 'piece/stride';
const FLAT_SHAPE = 'piece/shape';

const float = attribute.type(TF.FLOAT);
const int32 = attribute.type(TF.INT32);

/** What pieces of any variable are made with. */
export function addPieceInputs(graph: GraphDef): void {
  for (const name of Object.values(PIECE_FEEDS))
    graph.add('Placeholder', [], { dtype: int32, shape: attribute.shape([1]) }, name);
  const constants = { [PIECE_STRIDE]: 1, [FLAT_SHAPE]: -1 };
  for (const [name, number] of Object.entries(constants)) {
    const value = attribute.tensor(TF.INT32, [1], Int32Array.of(number));
    graph.add('Const', [], { dtype: int32, value }, name);
  }
}

/** The ways into a variable and out of it. Weights come in through a placeholder: a graph with constants is limited to 2 GB. */
export function addTransfers(graph: GraphDef, node: string, shape: Shape): void {
  const dtype = float;
  graph.add('Placeholder', [], { dtype, shape: attribute.shape(shape) }, `${node}/feed`);
  const assign = graph.add('AssignVariableOp', [node, `${node}/feed`], { dtype }, `${node}/assign`);
  // A run needs an output to fetch; TensorFlow's saved-model runner of tfjs-node has no target operations.
  graph.add(
    'Const',
    [`^${assign}`],
    { dtype, value: attribute.tensor(TF.FLOAT, [], new Float32Array([0])) },
    `${node}/assigned`,
  );
  const read = graph.add('ReadVariableOp', [node], { dtype }, `${node}/current`);
  graph.add('Identity', [read], { T: dtype }, `${node}/read`);
  if (4 * sizeOf(shape) > GROUP_BYTES) addPiece(graph, read, `${node}/piece`);
}

/** Neither operation copies: both pass on memory that the variable holds. */
function addPiece(graph: GraphDef, read: string, name: string): void {
  const flat = graph.add('Reshape', [read, FLAT_SHAPE], { T: float, Tshape: int32 }, `${name}/flat`);
  const inputs = [flat, PIECE_FEEDS.begin, PIECE_FEEDS.end, PIECE_STRIDE];
  graph.add('StridedSlice', inputs, { T: float, Index: int32 }, name);
}
