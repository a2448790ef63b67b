import { LockHeld } from "../locks/lock.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { ChipDriver, Reading } from "../src/chip/driver.ts";
import type { Block } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import { groupNamed } from "../src/results/wholeReader.ts";
import type { GroupId } from "../src/run/groups.ts";
import { messageOf, outputsMayBeOn } from "../src/run/standby.ts";
import { type ChipAddress, parseAddress } from "./address.ts";
import { openChip } from "./openChip.ts";
import { type HolderListener, type PutInStandby, relieve } from "./relieve.ts";
import { patience } from "./session.ts";
import type { Workplace } from "./workplace.ts";

export interface ReadOptions {
  /** Reads that the chip averages (1). */
  readonly averages?: number | undefined;
  /** V over the devices; the board's usual voltage where not given. */
  readonly readVolts?: number | undefined;
  /** Another chip than that of the bench. */
  readonly chip?: string | undefined;
}

/** Reads a block of devices; the chip is in standby again when this returns. */
export async function read(
  place: Workplace,
  block: Block,
  { averages = 1, readVolts, chip }: ReadOptions,
): Promise<Reading> {
  const session = await place.session(await place.chipNamed(chip));
  return session.work(patience.programMilliseconds, async ({ driver }) => {
    refuseBlock(driver.description, block);
    const reading = await driver.read(block, averages, undefined, readVolts);
    await driver.standby();
    return reading;
  });
}

/** Throws `bad-argument` for a block that a chip does not have. */
export function refuseBlock({ geometry, name }: ChipDescription, block: Block): void {
  // A script in JavaScript may leave parts of it away.
  const { tile, rowStart, rowCount } = (block ?? {}) as Partial<Block>;
  if (tile === undefined || rowStart === undefined || rowCount === undefined)
    throw new MhoError(
      "bad-argument",
      "Which rows are meant is not said: give { tile, rowStart, rowCount }, such as { tile: 0, rowStart: 0, rowCount: 1 }.",
    );
  const whole = [tile, rowStart, rowCount].every((value) => Number.isInteger(value) && value >= 0);
  if (whole && rowCount > 0 && tile < geometry.tiles && rowStart + rowCount <= geometry.rows) return;
  throw new MhoError(
    "bad-argument",
    `Tile ${tile}, rows ${rowStart} to ${rowStart + rowCount - 1}: ${name} has tiles 0 to ${geometry.tiles - 1} ` +
      `of ${geometry.rows} rows.`,
    { tile, rowStart, rowCount },
  );
}

export interface StandbyOptions {
  /** Told of a program that holds the port, before it is asked for standby, told to end or killed. */
  readonly onHolder?: HolderListener | undefined;
}

/** How many programs, one after the other, are made to let go of a port. */
const mostHolders = 3;

/**
 * Puts the chip into its safe state, also while another controller is at work on it: that does it at once, and frees the port. It
 * needs no workspace.
 */
export async function standby(
  place: Workplace,
  { onHolder = () => {} }: StandbyOptions,
  chip = place.chip,
): Promise<PutInStandby> {
  const own = await place.opened(chip);
  const done = await own?.halt(true);
  await own?.left;
  if (done?.safe === true) return done;
  const address = parseAddress(chip, place.registries.dialects);
  for (let holders = 0; ; holders++) {
    try {
      return await standbyOf(place, address);
    } catch (error) {
      const held = error instanceof MhoError ? error.cause : undefined;
      if (!(held instanceof LockHeld) || holders === mostHolders || address.scheme === "emulator")
        throw error;
      const relieved = await relieve(address.target, held, onHolder);
      if (relieved !== undefined) return relieved;
    }
  }
}

/**
 * The same of every chip of a network, at once. Throws what is wrong with the first that is not known to be safe, when all were tried.
 *
 * @returns one a share, in order.
 */
export async function standbyOfNetwork(
  place: Workplace,
  id: GroupId,
  options: StandbyOptions,
): Promise<readonly PutInStandby[]> {
  const { shares } = await groupNamed(await place.existingStore(), id);
  const ends = await Promise.allSettled(shares.map(({ chip }) => standby(place, options, chip)));
  const failed = ends.flatMap((end, k) =>
    end.status === "rejected" ? [{ chip: shares[k]!.chip, error: end.reason as unknown }] : [],
  );
  const done = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  const known = failed.find(({ error }) => !(error instanceof MhoError))?.error;
  if (known !== undefined) throw known;
  const [first] = failed;
  if (first === undefined) return done;
  const { code, facts } = first.error as MhoError;
  const whats = failed.map(({ chip, error }) => `The chip at ${chip} is not in standby: ${messageOf(error)}`);
  const rest = done.map(({ name, serialNumber }) => `${name} number ${serialNumber}`);
  throw new MhoError(
    code,
    `${whats.join(" ")} ${rest.length === 0 ? `No chip of ${id} is.` : `In standby: ${rest.join(", ")}.`}`,
    { ...facts, network: id },
    first.error,
  );
}

/** The description that an address names may be missing or wrong just when the chip must be made safe: standby goes on without it. */
async function standbyOf(place: Workplace, address: ChipAddress): Promise<PutInStandby> {
  try {
    return await standbyBy(place, address);
  } catch (error) {
    const described = address.chip !== undefined && error instanceof MhoError;
    if (!described || (error.code !== "bad-file" && error.code !== "bad-argument")) throw error;
    return standbyBy(place, { ...address, chip: undefined });
  }
}

async function standbyBy(place: Workplace, address: ChipAddress): Promise<PutInStandby> {
  const record = place.recorderFor(address);
  const { log } = await place.logsOf(address);
  const driver = await openChip(address, {
    log,
    seed: place.seed,
    mayBeUnnamed: true,
    technologies: place.registries.technologies,
    onDescribed: "not asked",
    ...(record && { record }),
  });
  try {
    const { name, serialNumber } = await identityOf(driver);
    await driver.standby();
    return { name, serialNumber };
  } catch (error) {
    if (!(error instanceof MhoError) || error.code !== "link-lost") throw error;
    const text = outputsMayBeOn(address.text, error.message);
    throw new MhoError("standby-failed", text, { ...error.facts, standby: false }, error);
  } finally {
    await driver.close();
  }
}

/** Standby needs no description: a chip that is not the one that was described is made safe as well. */
async function identityOf(driver: ChipDriver): Promise<PutInStandby> {
  try {
    return await driver.identify();
  } catch (error) {
    const { found, serialNumber } = error instanceof MhoError ? error.facts : {};
    if (typeof found !== "string" || typeof serialNumber !== "string") throw error;
    return { name: found, serialNumber };
  }
}
