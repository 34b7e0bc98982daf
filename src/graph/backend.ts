import * as tf from '@tensorflow/tfjs';
import { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import '@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js';
import type { NativeBinding, TensorflowBackend } from '../engine/native-binding.ts';
import { restoreUtilFunctions } from '../engine/node-compatibility.ts';

/**
 * The backend on which a trace runs, while it runs. tfjs keeps its state globally, so there is one at a time.
 * A trace needs no native engine: without one, tfjs-node's kernels run on a backend that only ever sees a
 * symbolic binding.
 */
export function symbolicBackend(binding: NativeBinding, run: (backend: TensorflowBackend) => void): void {
  const backend = ensureBackend(binding);
  const native = backend.binding;
  const tape = tf.engine().state.activeTape;
  backend.binding = binding;
  // A disposed symbolic tensor may still be an input of a gradient that is traced later.
  backend.disposeData = () => true;
  try {
    tf.tidy(() => {
      run(backend);
    });
  } finally {
    backend.binding = native;
    Reflect.deleteProperty(backend, 'disposeData');
    tf.engine().state.activeTape = tape;
  }
}

/** The current tfjs backend, for operations that tfjs itself has no function for. */
export function currentBackend(): TensorflowBackend {
  return tf.backend() as unknown as TensorflowBackend;
}

function ensureBackend(binding: NativeBinding): TensorflowBackend {
  restoreUtilFunctions();
  if (tf.findBackend('tensorflow') === null) {
    tf.registerBackend(
      'tensorflow',
      () => new NodeJSKernelBackend(binding as never, '@tensorflow/tfjs-node-gpu'),
      3,
    );
  }
  if (tf.getBackend() !== 'tensorflow') tf.setBackend('tensorflow').catch(() => undefined);
  return currentBackend();
}
