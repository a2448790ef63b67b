import { devicesOfBlock } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import { executeRun } from "../src/run/engine.ts";
import { usualPulsesPerDevice } from "../src/run/plan.ts";
import type { RunId } from "../src/run/store.ts";
import { readModel } from "../files/model.ts";
import { refuseBlock } from "./byHand.ts";
import { firing, type PulseRequest } from "./handMethod.ts";
import { patience } from "./session.ts";
import type { Workplace } from "./workplace.ts";

/**
 * Fires once at some devices and does not look back. It is a run like any other: written down before it fires, within the limits
 * of the chip's description, and counted in each device's life.
 */
export async function pulse(place: Workplace, request: PulseRequest): Promise<RunId> {
  const { block, codes } = request;
  const address = place.chip;
  const session = await place.session(address);
  return session.work(patience.programMilliseconds, async (context, identity) => {
    const { description } = context.driver;
    refuseBlock(description, block);
    const devices = devicesOfBlock(description.geometry, block);
    if (codes.length !== devices) {
      throw new MhoError(
        "bad-argument",
        `A pulse needs one code a device: the block has ${devices} devices, and ${codes.length} codes were given.`,
        { devices, codes: codes.length },
      );
    }
    const { technology } = description.pulses;
    const method = firing(request, technology.name);
    return executeRun(
      { ...context, methods: [method] },
      {
        title: "a pulse by hand",
        chipName: identity.name,
        chipSerialNumber: identity.serialNumber,
        chipAddress: address,
        method: method.name,
        model: await readModel(technology.usualModel),
        sweepTimesSeconds: [],
        sweepAverages: 1,
        pulsesPerDevice: usualPulsesPerDevice,
        // Which conductance the pulse makes is not known beforehand: 0 marks the devices that it is for.
        tiles: [
          { block, targetsMicrosiemens: Float32Array.from(codes, (code) => (code === 0 ? Number.NaN : 0)) },
        ],
      },
    );
  });
}
