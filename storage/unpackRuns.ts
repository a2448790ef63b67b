import { createHash } from "node:crypto";
import { basename } from "node:path";
import { type PackRecord, readPack } from "../files/packFile.ts";
import { badFile } from "../files/readFile.ts";
import { MhoError } from "../src/errors.ts";
import { foldLabels, type LabelChange, type Unpacked } from "../src/run/labels.ts";
import type { RunId } from "../src/run/store.ts";
import { checkRun } from "./checkWorkspace.ts";
import { type ChainedTable, emptyChain, ofWorkspace } from "./chains.ts";
import { groupKind, UnpackedGroups, type UnpackedNetwork } from "./packGroups.ts";
import { columnsOf, numberOf, packedTables } from "./packRuns.ts";
import { labelOf, settingsOf } from "./records.ts";
import { begunValuesOf, deletedOutcome, rowSumOf, type RunRow } from "./runRows.ts";
import { sumOf, type Value } from "./sums.ts";
import type { RawWorkspace, Workspace } from "./workspaceStore.ts";

/** A run of a pack, and what became of it. */
export interface UnpackedRun {
  /** Its id in the workspace that it was packed in. */
  readonly packed: RunId;
  /** Its id here. */
  readonly run: RunId;
  /** `known` where this workspace had it already. */
  readonly state: "new" | "known";
}

export interface UnpackedRuns {
  readonly runs: readonly UnpackedRun[];
  /** Runs of the same chips of which only the wear was in the pack, and was not known here. */
  readonly wornBy: number;
  readonly networks: readonly UnpackedNetwork[];
}

/** Begins the address of a chip that is on another bench. */
export const packedScheme = "packed:";

/**
 * Reads a pack into a workspace: all of it in one commit, or nothing. The file is read twice, the first time to its checksum. Throws
 * `bad-file` for a pack that is damaged or holds what cannot be, and `bad-argument` where the workspace holds later runs of a chip.
 *
 * @param at  now, ISO 8601.
 */
export async function unpackRuns(store: Workspace, path: string, at: string): Promise<UnpackedRuns> {
  const heads = await headsOf(path);
  const { raw } = store;
  return raw.inOneCommit(async () => {
    const planned = await planOf(store, raw, heads, path);
    const unpacking = new Unpacking(store, planned, { path, at });
    let networks: readonly UnpackedNetwork[];
    try {
      for await (const record of readPack(path)) await unpacking.take(record);
      networks = await unpacking.end();
    } catch (error) {
      if (error instanceof MhoError || !isWrongRow(error)) throw error;
      throw badFile(
        path,
        `it holds a row that cannot be: ${(error as Error).message}`,
        "Ask for another pack.",
        error,
      );
    }
    const plans = [...planned.values()];
    for (const { run, step, packed } of plans) {
      if (step === "skip") continue;
      const { damage } = await checkRun(store, run);
      if (damage.length > 0)
        throw badFile(
          path,
          `what it holds of its run ${packed} cannot be: ${damage[0]}`,
          "Ask for another pack.",
        );
    }
    return {
      runs: plans.flatMap(({ packed, run, whole, step }) =>
        whole ? { packed, run, state: step === "skip" ? "known" : "new" } : [],
      ),
      wornBy: plans.filter(({ whole, step }) => !whole && step === "new").length,
      networks,
    };
  });
}

interface Head {
  readonly packed: RunId;
  readonly whole: boolean;
  readonly chip: string;
  readonly startedAt: string;
  readonly origin: string;
}

/** The runs of a pack, which is read to its end: its checksum is right. */
async function headsOf(path: string): Promise<Head[]> {
  const heads: Head[] = [];
  for await (const { kind, values } of readPack(path)) {
    if (kind !== "run") continue;
    const [id, whole, serialNumber, chip, , startedAt, , , origin] = values;
    const isHead =
      Number.isSafeInteger(id) &&
      (id as number) > numberOf(heads.at(-1)?.packed ?? "r0") &&
      (id as number) < 1e14 &&
      [serialNumber, chip, startedAt, origin].every((text) => typeof text === "string");
    if (!isHead) throw badFile(path, "a run in it is none", "Ask for another pack.");
    heads.push({
      packed: `r${id as number}`,
      whole: whole === 1,
      chip: `${nameIn(chip as string)}\n${serialNumber as string}`,
      startedAt: startedAt as string,
      origin: origin as string,
    });
  }
  return heads;
}

function nameIn(chip: string): string {
  try {
    return String((JSON.parse(chip) as { name?: unknown }).name);
  } catch {
    return "";
  }
}

interface Planned extends Head {
  readonly run: RunId;
  /** `fill` for a run of which only the wear was here. */
  readonly step: "new" | "fill" | "skip";
}

/** What becomes of each run, by its id in the pack. */
async function planOf(
  store: Workspace,
  raw: RawWorkspace,
  heads: readonly Head[],
  path: string,
): Promise<ReadonlyMap<RunId, Planned>> {
  const known = new Map<string, RunId>();
  const newestOf = new Map<string, { readonly run: RunId; readonly startedAt: string }>();
  const chips = new Set(heads.map(({ chip }) => chip));
  let most = 0;
  for (const run of raw.all()) {
    most = numberOf(run);
    const row = raw.row(run);
    const chip = `${nameIn(row.chip)}\n${row.chip_serial_number}`;
    if (!chips.has(chip)) continue;
    known.set(await store.originOf(run), run);
    const { startedAt = "" } = newestOf.get(chip) ?? {};
    if (row.started_at >= startedAt) newestOf.set(chip, { run, startedAt: row.started_at });
  }
  const planned = new Map<RunId, Planned>();
  for (const head of heads) {
    const here = known.get(head.origin);
    if (here !== undefined) {
      const step = head.whole && raw.row(here).outcome === deletedOutcome ? "fill" : "skip";
      planned.set(head.packed, { ...head, run: here, step });
      continue;
    }
    const newest = newestOf.get(head.chip);
    if (newest !== undefined && newest.startedAt > head.startedAt) {
      const [name, serialNumber] = head.chip.split("\n");
      throw new MhoError(
        "bad-argument",
        `${path} holds a run of ${name} ${serialNumber} of ${head.startedAt}, and ${newest.run} here is a later one of the same chip: ` +
          "which of them pulsed a device last would be told wrongly. Unpack it into a workspace of its own: --workspace NEW.",
        { file: path, run: newest.run },
      );
    }
    most = Math.max(most + 1, numberOf(head.packed));
    planned.set(head.packed, { ...head, run: `r${most}`, step: "new" });
  }
  return planned;
}

/** Writes the records of a pack, one after the other. */
class Unpacking {
  readonly #store: Workspace;
  readonly #raw: RawWorkspace;
  readonly #planned: ReadonlyMap<RunId, Planned>;
  readonly #path: string;
  readonly #at: string;
  /** The run that records belong to. */
  #now: Planned | undefined;
  #labels: LabelChange[] = [];
  #turns = 0;
  readonly #noted = new Map<string, ReadonlySet<string>>();
  readonly #groups: UnpackedGroups;

  constructor(
    store: Workspace,
    planned: ReadonlyMap<RunId, Planned>,
    { path, at }: { readonly path: string; readonly at: string },
  ) {
    this.#store = store;
    this.#raw = store.raw;
    this.#planned = planned;
    this.#path = path;
    this.#at = at;
    this.#groups = new UnpackedGroups(path);
  }

  async take({ kind, values }: PackRecord): Promise<void> {
    if (kind === "run") return this.#begin(values);
    if (kind === "description") return this.#describe(values);
    if (["chip_notes", "clock_mark", "newest_ticket"].includes(kind)) {
      this.#close();
      return this.#ofChip(kind, values);
    }
    if (kind === groupKind) {
      this.#close();
      return this.#groups.take(values);
    }
    const now = this.#now;
    if (now === undefined) throw this.#odd(kind);
    if (now.step === "skip") return;
    const id = numberOf(now.run);
    if (kind === "tickets" && !now.whole) {
      const [turns, newestTicket] = values as number[];
      if (![turns, newestTicket].every((count) => Number.isSafeInteger(count) && count! >= 0))
        throw this.#odd(kind);
      this.#refuseTicket(newestTicket!);
      this.#turns = turns!;
      this.#raw.chains.set(id, "turns", { ...emptyChain, rows: turns!, newestTicket: newestTicket! });
    } else if (kind === "wear" && !now.whole) {
      const row = [id, values[0]!, this.#turns, ...values.slice(1)];
      this.#raw
        .prepare(
          `INSERT INTO wear (run, place, newest_turn, block, pulses, uncertain_pulses, pulsed_at_microseconds, sum)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(...row, sumOf(row));
      const chain = this.#raw.chains.get(id, "run_tiles");
      this.#raw.chains.set(id, "run_tiles", { ...chain, rows: chain.rows + 1 });
    } else if (kind === "watches" && now.whole) {
      const row = [id, String(values[0])] as const;
      this.#raw.prepare("INSERT INTO watches (run, settings) VALUES (?, ?)").run(...row);
      this.#raw.chains.set(id, "watches", { ...emptyChain, rows: 1, last: sumOf(row) });
    } else if (now.whole && (packedTables as readonly string[]).includes(kind)) {
      this.#append(now, kind as ChainedTable, values);
    } else throw this.#odd(kind);
  }

  end(): Promise<readonly UnpackedNetwork[]> {
    this.#close();
    return this.#groups.write(this.#store, (run) => this.#planned.get(run)?.run, packedScheme);
  }

  #describe([sha256, text]: PackRecord["values"]): void {
    const isRight = typeof text === "string" && createHash("sha256").update(text).digest("hex") === sha256;
    if (!isRight)
      throw badFile(this.#path, "a chip's description in it has another SHA-256", "Ask for another pack.");
    this.#raw
      .prepare("INSERT OR IGNORE INTO chip_descriptions (sha256, text) VALUES (?, ?)")
      .run(sha256, text);
  }

  #begin(values: PackRecord["values"]): void {
    this.#close();
    const [id, , serialNumber, chip, plan, startedAt, description, outcome] = values;
    const now = this.#planned.get(`r${id as number}`)!;
    this.#now = now;
    this.#labels = [];
    this.#turns = 0;
    if (now.step === "skip") return;
    if (now.whole && !["done", "interrupted", "failed"].includes(String(outcome))) throw this.#odd("run");
    const number = numberOf(now.run);
    const { chains } = this.#raw;
    const ofRun = [...packedTables, "watches"];
    if (now.step === "fill") {
      this.#raw.prepare("DELETE FROM wear WHERE run = ?").run(number);
      const row = { ...this.#raw.row(now.run), outcome: outcome as RunRow["outcome"], chip: chip as string };
      this.#raw
        .prepare("UPDATE runs SET outcome = ?, chip = ?, sum = ? WHERE id = ?")
        .run(row.outcome, row.chip, rowSumOf(row), number);
      for (const of of ofRun) if (of !== "labels") chains.set(number, of, emptyChain);
      return;
    }
    const chain = chains.get(ofWorkspace, "runs");
    const begins = {
      id: number,
      chip_serial_number: serialNumber as string,
      plan: this.#planHere(String(plan)),
      started_at: startedAt as string,
      description: description as string | null,
    };
    const begun = sumOf(begunValuesOf(begins), chain.last);
    const row = {
      ...begins,
      chip: chip as string,
      outcome: now.whole ? (outcome as RunRow["outcome"]) : deletedOutcome,
      begun,
    };
    this.#raw
      .prepare(
        `INSERT INTO runs (id, chip_serial_number, plan, started_at, description, chip, outcome, begun, sum)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(...Object.values(row), rowSumOf(row));
    chains.set(ofWorkspace, "runs", { ...chain, rows: chain.rows + 1, last: begun });
    for (const of of ofRun) chains.set(number, of, emptyChain);
  }

  /** The plan of a run: runs have other ids here, and its chip's address is of another bench. */
  #planHere(text: string): string {
    let plan: ReturnType<typeof settingsOf>;
    try {
      plan = settingsOf(text);
    } catch (error) {
      throw badFile(this.#path, "a plan in it is none", "Ask for another pack.", error);
    }
    // Which network it is a part of stands with the networks, and these have other names here.
    const { share: _, ...alone } = plan;
    const { chipAddress, title } = plan;
    const isElsewhere = !/^(?:imported|packed):/.test(chipAddress);
    const corrects = plan.corrects === undefined ? undefined : this.#planned.get(plan.corrects)?.run;
    return JSON.stringify({
      ...alone,
      title: title.replace(/^trim of (r\d+): /, (whole, run: string) => {
        const here = this.#planned.get(run)?.run;
        return here === undefined ? whole : `trim of ${here}: `;
      }),
      chipAddress: isElsewhere ? `${packedScheme}${chipAddress}` : chipAddress,
      ...(plan.corrects !== undefined && { corrects }),
    });
  }

  #append(now: Planned, table: ChainedTable, [unchecked, ...columns]: PackRecord["values"]): void {
    if (columns.length !== columnsOf(table).length) throw this.#odd(table);
    if (table === "labels") {
      this.#labels.push(labelOf(String(columns[0])));
      if (now.step === "fill") return;
    }
    const id = numberOf(now.run);
    const values: Value[] = [id, ...columns];
    const ticket = table === "turns" ? Number(columns[columnsOf("turns").indexOf("newest_ticket")]) : 0;
    this.#refuseTicket(ticket);
    const { chains } = this.#raw;
    const chain = chains.get(id, table);
    // Rows of older layouts have no checksum, and nothing tells whether they are as they were written: it stays so.
    if (unchecked !== 1 || chain.rows > chain.unchecked)
      return chains.append(table, values, id, table, ticket);
    const places = ", ?".repeat(values.length - 1);
    this.#raw
      .prepare(`INSERT INTO ${table} (run, ${columnsOf(table).join(", ")}) VALUES (?${places})`)
      .run(...values);
    chains.set(id, table, {
      ...chain,
      unchecked: chain.unchecked + 1,
      rows: chain.rows + 1,
      newestTicket: Math.max(chain.newestTicket, ticket),
    });
  }

  /** Says of the run that it was unpacked, when its last row has come. */
  #close(): void {
    const now = this.#now;
    this.#now = undefined;
    if (now === undefined || now.step === "skip") return;
    const unpacked: Unpacked = { file: basename(this.#path), run: now.packed, origin: now.origin };
    const { tags, operator } = foldLabels(this.#labels);
    const asItWas = {
      add: tags,
      archived: false,
      deleted: false,
      ...(operator !== undefined && { operator }),
    };
    const change: LabelChange = {
      at: this.#at,
      unpacked,
      ...(!now.whole && { deleted: true }),
      ...(now.step === "fill" && asItWas),
    };
    const id = numberOf(now.run);
    this.#raw.chains.append("labels", [id, JSON.stringify(change)], id);
  }

  async #ofChip(kind: string, values: PackRecord["values"]): Promise<void> {
    const [name, serialNumber] = values;
    if (typeof name !== "string" || typeof serialNumber !== "string") throw this.#odd(kind);
    const chip = { name, serialNumber };
    if (kind === "newest_ticket") {
      const ticket = Number(values[2]);
      this.#refuseTicket(ticket);
      if (ticket > (await this.#store.newestTicket(chip)))
        this.#raw.chains.append("foreign_tickets", [name, serialNumber, ticket], ofWorkspace);
      return;
    }
    if (kind === "clock_mark") {
      if ((await this.#store.newestMark(chip)) !== undefined) return;
      const of = `clock_marks ${JSON.stringify([name, serialNumber])}`;
      return this.#raw.chains.append("clock_marks", [...values], ofWorkspace, of);
    }
    const key = JSON.stringify(chip);
    const noted =
      this.#noted.get(key) ??
      new Set((await this.#store.chipNotes(chip)).map((note) => JSON.stringify(note)));
    this.#noted.set(key, noted);
    if (!noted.has(String(values[2])))
      this.#raw.chains.append("chip_notes", [name, serialNumber, String(values[2])], ofWorkspace);
  }

  #refuseTicket(ticket: number): void {
    if (Number.isSafeInteger(ticket) && ticket >= 0 && ticket < mostTickets) return;
    throw badFile(this.#path, `it holds the ticket ${ticket}, which cannot be`, "Ask for another pack.");
  }

  #odd(kind: string): MhoError {
    return badFile(this.#path, `it holds a record that a pack has not: ${kind}`, "Ask for another pack.");
  }
}

/** As src/run/tickets.ts has it: a chip that says so many is refused. */
const mostTickets = 4_503_599_627_370_496;

function isWrongRow(error: unknown): boolean {
  const { sqliteCodeName, code, message } = error as {
    sqliteCodeName?: string;
    code?: string;
    message: string;
  };
  return /CONSTRAINT|MISMATCH|RANGE|CORRUPT|cannot store|constraint|bind/i.test(
    `${sqliteCodeName ?? ""} ${code ?? ""} ${message}`,
  );
}
