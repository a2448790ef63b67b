/** A value that does not depend on what the network is given. */
export interface Constant {
  readonly shape: readonly number[];
  /** ONNX's number of its type. */
  readonly dataType: number;
  /** Row-major, each as its type holds it. */
  readonly values: Float64Array;
  /** The largest tensor of the file that it was made of. */
  readonly source: string;
  readonly sourceCount: number;
}
