/**
 * ONNX Runtime on WebAssembly: the build makes one file of this module and what it imports, with its `.wasm` beside it, so
 * that an installed mho does not carry the runtime's 139 MB for browsers and graphics cards.
 */
import { env } from "onnxruntime-web/wasm";

// One thread: the networks are small, and threads would keep a command from ending.
env.wasm.numThreads = 1;

export { InferenceSession, Tensor } from "onnxruntime-web/wasm";
export type { Tensor as OnnxTensor } from "onnxruntime-web/wasm";
