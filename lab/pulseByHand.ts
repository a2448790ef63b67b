import { executeRun } from "../src/run/engine.ts";
import { usualPulsesPerDevice } from "../src/run/plan.ts";
import { checkPlan } from "../src/run/planCheck.ts";
import type { RunId } from "../src/run/store.ts";
import { parseAddress } from "./address.ts";
import { byHand, firing, type PulseRequest } from "./handMethod.ts";
import { modelOfChip } from "./modelOfChip.ts";
import { describeChip } from "./openChip.ts";
import { patience } from "./session.ts";
import type { Workplace } from "./workplace.ts";

/**
 * Fires once at some devices and does not look back. It is a run like any other: written down before it fires, within the limits
 * of the chip's description, and counted in each device's life.
 */
export async function pulse(place: Workplace, request: PulseRequest): Promise<RunId> {
  const { block, codes } = request;
  const address = await place.chipNamed();
  const { dialects, technologies } = place.registries;
  // Which conductance the pulse makes is not known beforehand: 0 marks the devices that it is for.
  const targetsMicrosiemens = Float32Array.from(codes, (code) => (code === 0 ? Number.NaN : 0));
  const targets = { title: "a pulse by hand", tiles: [{ block, targetsMicrosiemens }] };
  checkPlan(targets, await describeChip(parseAddress(address, dialects), technologies), byHand);
  const session = await place.session(address);
  return session.work(patience.programMilliseconds, async (context, identity) => {
    const { technology } = context.driver.description.pulses;
    const method = firing(request, technology.name);
    return executeRun(
      { ...context, methods: [method] },
      {
        ...targets,
        chipName: identity.name,
        chipSerialNumber: identity.serialNumber,
        chipAddress: address,
        method: method.name,
        model: await modelOfChip(context.driver.description),
        sweepTimesSeconds: [],
        sweepAverages: 1,
        pulsesPerDevice: usualPulsesPerDevice,
      },
    );
  });
}
