// Makes a UF2 image of the firmware's ELF file: what of it belongs into flash, block by block.
//   node firmware/image.mjs target/image/…/mho-board mho-rp2040.uf2
import { readFileSync, writeFileSync } from "node:fs";
import { encodeUf2 } from "../dist/emulator/rp2040/uf2.js";

const [elfPath, uf2Path] = process.argv.slice(2);
const elf = readFileSync(elfPath);
const [programHeaders, headerBytes, headers] = [
  elf.readUInt32LE(28),
  elf.readUInt16LE(42),
  elf.readUInt16LE(44),
];
const loads = 1;
const block = 256;

// Segments may share a block, so all are laid out first.
const flash = new Map();
for (let k = 0; k < headers; k++) {
  const at = programHeaders + k * headerBytes;
  const [type, offset, , physical, bytes] = [0, 4, 8, 12, 16].map((field) => elf.readUInt32LE(at + field));
  if (type !== loads || bytes === 0 || physical >>> 28 !== 1) continue;
  for (let n = 0; n < bytes; n++) {
    const address = physical + n;
    const start = address - (address % block);
    if (!flash.has(start)) flash.set(start, new Uint8Array(block).fill(0xff));
    flash.get(start)[address - start] = elf[offset + n];
  }
}
const stretches = [...flash].sort(([a], [b]) => a - b).map(([address, bytes]) => ({ address, bytes }));
writeFileSync(uf2Path, encodeUf2(stretches));
console.log(`${uf2Path}: ${stretches.length * block} bytes of flash`);
