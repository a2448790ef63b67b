/** The bytes of a safetensors file with 32-bit float tensors. */
export function safetensors(
  tensors: Record<string, { shape: number[]; values: number[] | Float32Array }>,
): Buffer {
  const header: Record<string, unknown> = { __metadata__: { source: "a test" } };
  const parts: Buffer[] = [];
  let at = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const bytes = Buffer.from(Float32Array.from(values).buffer);
    header[name] = { dtype: "F32", shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}
