import { z } from "zod";
import { MhoError } from "../src/errors.ts";
import { type ByteSource } from "./byteSource.ts";
import { elementTypeNamed, readNumbers } from "./elements.ts";
import { quantisedAmong } from "./quantised.ts";
import { badFile } from "./readFile.ts";
import { repeatedKey } from "./repeatedKey.ts";
import { type Catalogue, countOf, type FoundTensor, type LeftOut } from "./tensor.ts";

const headerSchema = z.record(
  z.string(),
  z.object({
    dtype: z.string(),
    shape: z.array(z.int().nonnegative()),
    data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  }),
);

const maxHeaderBytes = 100_000_000;
const saveAgain = "Save it again with the tool that trained the network.";

/**
 * Finds the tensors of a safetensors file: floats of 8 to 64 bits, whole numbers and truth values. Throws `bad-file` when the file is
 * cut or malformed.
 */
export async function safetensorsIn(source: ByteSource, path: string): Promise<Catalogue> {
  if (source.bytes < 8) throw badFile(path, `it ends after ${source.bytes} bytes`, saveAgain);
  const begin = await source.read(0, 8);
  const headerLength = Number(new DataView(begin.buffer, begin.byteOffset, 8).getBigUint64(0, true));
  if (headerLength > maxHeaderBytes) throw badFile(path, "it is not a safetensors file", saveAgain);
  const dataStart = 8 + headerLength;
  if (source.bytes < dataStart) throw badFile(path, "it is cut inside its header", saveAgain);
  const dataBytes = source.bytes - dataStart;
  const header = parseHeader(path, await source.read(8, headerLength));
  const quantised = quantisedAmong(new Map(header.map(([name, { dtype }]) => [name, dtype])));
  const tensors: FoundTensor[] = [];
  const leftOut: LeftOut[] = [];
  // Tensors must not overlap: a short header could else name the same bytes a million times.
  let taken = 0;
  for (const [name, { dtype, shape, data_offsets: offsets }] of header) {
    const [start, end] = offsets;
    const type = elementTypeNamed(dtype);
    const scale = quantised.scaleOf.get(name);
    const whole = quantised.wholeOf.get(name);
    if (type === undefined || scale !== undefined || whole !== undefined) {
      const why =
        type === undefined
          ? `its type ${dtype} is not read`
          : scale !== undefined
            ? `it is scaled by ${scale}, which is not applied`
            : `it belongs to ${whole}, which is quantised`;
      if (shape.length >= 2) leftOut.push({ name, why });
      continue;
    }
    const count = countOf(shape);
    if (end - start !== count * type.bytes) {
      const needed = count * type.bytes;
      throw badFile(
        path,
        `tensor ${name} has ${end - start} bytes where its shape needs ${needed}`,
        saveAgain,
      );
    }
    if (end > dataBytes)
      throw badFile(path, `it is cut inside tensor ${name}: ${end - dataBytes} bytes are missing`, saveAgain);
    taken += end - start;
    if (taken > dataBytes) throw badFile(path, `tensor ${name} shares its bytes with another`, saveAgain);
    const read = (): Promise<Float32Array> => readNumbers(source, dataStart + start, count, type);
    tensors.push({ name, shape, order: "outputs-first", read });
  }
  return { tensors, leftOut };
}

type Header = readonly (readonly [string, z.output<typeof headerSchema>[string]])[];

function parseHeader(path: string, bytes: Uint8Array): Header {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const header = JSON.parse(text) as Record<string, unknown>;
    delete header["__metadata__"];
    const again = repeatedKey(text)?.key;
    if (again !== undefined)
      throw badFile(path, `its header has ${JSON.stringify(again.slice(0, 200))} twice`, saveAgain);
    return Object.entries(headerSchema.parse(header));
  } catch (error) {
    if (error instanceof MhoError) throw error;
    throw badFile(path, "its header is not that of a safetensors file", saveAgain, error);
  }
}
