import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAddress } from "../lab/address.ts";
import { MhoError } from "../src/errors.ts";

describe("a chip's address", () => {
  it("names a port with its settings", () => {
    expect(
      parseAddress("serial:/dev/ttyACM0?baud=3000000&dialect=packet&chip=my.json&tiles=2"),
    ).toMatchObject({
      scheme: "serial",
      target: "/dev/ttyACM0",
      baud: 3_000_000,
      chip: "my.json",
      tiles: 2,
    });
  });

  it("names a TCP port, and the conditions that an emulated chip lives in", () => {
    expect(parseAddress("tcp:[::1]:5025?chip=pcm-64")).toMatchObject({ scheme: "tcp", target: "[::1]:5025" });
    expect(parseAddress("emulator:pcm-64?births=odd&temperature=-5.5&swing=2&wires=3")).toMatchObject({
      births: "odd",
      temperatureCelsius: -5.5,
      swingCelsius: 2,
      wireOhmsPerCell: 3,
    });
  });

  it("names an emulator with its seed", () => {
    expect(parseAddress("emulator:pcm-64?seed=0")).toMatchObject({
      scheme: "emulator",
      target: "pcm-64",
      seed: 0,
    });
  });

  it.each([
    ["/dev/ttyACM0", /neither serial:PORT, tcp:HOST:PORT nor emulator:PRESET/],
    ["usb:1", /neither/],
    ["serial:", /neither/],
    ["serial:/dev/x?bauds=9600", /have no bauds; they have baud/],
    ["serial:/dev/x?baud=fast", /baud must be a whole number from 1 to 4294967295, and fast is not one/],
    ["serial:/dev/x?dialect=morse", /dialect must be packet or scpi.*, and morse is not/],
    [
      "emulator:pcm-64?births=lucky",
      /births must be sound or usual or odd or stranger or .*, and lucky is not/,
    ],
    ["emulator:pcm-64?temperature=hot", /temperature must be a number from -60 to 200/],
    ["tcp:host:1?baud=9600", /have no baud/],
    // The second would have named a file outside the workspace.
    ["emulator:pcm-64?tiles=1&tiles=/../../../owned", /tiles is given twice/],
    ["emulator:pcm-64?tiles=0", /tiles must be a whole number from 1/],
    // A board counts its tiles in 16 bits.
    ["emulator:pcm-64?tiles=65536", /tiles must be a whole number from 1 to 65535, and 65536 is not one/],
  ])("%s is refused, saying what is wrong", (text, message) => {
    expect(() => parseAddress(text)).toThrow(message);
  });

  it("of any text is read or refused by name, never anything else", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((s) => `serial:${s}`),
        ),
        (text) => {
          try {
            parseAddress(text);
          } catch (error) {
            expect(error).toBeInstanceOf(MhoError);
          }
        },
      ),
    );
  });
});
