import messages from '@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js';
import { sizeOf, TF } from './tf-types.ts';
import type { HostArray, Shape, TfType } from './tf-types.ts';

/** An attribute of a node, tagged with its kind as `attr_value.proto` has it. */
export type Attribute =
  | { readonly kind: 'type'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'shape'; readonly value: Shape }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'tensor'; readonly type: TfType; readonly shape: Shape; readonly values: HostArray };

export type Attributes = Readonly<Record<string, Attribute>>;

/** One operation of a graph: what a NodeDef holds. Inputs are node names, `name:1` for a second output, `^name` for control. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
  /** Element types and shapes of its outputs, where they are known. */
  readonly outputs: readonly NodeOutput[];
}

export interface NodeOutput {
  readonly type: TfType;
  readonly shape: Shape;
}

/** GraphDef version that TensorFlow 2.21 writes; older producers switch on legacy behaviour. */
const PRODUCER_VERSION = 1395;

/** Collects nodes in topological order, and writes them as the bytes of a `saved_model.pb` with the tag `serve`. */
export class GraphDef {
  readonly nodes: GraphNode[] = [];
  private readonly names = new Set<string>();

  /** Adds a node and returns its name; without a name one is made from the operation's. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Attributes,
    name = `${op}_${this.nodes.length}`,
    outputs: readonly NodeOutput[] = [],
  ): string {
    if (this.names.has(name)) throw new Error(`graph node ${name} exists already`);
    this.names.add(name);
    this.nodes.push({ name, op, inputs, attributes, outputs });
    return name;
  }

  /** Serialises the graph as a SavedModel protobuf (`tensorflow/core/protobuf/saved_model.proto`). */
  toSavedModel(): Uint8Array {
    const graph = new messages.GraphDef();
    const version = new messages.VersionDef();
    version.setProducer(PRODUCER_VERSION);
    graph.setVersions(version);
    for (const node of this.nodes) graph.addNode(nodeMessage(node));
    const info = new messages.MetaGraphDef.MetaInfoDef();
    info.setTagsList(['serve']);
    const metaGraph = new messages.MetaGraphDef();
    metaGraph.setMetaInfoDef(info);
    metaGraph.setGraphDef(graph);
    const savedModel = new messages.SavedModel();
    savedModel.setSavedModelSchemaVersion(1);
    savedModel.setMetaGraphsList([metaGraph]);
    return savedModel.serializeBinary();
  }
}

export const attribute = {
  type: (value: number): Attribute => ({ kind: 'type', value }),
  int: (value: number): Attribute => ({ kind: 'int', value }),
  bool: (value: boolean): Attribute => ({ kind: 'bool', value }),
  string: (value: string): Attribute => ({ kind: 'string', value }),
  shape: (value: Shape): Attribute => ({ kind: 'shape', value }),
  tensor: (type: TfType, shape: Shape, values: HostArray): Attribute => ({
    kind: 'tensor',
    type,
    shape,
    values,
  }),
};

/** Operations for which a GPU is no help: TensorFlow's takes the matrices of a batch one after the other, its CPU kernel on all cores. */
const ON_CPU: ReadonlySet<string> = new Set(['Svd']);

function nodeMessage(node: GraphNode): messages.NodeDef {
  const message = new messages.NodeDef();
  message.setName(node.name);
  message.setOp(node.op);
  if (ON_CPU.has(node.op)) message.setDevice('/device:CPU:0');
  message.setInputList([...node.inputs]);
  const attributes = message.getAttrMap();
  for (const [name, value] of Object.entries(node.attributes)) attributes.set(name, attributeMessage(value));
  return message;
}

function attributeMessage(attr: Attribute): messages.AttrValue {
  const message = new messages.AttrValue();
  switch (attr.kind) {
    case 'type':
      message.setType(attr.value);
      break;
    case 'int':
      message.setI(attr.value);
      break;
    case 'float':
      message.setF(attr.value);
      break;
    case 'bool':
      message.setB(attr.value);
      break;
    case 'string':
      // The generated setters take `bytes` fields as base64.
      message.setS(Buffer.from(attr.value).toString('base64'));
      break;
    case 'shape':
      message.setShape(shapeMessage(attr.value));
      break;
    case 'ints': {
      const list = new messages.AttrValue.ListValue();
      list.setIList([...attr.value]);
      message.setList(list);
      break;
    }
    case 'tensor':
      message.setTensor(tensorMessage(attr.type, attr.shape, attr.values));
      break;
  }
  return message;
}

function shapeMessage(shape: Shape): messages.TensorShape {
  const message = new messages.TensorShape();
  message.setDimList(
    shape.map((size) => {
      const dimension = new messages.TensorShape.Dim();
      dimension.setSize(size);
      return dimension;
    }),
  );
  return message;
}

function tensorMessage(type: TfType, shape: Shape, values: HostArray): messages.Tensor {
  const content = type === TF.BOOL ? Uint8Array.from(values) : values;
  if (content.length !== sizeOf(shape)) {
    throw new Error(`constant of shape [${shape.join(', ')}] has ${content.length} values`);
  }
  const message = new messages.Tensor();
  message.setDtype(type);
  message.setTensorShape(shapeMessage(shape));
  message.setTensorContent(
    Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64'),
  );
  return message;
}
