import type { Microsiemens, Seconds } from "../units.ts";

/**
 * What we believe of a kind of device, as the two tables that the translation needs: the mean m(G, t) and the
 * variance v(G, t) of one read, for a target conductance G, a time t after programming.
 */
export interface DeviceModel {
  readonly name: string;
  readonly maxConductanceMicrosiemens: Microsiemens;
  /** Standard deviation of the conductance that programming leaves, µS. */
  programmingStd(target: Microsiemens): Microsiemens;
  /** µS. */
  mean(target: Microsiemens, time: Seconds): Microsiemens;
  /** µS². */
  variance(target: Microsiemens, time: Seconds): number;
}
