/** Which tensors of a file are quantised, and which only say what those are worth. */
export interface Quantised {
  /** Of a quantised tensor, one that scales it. */
  readonly scaleOf: ReadonlyMap<string, string>;
  /** Of a scale, a zero point or a table of values, the tensor that it belongs to. */
  readonly wholeOf: ReadonlyMap<string, string>;
}

/**
 * Finds them by the names that common tools give: transformers, vLLM, GPTQ, AWQ, HQQ, bitsandbytes, optimum and torchao.
 *
 * @param types  of safetensors, by the tensors' names.
 */
export function quantisedAmong(types: ReadonlyMap<string, string>): Quantised {
  const scaleOf = new Map<string, string>();
  const wholeOf = new Map<string, string>();
  for (const [name, type] of types) {
    const isPacked = packed.test(name);
    if (!isPacked && !/^(?:F8_|[IU]8$)/.test(type)) continue;
    const stem = name.replace(/[._](?:weight|qweight|weight_packed|W_q|_data)$/, "");
    const parts = [name, stem]
      .flatMap((one) => endings.map((ending) => one + ending))
      .filter((part) => types.has(part));
    if (parts.length > 0 || isPacked) scaleOf.set(name, parts[0] ?? "its other parts");
    for (const part of parts) wholeOf.set(part, name);
  }
  return { scaleOf, wholeOf };
}

const packed = /(?:^|[._])(?:qweight|weight_packed)$/;

/** After the name of the weight, or that of its layer. */
// prettier-ignore
const endings: readonly string[] = [
  "_scale", "_scale_inv", "_scale_2", "_scales", "_global_scale", "_zero_point", "_shape",
  ".scale", ".scales", ".zero", ".zero_point", ".scale_weight", "._scale", "._zeropoint",
  ".weight_scale", ".weight_scale_inv", ".weight_scale_2", ".weight_global_scale",
  ".weight_zero_point", ".weight_shape", ".input_scale", ".output_scale",
  ".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", ".qzeros", ".g_idx", ".SCB", ".CB",
];
