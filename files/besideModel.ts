import { open, realpath } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { DamagedMessage } from "./protobuf.ts";
import { badFile } from "./readFile.ts";

/** A tensor that says where its numbers are kept. */
interface KeptOutside {
  readonly name: string;
  readonly external: ReadonlyMap<string, string>;
}

/** Numbers that a large model keeps in files beside itself. What lies outside the model's folder is not read. */
export class BesideModel {
  readonly #model: string;
  readonly #takenBytes = new Map<string, number>();

  constructor(model: string) {
    this.#model = model;
  }

  /** Throws `bad-file`, DamagedMessage. */
  async bytesOf({ name, external }: KeptOutside, bytes: number): Promise<Uint8Array> {
    const location = external.get("location") ?? "";
    const offset = Number(external.get("offset") ?? 0);
    const length = Number(external.get("length") ?? bytes);
    if (!Number.isSafeInteger(offset) || offset < 0 || length !== bytes) throw new DamagedMessage();
    const place = await this.#placeOf(name, location);
    let file;
    try {
      file = await open(place);
      const { size } = await file.stat();
      const taken = (this.#takenBytes.get(place) ?? 0) + bytes;
      this.#takenBytes.set(place, taken);
      // Room is made for what is there, not for what is claimed; a small model must not name the same bytes a million times.
      if (offset + bytes <= size && taken <= size) {
        const buffer = new Uint8Array(bytes);
        const { bytesRead } = await file.read(buffer, 0, bytes, offset);
        if (bytesRead === bytes) return buffer;
      }
    } catch (error) {
      throw this.#unreadable(location, error);
    } finally {
      await file?.close();
    }
    throw badFile(this.#model, `its external data ${location} is cut`, "Export the model again.");
  }

  /** Where a location leads, links followed. */
  async #placeOf(name: string, location: string): Promise<string> {
    const folder = resolve(dirname(this.#model));
    const outside = (): Error =>
      badFile(
        this.#model,
        `tensor ${name} points outside the model's folder, to "${location}"`,
        "Keep external data beside the model.",
      );
    const meant = resolve(folder, location);
    if (location === "" || isAbsolute(location) || !isInside(folder, meant)) throw outside();
    let found: string;
    let home: string;
    try {
      [found, home] = await Promise.all([realpath(meant), realpath(folder)]);
    } catch (error) {
      throw this.#unreadable(location, error);
    }
    if (!isInside(home, found)) throw outside();
    return found;
  }

  #unreadable(location: string, cause: unknown): Error {
    return badFile(
      this.#model,
      `its external data ${location} cannot be read`,
      "Copy it beside the model.",
      cause,
    );
  }
}

function isInside(folder: string, place: string): boolean {
  const way = relative(folder, place);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}
