import type { Tensor, TensorInfo } from '@tensorflow/tfjs';

/** What the addon reports of a tensor that TensorFlow holds: its handle, shape and `TF_DataType` number. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** One attribute of an op; `type` is one of the binding's `TF_ATTR_…` numbers. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | object | readonly number[];
}

/** Typed arrays, or an array of byte strings for `TF_STRING`. */
export type TensorValues = Float32Array | Int32Array | Uint8Array | BigInt64Array | Uint8Array[];

/**
 * The N-API addon of tfjs-node-gpu 4.22.0 (`binding/tfjs_binding.cc`).
 * Its properties are not writable: wrap it in a plain object to replace one.
 * Tensors are host or device memory behind integer handles, freed only by `deleteTensor`.
 */
export interface NativeBinding {
  /** Copies `values` in (row-major, as many as `shape` says) and returns the new handle. */
  createTensor(shape: readonly number[], dtype: number, values: TensorValues): number;
  deleteTensor(id: number): void;
  /** Copies the values out. Half-precision tensors cannot be read: cast them in TensorFlow first. */
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  /** Runs one op eagerly and returns its outputs; every returned handle is the caller's to delete. */
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputIds: readonly number[],
    outputCount: number,
  ): TensorMetadata[];
  /** Opens a SavedModel folder; `tags` is a comma-separated list. Returns the session's handle. */
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** Feeds `inputNames` (comma-separated `op:index`) with `inputIds`, fetches `outputNames`. Variables persist. */
  runSavedModel(
    id: number,
    inputIds: readonly number[],
    inputNames: string,
    outputNames: string,
  ): TensorMetadata[];
  getNumOfSavedModels(): number;
  getNumOfTensors(): number;
  isUsingGpuDevice(): boolean;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_INT64: number;
  readonly TF_BOOL: number;
  readonly TF_COMPLEX64: number;
  readonly TF_STRING: number;
  readonly TF_RESOURCE: number;
  readonly TF_UINT8: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  /** The TensorFlow version of the loaded library, e.g. `2.21.0`. */
  readonly TF_Version: string;
}

/**
 * The parts of tfjs-node's `NodeJSKernelBackend` that the graph compiler works with.
 * Upstream declares the last two private; they are ordinary methods at run time (`dist/nodejs_kernel_backend.js`).
 */
export interface TensorflowBackend {
  /** Replaced by the tracer for the time of a trace. */
  binding: NativeBinding;
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
  ): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
    outputCount: number,
  ): Tensor[];
  /** Replaced by a no-op for the time of a trace. Returns whether the memory was released. */
  disposeData(dataId: object, force?: boolean): boolean;
  /** A tfjs tensor that owns the handle in `metadata`. */
  createOutputTensor(metadata: TensorMetadata): Tensor;
  /** The handles of tfjs tensors; values not yet on the TensorFlow side are copied there first. */
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
}
