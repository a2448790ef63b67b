/** The rows of docs/glossary.md, for pages that explain their terms. Written by `npm run glossary`. */
export const glossaryText = `
device: One conductance: one phase-change, resistive or electrochemical element.
pair: Two devices, plus and minus. Their difference carries a sign.
cell: Holds one weight: one pair or several. On most chips here two pairs, four devices.
tile: A crossbar of cells. Rows are inputs, columns outputs.
chip: Holds tiles. A file (chips/) describes it, never code.
address: Where a chip is, such as serial:/dev/ttyACM0 or emulator:pcm-64. See addresses.
dialect: What a board speaks: packet or scpi.
preset: An emulated chip by name, such as pcm-64.
birth: What an emulated device truly is. births=stranger are devices that drift by a law that no published model describes.
PCM, ReRAM (rram): Phase-change memory; resistive memory, whose filament a pulse moves.
ECRAM: Electrochemical memory. A pulse moves charge, and so the conductance, by a step up or down.
SET, RESET: A pulse that raises the conductance, and one that lowers it.
code: The whole number that a converter gives or takes: of a read, or of a pulse's amplitude.
saturated: A reading at the top of the converter: the true conductance may be higher.
reference: A known resistor behind a tile's converter, which shows how far the converter is off.
matrix–vector product: What a tile gives when voltages are on all of its rows: a current for each column.
link: The line between the host and the board. A lost link is found again, and no pulse is fired twice.
standby: Every line of the chip in its safe state. mho standby brings it there.
watchdog: The board's own timer. It puts the chip in standby when the host is silent.
chip time: What devices age by. Link time is what deadlines run by.
wear: How many pulses each device has had.
weight, w: A number of the trained network. ŵ is what the chip holds for it.
conductance, G: How well a device conducts, in µS.
scale, β: µS per unit of weight: of a layer, or of each column.
significance, F: How much more the major pair counts: β w = F (G+ − G−) + (g+ − g−).
MSP, major pair: The most significant pair, G+ and G−, which counts F times.
LSP, minor pair: The least significant pair, g+ and g−, which counts once.
MSP first, LSP first: Rules of today for a weight's conductances: the most (least) significant pair takes as much of it as it can, the other pair the rest.
single pair, equal split: Two more rules of today: one pair for each weight; both pairs take half each.
layout: How many devices hold a weight: dual-pair, single-pair, n-pair.
strategy: What mho optimize writes: which conductances hold which weight, F, β, α, and the errors to expect.
curves: The conductances of a strategy against the weight.
clip: To set weights beyond a limit to that limit, so that the others get more of the range.
target: The conductance that a device is meant to have.
error budget: How much of the expected error comes from programming, drift, read noise, translation (what the mean misses) and saturation (what was clipped).
rule of today, rules of today: A usual way to choose conductances without a model of drift: single pair, equal split, MSP first, LSP first.
α, drift compensation: One factor a tile, or a column, that brings its outputs back after drift, by least squares.
digital factors: α_c and an offset o_c for each column, applied behind the chip: z = α_c y + o_c. mho calibrate finds them.
weight error: Root mean square of (α ŵ − w), in percent of the largest weight of its layer.
RMS: Root mean square: the root of the mean of the squares.
TNMSE: Time-averaged normalised mean square error: 100 × the mean square of (α ŵ − w) over the square of the largest weight, averaged over the times that count. 1 is a weight error of 10 %.
matrix–vector error: How far a tile's products are off: root of the sum of squares of the errors, over that of the products.
accuracy: Share of images that the network gets right, with the weights as the chip holds them.
similarity: Of a network without labels: the cosine of its outputs, with the weights as the chip holds them, to its outputs in software. 1 is alike.
by hand: Of the demo: the major pair first, and one pulse a device that is never read back.
open loop: Aimed by a published model.
closed loop: Aimed by a model of this very chip, and corrected by what its devices did.
σ, standard deviation: The usual spread about a mean.
95 % interval: Where the true value lies in 95 of 100 such fits.
median: Half of the values are below it. A quarter of them are below the lower quarter, and a quarter above the upper.
method: How devices are brought to their targets: see methods.
open-loop: The method that gives one pulse and does not look.
verify: The method that pulses, reads, and pulses again until the reading lies inside the margin.
residual: Verify, then what a weight is still off by (its residue) goes to whichever device of its cell corrects it best.
gdp: Gradient-descent programming: weights are corrected by measured matrix–vector products, so wires and converters are corrected too.
max-set-fill: As many devices of a cell as fit are left at full SET, and one is programmed to what is missing.
on-board: The verify loop of the board's own firmware.
staircase: Incremental steps, SET where too low and RESET where too high: what others do for ReRAM.
converge: Pulses each device until it reads within 5 % of its target, and then leaves it alone: what the ArC ONE's own loop does.
nominal curve: Amplitude → conductance as the datasheet has it. Each device's own curve lies beside it.
margin: How far from its target a reading may lie and still be accepted.
reference age: The age at which a device is meant to have its target: 20 s for pcm-90nm.
verdict: How a device ended, and why: see verdicts.
pending: Not yet judged: still worked on.
in place: Read near its target since its last pulse, and still to be read once more, later.
accepted: The verdict of a device that was found near its target by late reads after its last pulse.
accepted outside tolerance: The verdict of a device that is near enough at the end of its pulses, or as low as it goes.
unreachable: The verdict of a device that is still on the wrong side at the end of its amplitudes.
budget spent: The verdict of a device that was still off when its pulses or its reads were used up.
unverified: Pulsed and, by the nature of the method, not read back.
left alone: Without a target, so without a pulse.
open: The verdict of a device that conducts nothing.
unreadable: The verdict of a device for which the converter gave no value three times.
weak: The verdict of a device that obeyed at first and then no more.
stuck high, stuck low: The verdict of a device that conducts much, or little, whatever is fired.
yield: Share of the devices with a target that were accepted; accepted outside tolerance counts.
convergence: How the error of what a tile holds falls, turn by turn.
budget: Pulses that a device may be given in one run.
dry run: Pulses, wear and time to expect. Nothing is sent to a chip.
drift: G(t) = G (t/t0)^−ν: the conductance of phase-change memory falls as a power of time.
drift band: Devices of one tile that read alike at first, followed together. A chart shows their median, and the range from quarter to quarter.
ν, drift exponent: How fast a device drifts: with ν = 0.05 it loses 11 % for each factor of 10 in time.
t0: The constant of the drift law. Not an instant: that is pulsed_at.
relaxation: How ReRAM changes after a pulse: at random, fast at first.
read noise, Q: How far reads of one device scatter, as a share of its conductance. 1/f noise: reads in quick succession err alike, so averaging them helps little.
age: Time since a device's last pulse.
watch: Reads a run at ages that are evenly spaced on a logarithmic axis. Per decade: so many ages for each factor of 10.
model: What is believed of a kind of device: mean and variance for every target and age.
fit, refit: Makes a model of the devices that were measured.
check: Asks whether the model may be believed: see the list.
bend: How far a device's drift departs from a power law, in standard errors.
pulse response: Amplitude → conductance as it was measured. It takes the place of the nominal curve.
extrapolated: For an age later than the fit was tested.
forecast: The error that was foretold for a run. mho show compares it with what was measured.
no longer holds: Of a model: its devices were read outside its bands, so fit another.
trim: Programs anew the devices whose measured drift is worth a pulse, and leaves the others alone. Also called a visit.
picked: Of devices that verify chose by how they drift: they do not stand for all.
workspace: A folder with all runs, in one SQLite file, and their logs: see workspace.
run: Carries out a plan on one chip, and is named r1, r2 and so on.
journal: The memory of a run: every decision before it is carried out, and what became of it.
block: A rectangle of whole rows of one tile: the unit of work.
turn: Decide, write down, act, look: one step of a run on one block.
sweep: One read-out of a block at one age.
ticket: The number of one row pulse. It only rises, and a ticket fires once.
uncertain: Whether a pulse fired is not known, because the link broke.
transcript: A recording of every byte, both ways. mho replay runs it again.
seed: The number from which every draw of chance follows. The same seed gives the same figures.
mapping: Which column of a table is what, for mho import.
live page: What mho serve shows. Its token is needed to pause or stop a run.
event: One line of --json: see events.
bench: A machine with chips and a workspace. A server knows it by its name.
lease: Which bench may work on a chip. A chip has one bench at a time: see chips.
silent: Of a bench: not heard by the server for a minute, without having said that it ends.
wafer: What a chip was cut from, as noted by mho note CHIP --wafer W7 --die 3,4.
die: The place on its wafer that a chip was cut from: two whole numbers, x first, for a map.
out of its forecast: Of a chip that was read: a forecast of its weight errors failed, or the model of its run no longer holds for it.
`;
