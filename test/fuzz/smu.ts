import { readSmuTranscript } from "../../drivers/smu/transcript.ts";
import { KeithleyFirmware } from "../../emulator/keithleyFirmware.ts";
import { findPreset } from "../../emulator/presets.ts";
import { parseChannelMap } from "../../files/channelMap.ts";
import { repositoryFile } from "./fixtures.ts";
import { latin1, surface } from "./surface.ts";

const lines: readonly string[] = [
  "*IDN?;*LANG?;:SYST:ERR?",
  ":SOUR:VOLT:MODE FIX;:SENS:CURR:PROT 0.001;:SOUR:VOLT 0.2;:OUTP ON;:READ?",
  ":OUTP ON;:SOUR:DEL 0.009;:SOUR:LIST:VOLT 1.5,0;:TRIG:COUN 2;:SOUR:VOLT:MODE LIST;:READ?",
  ':SOUR:LIST:VOLT -1.5,0;:SOUR:SWE:VOLT:LIST 1,0.0095;:INIT;*WAI;:TRAC:DATA? 1,2,"defbuffer1",SOUR,READ',
  ":SENS:FUNC 'CURR';:SENS:CURR:NPLC 1.000000;:MEASURE:CURRENT?;:OUTPUT?",
];
const switched = [
  'channel.open("allslots")',
  'channel.close("1A01,2B06")',
  'print(channel.getclose("allslots"))',
];

export const smuSurfaces = [
  surface("smu-firmware", 6, {
    corpus: lines.map((line) => latin1(`${line}\n`)),
    language: "text",
    feed: (bytes) =>
      ["keithley-2400", "keithley-2450"].some(
        (name) => new KeithleyFirmware(findPreset(name)!, 7).receive(bytes, 0).length > 0,
      ),
  }),
  surface("smu-switch", 100, {
    corpus: [latin1(`${switched.join("\n")}\n`)],
    language: "text",
    feed: (bytes) =>
      new KeithleyFirmware(findPreset("keithley-2450-8x8")!, 7).beside!.receive(bytes).length > 0,
  }),
  surface("smu-transcript", 300, {
    corpus: lines.map((line) => latin1(`${line}\n`)),
    language: "text",
    feed(bytes) {
      const heard = readSmuTranscript("chip");
      heard.push(bytes, 0);
      return heard.messages.length > 0;
    },
  }),
  surface("channel-map", 50, {
    corpus: [repositoryFile("chips/channels/707b-8x8.json")],
    language: "json",
    feed: (bytes) => parseChannelMap(bytes, "map.json").rows.length > 0,
  }),
];
