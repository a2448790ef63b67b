/** Which channels of a switch matrix lead to each row of an array, and to each line of devices. */
export interface ChannelMap {
  readonly rows: readonly (readonly string[])[];
  readonly columns: readonly (readonly string[])[];
}
