import { reportOfCut } from "./support/cutOff.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { ScpiDriver } from "../drivers/scpi/scpiDriver.ts";
import { noFaults } from "../emulator/faults.ts";
import { FaultyLine } from "../emulator/faultyLine.ts";
import { noDefects, pcm64 } from "../emulator/presets.ts";
import { ScpiFirmware } from "../emulator/scpiFirmware.ts";
import { bytesOf, textOf } from "../protocols/scpi/bytes.ts";
import { ScpiError } from "../protocols/scpi/errors.ts";
import { headerPattern } from "../protocols/scpi/header.ts";
import { maxMessageBytes, MessageReader } from "../protocols/scpi/messageReader.ts";
import { channelsOf, numberOf, type Quantity } from "../protocols/scpi/parameters.ts";
import { parseMessage, type Unit } from "../protocols/scpi/parse.ts";
import { decodeTaggedReply, decodeTaggedRequest, encodeTaggedRequest } from "../protocols/scpi/taggedLine.ts";
import { Random } from "../src/random.ts";
import { describePcm64, fivePercent } from "./support/chips.ts";
import { misbooked } from "./support/misbooked.ts";

const sound = { ...pcm64(1), defects: noDefects };

/** What a board answers to lines, one entry a line. */
function asker(firmware = new ScpiFirmware(sound, 7)) {
  const say = (text: string): string =>
    firmware
      .receive(bytesOf(`${text}\n`), 0)
      .map((reply) => textOf(reply).trimEnd())
      .join("|");
  return { firmware, say };
}

function messagesOf(chunks: readonly Uint8Array[]): string[] {
  const reader = new MessageReader();
  const found: string[] = [];
  for (const chunk of chunks) {
    reader.push(
      chunk,
      (message) => found.push(textOf(message)),
      ({ length }) => found.push(`overrun of ${length}`),
    );
  }
  return found;
}

describe("program messages", () => {
  it.each(["\n", "\r\n", "\r"])("end with %j, and empty ones are passed over", (end) => {
    expect(messagesOf([bytesOf(`*IDN?${end}${end} ${end}*RST${end}`)])).toEqual(["*IDN?", "*RST"]);
  });

  it("hold line ends inside definite-length blocks, and nowhere else", () => {
    expect(messagesOf([bytesOf("A #14\n\r\n\n;B\nC 'x\nD #Hff\n")])).toEqual([
      "A #14\n\r\n\n;B",
      "C 'x",
      "D #Hff",
    ]);
  });

  it("are the same whatever the chunks", () => {
    const text = bytesOf('OUTP ON;:PULS (@0!1),#206\n\n\r\n\x00\x01;A "a#15b"\r\n*OPC?\n');
    const whole = messagesOf([text]);
    expect(whole).toHaveLength(2);
    for (let at = 0; at <= text.length; at++) {
      expect(messagesOf([text.subarray(0, at), text.subarray(at)])).toEqual(whole);
    }
  });

  it("that are too long are refused, not buffered, and the next one is heard", () => {
    const long = `A ${"1,".repeat(maxMessageBytes)}\nB\n`;
    expect(messagesOf([bytesOf(long)])).toEqual([`overrun of ${2 * maxMessageBytes + 2}`, "B"]);
    // Nor is a block waited for that could never fit.
    expect(messagesOf([bytesOf("A #9999999999\nB\n")])).toEqual(["A #9999999999", "B"]);
  });
});

describe("headers", () => {
  const units = (message: string): Unit[] => [...parseMessage(message)];

  it("follow the path of the command before, and common commands leave it alone", () => {
    expect(units("SYST:ERR:COUN?;*OPC?;NEXT?;:OUTP 1").map(({ header }) => header)).toEqual([
      "SYST:ERR:COUN",
      "*OPC",
      "SYST:ERR:NEXT",
      "OUTP",
    ]);
  });

  it.each([
    [
      "SYSTem:ERRor[:NEXT]",
      ["SYST:ERR", "SYSTEM:ERROR", "SYST:ERROR:NEXT"],
      ["SYSTE:ERR", "SYST", "SYST:ERR:NEX"],
    ],
    ["[SOURce:]PULSe[:IMMediate]", ["PULS", "SOUR:PULSE", "SOURCE:PULS:IMM"], ["SOUR", "PULSE:IMME"]],
    ["*CLS", ["*CLS"], ["CLS", "*CL"]],
  ])("%s answer to the short and the long form alone", (manual, good, bad) => {
    const pattern = headerPattern(manual);
    expect(good.filter((header) => !pattern.test(header))).toEqual([]);
    expect(bad.filter((header) => pattern.test(header))).toEqual([]);
  });

  it.each(["OUTP,1", "1A", "OUTP 1 2", "A (1", "A 'x", "A #2", "A #H", "A 1,,2", "A 1,", "A\u00ff"])(
    "and parameters that are no SCPI are refused (%j)",
    (message) => {
      expect(() => units(message)).toThrow(ScpiError);
    },
  );
});

describe("parameters", () => {
  const valued = (text: string, quantity: Quantity): number => {
    const [unit] = parseMessage(`A ${text}`);
    return numberOf(unit!.parameters[0]!, quantity);
  };

  it.each([
    ["10 US", "time", 1e-5],
    ["10us", "time", 1e-5],
    ["2.5E-3", "time", 2.5e-3],
    ["1 MS", "time", 1e-3],
    ["5 USIE", "conductance", 5],
    ["5", "conductance", 5],
    ["1.5 KOHM", "conductance", 1e6 / 1500],
    ["2 MOHM", "conductance", 0.5],
    ["300 UA", "current", 300],
    ["0.3 MA", "current", 300],
    ["#HFF", "number", 255],
    ["#B101", "number", 5],
    [".5", "number", 0.5],
  ] as const)("%s is a %s of %d", (text, quantity, value) => {
    expect(valued(text, quantity)).toBeCloseTo(value, 9);
  });

  it.each([
    ["1 KG", "time", -131],
    ["1 V", "current", -131],
    ["ON", "number", -224],
    ["'1'", "number", -104],
  ] as const)("%s for a %s is error %d", (text, quantity, number) => {
    expect(() => valued(text, quantity)).toThrow(expect.objectContaining({ number }) as Error);
  });

  it("name channels one by one and in ranges", () => {
    const [unit] = parseMessage("A (@0!3, 1!4:1!6,0!3!17:0!3!18)");
    expect(channelsOf(unit!.parameters[0]!)).toEqual([
      { tile: 0, row: 3, line: undefined },
      { tile: 1, row: 4, line: undefined },
      { tile: 1, row: 5, line: undefined },
      { tile: 1, row: 6, line: undefined },
      { tile: 0, row: 3, line: 17 },
      { tile: 0, row: 3, line: 18 },
    ]);
  });

  it.each(["(@0)", "(@0!1:1!2)", "(@0!5:0!3)", "(@0!0:0!99999)", "(0!1)", "(@)", "(@0!1!2:0!3!4)"])(
    "name no channels by %s",
    (text) => {
      const [unit] = parseMessage(`A ${text}`);
      expect(() => channelsOf(unit!.parameters[0]!)).toThrow(ScpiError);
    },
  );
});

describe("a board that speaks SCPI", () => {
  it("says who it is, and has no error at first but that it was switched on", () => {
    const { say } = asker();
    expect(say("*IDN?")).toMatch(/^mho,pcm-64,EMU-7,[^,]+$/);
    expect(say("SYST:VERS?;ERR?;*ESR?;*ESR?")).toBe('1999.0;0,"No error";128;0');
  });

  it("never speaks unasked", () => {
    const { say } = asker();
    expect(say("")).toBe("");
    expect(say("FOO")).toBe("");
    expect(say("*RST;*CLS;OUTP ON")).toBe("");
  });

  it("keeps errors in a queue of 20, sets the bit of their class, and forgets them on *CLS", () => {
    const { say } = asker();
    say("*CLS");
    for (let n = 0; n < 25; n++) say("FOO");
    expect(say("SYST:ERR:COUN?")).toBe("20");
    expect(say("*ESR?")).toBe("32");
    expect(say("*STB?")).toBe("4");
    expect(say("SYST:ERR?")).toBe('-113,"Undefined header;FOO"');
    for (let n = 0; n < 18; n++) say("SYST:ERR?");
    expect(say("SYST:ERR?;ERR?")).toBe('-350,"Queue overflow";0,"No error"');
    say("PULS:WIDT 1");
    expect(say("*ESR?;SYST:ERR?")).toBe('16;-222,"Data out of range"');
    say("FOO;*CLS");
    expect(say("SYST:ERR?")).toBe('0,"No error"');
  });

  it("sums its registers up in the status byte", () => {
    const { say } = asker();
    say("*CLS;*ESE 32;*SRE 32;FOO");
    expect(Number(say("*STB?")) & 0x60).toBe(0x60);
    expect(Number(say("SYST:VERS?;*STB?").split(";")[1]) & 16).toBe(16);
    expect(say("*ESE?;*SRE?;:STAT:OPER:ENAB 256;ENAB?;:STAT:PRES;:STAT:OPER:ENAB?")).toBe("32;32;256;0");
  });

  it("sets the bit of *OPC at once where nothing is pending, and forgets it on *CLS", () => {
    const { say } = asker();
    expect(say("*CLS;*OPC;*ESR?;*ESR?")).toBe("1;0");
    expect(say("*CLS;*ESE 1;*SRE 32;*OPC;*STB?")).toBe("96");
    say("OUTP ON;*CLS");
    say("PROG:VER (@0!3),10 USIE,1 USIE,30;*OPC;*CLS");
    expect(say("*OPC?;*ESR?")).toBe("1;0");
  });

  it("enables up to sixteen bits, of which the last stays 0", () => {
    const { say } = asker();
    expect(say("*CLS;STAT:OPER:ENAB 65535;ENAB?;:STAT:QUES:ENAB #HFFFF;ENAB?")).toBe("32767;32767");
    expect(say("STAT:OPER:ENAB 65536;:SYST:ERR?")).toContain("-222");
  });

  it("takes blanks in a channel list", () => {
    const { say } = asker();
    say("OUTP ON");
    expect(say("MEAS:CODE? (@ 0 ! 3 ! 1 : 0!3!4 , 0!5!2 );:SYST:ERR:COUN?")).toMatch(/^(?:\d+,){4}\d+;/);
  });

  it("programs by itself while it answers, says so in its registers, and *OPC? waits", () => {
    const { say } = asker();
    say("OUTP ON;*CLS");
    say("PROG:VER (@0!3),10 USIE,1 USIE,30;*OPC");
    expect(say("STAT:OPER:COND?;*ESR?")).toBe("256;0");
    expect(say("*OPC?;STAT:OPER:COND?;EVEN?;*ESR?")).toBe("1;0;256;1");
    const values = say("MEAS? (@0!3)").split(",").map(Number);
    expect(values.filter((g) => Math.abs(g - 10) < 2).length).toBeGreaterThan(230);
  });

  it.each([
    ["*STB?", (answer: string) => (Number(answer) & 32) !== 0],
    ["*ESR?", (answer: string) => (Number(answer) & 1) !== 0],
    ["STAT:OPER:COND?", (answer: string) => Number(answer) === 0],
  ])(
    "comes to an end of its own loop for a program that only polls %s, in virtual time too",
    (question, isOver) => {
      const { say } = asker();
      say("OUTP ON;*CLS;*ESE 1");
      say("PROG:VER (@0!3),10 USIE,1 USIE,30;*OPC");
      expect(isOver(say(question))).toBe(false);
      let polls = 1;
      while (!isOver(say(question)) && polls < 1000) polls++;
      expect(polls).toBeLessThan(1000);
    },
  );

  it.each([
    ["*IDN? 5", '-108,"Parameter not allowed"'],
    ["SYST:BOOT? 1", '-108,"Parameter not allowed"'],
    ["AVER:COUN? 5", '-104,"Data type error"'],
    ["PULS:WIDT? 5E-8", '-104,"Data type error"'],
    ["AVER:COUN? FOO", '-224,"Illegal parameter value;FOO"'],
    [
      "FORM INT,16;:MEAS? (@0!3)",
      expect.stringMatching(/^-221,"Settings conflict;conductances are not integers/),
    ],
  ])("refuses %s", (line, error) => {
    const { say } = asker();
    say("OUTP ON;*CLS");
    expect(say(line)).toBe("");
    expect(say("SYST:ERR?")).toEqual(error);
  });

  it("says what it can do, and between which bounds", () => {
    const { say } = asker();
    expect(say("AVER:COUN? MIN;COUN? MAX;COUN? DEF;COUN?")).toMatch(/^1;\d{2,};1;1$/);
    expect(say("*OPT?")).toBe("ENVIRONMENT,REFERENCES,BURST,VERIFY,VIRTUALTIME");
    expect(say("SYST:CAP?")).toBe('"ENVIRONMENT,REFERENCES,BURST,VERIFY,VIRTUALTIME"');
  });

  it("leaves a loop of its own where ABORt finds it", () => {
    const { say, firmware } = asker();
    say("OUTP ON;:PROG:VER (@0!3),10,1,60;:ABOR;*OPC?");
    expect(say("STAT:OPER:COND?")).toBe("0");
    expect(Math.max(...firmware.chip.pulsesFeltByTile(0))).toBe(0);
  });

  it("gives values in ASCII, or in blocks of either order of bytes", () => {
    const { say, firmware } = asker();
    say("OUTP ON");
    const codes = say("MEAS:CODE? (@0!3!0:0!3!1)").split(",").map(Number);
    const block = firmware.receive(bytesOf("FORM INT,16;:MEAS:CODE? (@0!3!0:0!3!1)\n"), 0)[0]!;
    expect(textOf(block.subarray(0, 3))).toBe("#14");
    const big = [block[3]! * 256 + block[4]!, block[5]! * 256 + block[6]!];
    big.forEach((code, i) => expect(Math.abs(code - codes[i]!)).toBeLessThan(60));
    const swapped = firmware.receive(bytesOf("FORM:BORD SWAP;:FORM REAL;:MEAS? (@0!3!0)\n"), 0)[0]!;
    const value = new DataView(swapped.buffer, swapped.byteOffset).getFloat32(3, true);
    expect(Math.abs(value - codes[0]! * 0.04)).toBeLessThan(3);
  });

  it("takes amplitudes as codes, currents or blocks, for rows or single devices", () => {
    const { say, firmware } = asker();
    const felt = (): number => firmware.chip.pulsesFeltByTile(0).reduce((sum, pulses) => sum + pulses, 0);
    say("OUTP ON;:PULS (@0!3!17),300 UA");
    expect(felt()).toBe(1);
    say("PULS (@0!4:0!5),400");
    expect(felt()).toBe(513);
    firmware.receive(Uint8Array.of(...bytesOf("PULS (@0!6!1:0!6!2),#14"), 1, 0x90, 0, 0, 10), 0);
    expect(felt()).toBe(514);
    say("PULS (@0!4),1,2,3");
    expect(say("SYST:ERR?")).toBe('-108,"Parameter not allowed;3 values for a list of 256"');
    expect(felt()).toBe(514);
  });

  it("fires nothing beyond its limits or in standby, and says why", () => {
    const { say, firmware } = asker();
    say("PULS (@0!3),400");
    expect(say("SYST:ERR?")).toBe('-221,"Settings conflict;in standby"');
    say("OUTP ON;:PULS (@0!3),2000;:PULS (@0!99),400;:PULS (@0!3!256),400");
    expect(say("SYST:ERR:COUN?")).toBe("3");
    expect(Math.max(...firmware.chip.pulsesFeltByTile(0))).toBe(0);
  });

  it("carries a tagged line out once, however often it comes, and a damaged one not at all", () => {
    const { say, firmware } = asker();
    const open = encodeTaggedRequest({ session: 5, tag: 1, rest: "OUTP ON" });
    const pulse = encodeTaggedRequest({ session: 5, tag: 2, rest: ":PULS (@0!3),400;:FETC:TIME?" });
    say(open);
    const first = say(pulse);
    expect(say(pulse)).toBe(first);
    expect(firmware.chip.pulsesFeltByTile(0)[3 * 256]).toBe(1);
    expect(say(open)).toBe("");
    for (let at = 0; at < pulse.length; at++) {
      const damaged =
        pulse.slice(0, at) + String.fromCharCode(pulse.charCodeAt(at) ^ 1) + pulse.slice(at + 1);
      say(damaged.replaceAll("\n", " "));
    }
    expect(firmware.chip.pulsesFeltByTile(0).reduce((sum, n) => sum + n, 0)).toBe(256);
    // A line whose tag is no tag any more is no line of this session, and is not carried out either.
    expect(say("PULS (@0!3),400")).toBe("");
    expect(say(encodeTaggedRequest({ session: 5, tag: 3, rest: "SYST:ERR?" }))).toContain(
      '101,"Line damaged"',
    );
    expect(firmware.chip.pulsesFeltByTile(0).reduce((sum, n) => sum + n, 0)).toBe(256);
  });

  it("obeys a line without a tag again after *RST, and always when it is told to be safe", () => {
    const { say, firmware } = asker();
    say(encodeTaggedRequest({ session: 5, tag: 1, rest: "OUTP ON" }));
    expect(say("*IDN?")).toContain("pcm-64");
    say("OUTP OFF");
    expect(firmware.inStandby).toBe(true);
    expect(say("SYST:VERS?")).toBe("");
    say("*RST");
    expect(say("SYST:VERS?")).toBe("1999.0");
  });

  it("survives 200,000 random byte strings, and lines of its own words in any order", () => {
    const { firmware } = asker();
    const random = new Random(3).fork("fuzz");
    const given = new Uint8Array(24);
    for (let n = 0; n < 200_000; n++) {
      for (let k = 0; k < 24; k += 4) {
        const { word0 } = random.at(n, k);
        for (let b = 0; b < 4; b++) given[k + b] = word0 >>> (8 * b);
      }
      firmware.receive(given.subarray(0, given[0]! % 25), 0);
    }
    const words = fc.constantFrom(
      "MEAS?", "PULS", "PROG:VER", "(@0!3!1)", "(@0!1:0!2)", ",", ";", ":", "*OPC?", "400", "1 US", "#15abcde",
      "#0", "'a", "ON", "OUTP", "SYST:TAG? 1,1,#H00000000;", "ABOR", "\n", "FORM", "INT,16", "-1", "9E99", "MAX",
    ); // prettier-ignore
    fc.assert(
      fc.property(fc.array(words, { maxLength: 20 }), (parts) => {
        firmware.receive(bytesOf(parts.join(" ")), 0);
      }),
      { numRuns: 2000 },
    );
    firmware.receive(bytesOf("\n\n*CLS\n"), 0);
    expect(textOf(firmware.receive(bytesOf("*RST;*IDN?\n"), 0)[0]!)).toContain("pcm-64");
  });
});

describe("tagged lines", () => {
  it("come back as they were, and any other byte is found out", () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 31),
        fc.nat(2 ** 31),
        fc.string({ unit: "grapheme-ascii" }),
        (session, tag, rest) => {
          const line = { session, tag, rest };
          const text = encodeTaggedRequest(line);
          expect(decodeTaggedRequest(text)).toEqual(line);
          const reply = text.slice("SYST:TAG? ".length);
          for (let at = 0; at < reply.length; at++) {
            const code = reply.charCodeAt(at) ^ 2;
            const damaged = reply.slice(0, at) + String.fromCharCode(code) + reply.slice(at + 1);
            expect(decodeTaggedReply(damaged)).toBeUndefined();
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("the scpi driver over a line of faults", () => {
  it("fires exactly what was meant, or books what is uncertain, in 20 worlds of damage, loss and delay", async () => {
    const description = await describePcm64(1);
    const oneWorld = async (seed: number): Promise<void> => {
      const record = { ...noFaults, seed, line: fivePercent, latestMilliseconds: 25 };
      const faulty = new FaultyLine(new ScpiFirmware(sound, seed), record);
      const peer = { receive: (bytes: Uint8Array) => faulty.receive(bytes, 0).deliveries };
      const driver = new ScpiDriver(connectInProcess(peer), {
        address: "emulator:pcm-64?dialect=scpi",
        description,
        session: seed + 1,
        deadlineMilliseconds: 10,
        attempts: 20,
      });
      await driver.identify();
      const meant = new Uint32Array(16_384);
      const unsure = new Uint32Array(16_384);
      for (let round = 0; round < 5; round++) {
        const block = { tile: 0, rowStart: 4 * round, rowCount: 8 };
        const codes = new Uint16Array(8 * 256).fill(400);
        const { fates } = await driver.pulse(block, { codes, widthNanoseconds: 100, firstTicket: 0 });
        codes.forEach((_, i) => {
          const at = 4 * round * 256 + i;
          const fate = fates[i >> 8];
          if (fate !== 2) meant[at]!++;
          if (fate === 3) unsure[at]!++;
        });
      }
      expect(misbooked(faulty.firmware.chip.pulsesFeltByTile(0), meant, unsure)).toEqual([]);
      expect(unsure.every((n) => n === 0)).toBe(true);
      await driver.close();
    };
    await Promise.all(Array.from({ length: 20 }, (_, seed) => oneWorld(seed)));
  });

  it("books a row as uncertain when the board was reset before its answer came: it had fired, or it had not", async () => {
    const firmware = new ScpiFirmware(sound, 7);
    let lines = 0;
    const transport = connectInProcess({
      receive(bytes) {
        const replies = firmware.receive(bytes, 0);
        if (++lines !== 3) return replies;
        firmware.restart();
        return [];
      },
    });
    const options = { address: "x", session: 1, deadlineMilliseconds: 5 };
    const driver = new ScpiDriver(transport, { ...options, description: await describePcm64(1) });
    await driver.identify();
    const codes = new Uint16Array(4 * 256).fill(400);
    const block = { tile: 0, rowStart: 0, rowCount: 4 };
    const pulse = driver.pulse(block, { codes, widthNanoseconds: 100, firstTicket: 1 });
    const { fates } = await reportOfCut(pulse);
    expect([...fates]).toEqual([1, 3, 2, 2]);
    expect(firmware.chip.pulsesFeltByTile(0)[256]).toBe(1);
    await driver.close();
  });

  it("books a row as uncertain when the link ends under it, and those after it as not fired", async () => {
    const firmware = new ScpiFirmware(sound, 7);
    let lines = 0;
    const transport = connectInProcess({
      receive(bytes) {
        const replies = firmware.receive(bytes, 0);
        if (++lines === 3) void transport.close();
        return lines >= 3 ? [] : replies;
      },
    });
    const options = {
      address: "x",
      description: await describePcm64(1),
      session: 1,
      deadlineMilliseconds: 5,
    };
    const driver = new ScpiDriver(transport, options);
    await driver.identify();
    const codes = new Uint16Array(4 * 256).fill(400);
    const block = { tile: 0, rowStart: 0, rowCount: 4 };
    const pulse = driver.pulse(block, { codes, widthNanoseconds: 100, firstTicket: 1 });
    const { fates } = await reportOfCut(pulse);
    expect([...fates]).toEqual([1, 3, 2, 2]);
    await expect(driver.chipTime()).rejects.toMatchObject({ code: "link-lost" });
  });
});
