import type { ChipKey } from "../../src/chip/driver.ts";
import { isOnline, type LeaseTimes } from "../../src/fleet/lease.ts";
import type { Queries } from "./connection.ts";
import { nowMs } from "./fleetRows.ts";

/** A bench, as the server knows it. */
export interface BenchAtServer {
  readonly name: string;
  readonly host: string;
  readonly version: string;
  /** How long ago it was heard, s by the server's clock. */
  readonly silentSeconds: number;
  readonly state: "online" | "silent" | "stopped";
  readonly doing: string;
  readonly diskFreeBytes: number | undefined;
  readonly chips: readonly ChipOfBench[];
}

export interface ChipOfBench {
  readonly nickname: string;
  readonly address: string;
  /** Undefined until it has identified itself. */
  readonly chip: ChipKey | undefined;
}

/** A chip, as the server knows it. */
export interface ChipAtServer {
  readonly chipId: number;
  readonly chip: ChipKey;
  /** The bench that works on it; undefined for none. */
  readonly bench: string | undefined;
  readonly fence: number;
  readonly nicknames: readonly {
    readonly bench: string;
    readonly nickname: string;
    readonly address: string;
  }[];
}

/** Now, by the server's clock, ms. */
export async function serverTime(queries: Queries): Promise<number> {
  const [row] = await queries.query<{ now: number }>(`SELECT ${nowMs} AS now`);
  return row!.now;
}

export async function benchesAt(queries: Queries, times?: LeaseTimes): Promise<readonly BenchAtServer[]> {
  const rows = await queries.query<{
    bench: number;
    name: string;
    host: string;
    version: string;
    silent: number;
    is_stopped: boolean;
    doing: string;
    disk_free_bytes: number | null;
  }>(
    `SELECT s.bench, b.name, s.host, s.version, extract(epoch FROM clock_timestamp() - s.heard_at)::float8 AS silent, s.is_stopped, s.doing,
            s.disk_free_bytes
       FROM mho.bench_states s JOIN mho.benches b USING (bench) ORDER BY b.name`,
  );
  const chips = await queries.query<{
    bench: number;
    nickname: string;
    address: string;
    name: string | null;
    serial_number: string | null;
  }>(
    `SELECT o.bench, o.nickname, o.address, c.name, c.serial_number FROM mho.bench_chips o LEFT JOIN mho.fleet_chips c USING (chip)
      ORDER BY o.nickname`,
  );
  const ofBenches = new Map<number, typeof chips>();
  for (const one of chips) ofBenches.set(one.bench, [...(ofBenches.get(one.bench) ?? []), one]);
  return rows.map((row) => ({
    name: row.name,
    host: row.host,
    version: row.version,
    silentSeconds: row.silent,
    state: row.is_stopped
      ? "stopped"
      : isOnline({ now: 1000 * row.silent, lastHeardAt: 0 }, times)
        ? "online"
        : "silent",
    doing: row.doing,
    diskFreeBytes: row.disk_free_bytes ?? undefined,
    chips: (ofBenches.get(row.bench) ?? []).map(
      ({ nickname, address, name, serial_number: serialNumber }) => ({
        nickname,
        address,
        chip: name === null ? undefined : { name, serialNumber: serialNumber! },
      }),
    ),
  }));
}

export async function chipsAt(queries: Queries): Promise<readonly ChipAtServer[]> {
  const rows = await queries.query<{
    chip: number;
    name: string;
    serial_number: string;
    bench: string | null;
    fence: number;
    nicknames: { bench: string; nickname: string; address: string }[];
  }>(
    `SELECT c.chip, c.name, c.serial_number, b.name AS bench, c.fence,
            coalesce((SELECT json_agg(json_build_object('bench', ob.name, 'nickname', o.nickname, 'address', o.address) ORDER BY ob.name)
                        FROM mho.bench_chips o JOIN mho.benches ob USING (bench) WHERE o.chip = c.chip), '[]') AS nicknames
       FROM mho.fleet_chips c LEFT JOIN mho.benches b ON b.bench = c.bench
      ORDER BY c.name, c.serial_number`,
  );
  return rows.map(({ chip, name, serial_number: serialNumber, bench, fence, nicknames }) => ({
    chipId: chip,
    chip: { name, serialNumber },
    bench: bench ?? undefined,
    fence,
    nicknames,
  }));
}

/** What a chip's bench said of it; undefined where it said nothing. */
export async function descriptionAt(queries: Queries, chipId: number): Promise<string | undefined> {
  const [row] = await queries.query<{ text: string }>(
    "SELECT d.text FROM mho.fleet_chips c JOIN mho.chip_descriptions d ON d.sha256 = c.description WHERE c.chip = $1",
    [chipId],
  );
  return row?.text;
}
