import { parseChipDescription } from "../files/chipDescription.ts";
import type { ChipDescription, ChipDocument, ChipLimits } from "../src/chip/description.ts";
import { MhoError } from "../src/errors.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { parseAddress } from "./address.ts";
import type { WarningEvent } from "./events.ts";
import { packedScheme } from "../storage/unpackRuns.ts";
import { importedScheme } from "./imported.ts";
import { describeChip } from "./openChip.ts";
import { builtIn, type Registries } from "./registries.ts";

/**
 * The description that a run's chip had when the run was begun. A file on disk that says something else by now, or is gone, is told
 * of and not used; only its timing holds, as deadlines are reckoned by it, and limits that it narrowed, for nothing is fired beyond
 * them.
 *
 * Runs of workspaces that kept no descriptions have that of the file.
 */
export async function descriptionOf(
  store: RunStore,
  run: RunId,
  emit: (event: WarningEvent) => void = () => {},
  registries: Registries = builtIn,
): Promise<ChipDescription> {
  const { chipAddress } = await store.plan(run);
  const kept = await store.description(run);
  if (chipAddress.startsWith(importedScheme)) return keptDescription(store, run, registries);
  if (chipAddress.startsWith(packedScheme)) {
    const { geometry } = await store.identity(run);
    return { ...(await keptDescription(store, run, registries)), geometry };
  }
  const address = parseAddress(chipAddress, registries.dialects);
  if (kept === undefined) return describeChip(address, registries.technologies, "any");
  const bytes = new TextEncoder().encode(kept.text);
  const parsed = parseChipDescription(bytes, `the description of run ${run}`, registries.technologies);
  const { geometry } = await store.identity(run);
  const own = { ...parsed, geometry };
  // The board described itself: it is compared with what it says now when it is opened.
  if (address.scheme !== "emulator" && address.chip === undefined) return own;
  // Limits that were narrowed to below its pulses hold, too.
  const onDisk = await describeChip(address, registries.technologies, "any").catch((error: unknown) => {
    if (error instanceof MhoError) return error;
    throw error;
  });
  if (onDisk instanceof MhoError) {
    emit(
      differs(
        `The chip's description cannot be read any more: ${onDisk.message} Run ${run} kept its own, which is used.`,
      ),
    );
    return own;
  }
  if (onDisk.document?.sha256 === kept.sha256 || isSameBesideModel(onDisk.document, kept)) return own;
  emit(
    differs(
      `The chip's description has changed since run ${run} was begun (SHA-256 ${kept.sha256.slice(0, 12)}, now ` +
        `${onDisk.document?.sha256.slice(0, 12)}). The run's own is used; of the new one, its timing, and limits that are narrower, hold.`,
    ),
  );
  return { ...own, timing: onDisk.timing, line: onDisk.line, limits: narrower(own.limits, onDisk.limits) };
}

/** There is no file on disk to compare with: the chip was imported, or is on another bench. */
async function keptDescription(
  store: RunStore,
  run: RunId,
  { technologies }: Registries,
): Promise<ChipDescription> {
  const { text = "" } = (await store.description(run)) ?? {};
  return parseChipDescription(new TextEncoder().encode(text), `the description of run ${run}`, technologies);
}

/** The model that a description names is taken when a run is planned, and the plan keeps it whole. */
function isSameBesideModel(a: ChipDocument | undefined, b: ChipDocument): boolean {
  const [of, other] = [a?.text ?? "{}", b.text].map((text) => {
    const { model: _, ...rest } = JSON.parse(text) as { model?: unknown };
    return JSON.stringify(rest);
  });
  return of === other;
}

function differs(message: string): WarningEvent {
  return { type: "warning", code: "chip_file_differs", message, name: null, why: null };
}

/** What both allow. */
function narrower(a: ChipLimits, b: ChipLimits): ChipLimits {
  const row = [a.maxRowMilliamperes, b.maxRowMilliamperes].filter((most) => most !== undefined);
  return {
    ...a,
    maxAmplitude: Math.min(a.maxAmplitude, b.maxAmplitude),
    maxRowMilliamperes: row.length === 0 ? undefined : Math.min(...row),
    minWidthNanoseconds: Math.max(a.minWidthNanoseconds, b.minWidthNanoseconds),
    maxWidthNanoseconds: Math.min(a.maxWidthNanoseconds, b.maxWidthNanoseconds),
    maxTrailingNanoseconds: Math.min(a.maxTrailingNanoseconds, b.maxTrailingNanoseconds),
    pulsesPerDevice: Math.min(a.pulsesPerDevice, b.pulsesPerDevice),
    boardEnforces: b.boardEnforces,
  };
}
