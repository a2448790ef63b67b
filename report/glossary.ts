/** The rows of docs/glossary.md, for pages that explain their terms. Written by `npm run glossary`. */
export const glossary: readonly { readonly names: readonly string[]; readonly meaning: string }[] = [
  { names: ["device"], meaning: "One conductance: one phase-change, resistive or electrochemical element." },
  { names: ["pair"], meaning: "Two devices, plus and minus. Their difference carries a sign." },
  {
    names: ["cell"],
    meaning: "Holds one weight: one pair or several. On most chips here two pairs, four devices.",
  },
  { names: ["tile"], meaning: "A crossbar of cells. Rows are inputs, columns outputs." },
  { names: ["chip"], meaning: "Holds tiles. A file (chips/) describes it, never code." },
  {
    names: ["address"],
    meaning: "Where a chip is, such as serial:/dev/ttyACM0 or emulator:pcm-64. See addresses.",
  },
  { names: ["dialect"], meaning: "What a board speaks: packet or scpi." },
  { names: ["preset"], meaning: "An emulated chip by name, such as pcm-64." },
  {
    names: ["birth"],
    meaning:
      "What an emulated device truly is. births=stranger are devices that drift by a law that no published model describes.",
  },
  {
    names: ["PCM", "ReRAM (rram)"],
    meaning: "Phase-change memory; resistive memory, whose filament a pulse moves.",
  },
  {
    names: ["ECRAM"],
    meaning: "Electrochemical memory. A pulse moves charge, and so the conductance, by a step up or down.",
  },
  { names: ["SET", "RESET"], meaning: "A pulse that raises the conductance, and one that lowers it." },
  {
    names: ["code"],
    meaning: "The whole number that a converter gives or takes: of a read, or of a pulse's amplitude.",
  },
  {
    names: ["saturated"],
    meaning: "A reading at the top of the converter: the true conductance may be higher.",
  },
  {
    names: ["reference"],
    meaning: "A known resistor behind a tile's converter, which shows how far the converter is off.",
  },
  {
    names: ["matrix–vector product"],
    meaning: "What a tile gives when voltages are on all of its rows: a current for each column.",
  },
  {
    names: ["link"],
    meaning:
      "The line between the host and the board. A lost link is found again, and no pulse is fired twice.",
  },
  { names: ["standby"], meaning: "Every line of the chip in its safe state. mho standby brings it there." },
  {
    names: ["watchdog"],
    meaning: "The board's own timer. It puts the chip in standby when the host is silent.",
  },
  { names: ["chip time"], meaning: "What devices age by. Link time is what deadlines run by." },
  { names: ["wear"], meaning: "How many pulses each device has had." },
  { names: ["weight", "w"], meaning: "A number of the trained network. ŵ is what the chip holds for it." },
  { names: ["conductance", "G"], meaning: "How well a device conducts, in µS." },
  { names: ["scale", "β"], meaning: "µS per unit of weight: of a layer, or of each column." },
  {
    names: ["significance", "F"],
    meaning: "How much more the major pair counts: β w = F (G+ − G−) + (g+ − g−).",
  },
  { names: ["MSP", "major pair"], meaning: "The most significant pair, G+ and G−, which counts F times." },
  { names: ["LSP", "minor pair"], meaning: "The least significant pair, g+ and g−, which counts once." },
  {
    names: ["MSP first", "LSP first"],
    meaning:
      "Rules of today for a weight's conductances: the most (least) significant pair takes as much of it as it can, the other pair the rest.",
  },
  {
    names: ["single pair", "equal split"],
    meaning: "Two more rules of today: one pair for each weight; both pairs take half each.",
  },
  { names: ["layout"], meaning: "How many devices hold a weight: dual-pair, single-pair, n-pair." },
  {
    names: ["strategy"],
    meaning:
      "What mho optimize writes: which conductances hold which weight, F, β, α, and the errors to expect.",
  },
  { names: ["curves"], meaning: "The conductances of a strategy against the weight." },
  {
    names: ["clip"],
    meaning: "To set weights beyond a limit to that limit, so that the others get more of the range.",
  },
  { names: ["target"], meaning: "The conductance that a device is meant to have." },
  {
    names: ["error budget"],
    meaning:
      "How much of the expected error comes from programming, drift, read noise, translation (what the mean misses) and saturation (what was clipped).",
  },
  {
    names: ["rule of today", "rules of today"],
    meaning:
      "A usual way to choose conductances without a model of drift: single pair, equal split, MSP first, LSP first.",
  },
  {
    names: ["α", "drift compensation"],
    meaning: "One factor a tile, or a column, that brings its outputs back after drift, by least squares.",
  },
  {
    names: ["digital factors"],
    meaning:
      "α_c and an offset o_c for each column, applied behind the chip: z = α_c y + o_c. mho calibrate finds them.",
  },
  {
    names: ["weight error"],
    meaning: "Root mean square of (α ŵ − w), in percent of the largest weight of its layer.",
  },
  { names: ["RMS"], meaning: "Root mean square: the root of the mean of the squares." },
  {
    names: ["TNMSE"],
    meaning:
      "Time-averaged normalised mean square error: 100 × the mean square of (α ŵ − w) over the square of the largest weight, averaged over the times that count. 1 is a weight error of 10 %.",
  },
  {
    names: ["matrix–vector error"],
    meaning:
      "How far a tile's products are off: root of the sum of squares of the errors, over that of the products.",
  },
  {
    names: ["accuracy"],
    meaning: "Share of images that the network gets right, with the weights as the chip holds them.",
  },
  {
    names: ["naive"],
    meaning: "Of the demo: the major pair first, and one pulse a device that is never read back.",
  },
  { names: ["open loop"], meaning: "Aimed by a published model." },
  {
    names: ["closed loop"],
    meaning: "Aimed by a model of this very chip, and corrected by what its devices did.",
  },
  { names: ["σ", "standard deviation"], meaning: "The usual spread about a mean." },
  { names: ["95 % interval"], meaning: "Where the true value lies in 95 of 100 such fits." },
  {
    names: ["median"],
    meaning:
      "Half of the values are below it. A quarter of them are below the lower quarter, and a quarter above the upper.",
  },
  { names: ["method"], meaning: "How devices are brought to their targets: see methods." },
  { names: ["open-loop"], meaning: "The method that gives one pulse and does not look." },
  {
    names: ["verify"],
    meaning: "The method that pulses, reads, and pulses again until the reading lies inside the margin.",
  },
  {
    names: ["residual"],
    meaning:
      "Verify, then what a weight is still off by (its residue) goes to whichever device of its cell corrects it best.",
  },
  {
    names: ["gdp"],
    meaning:
      "Gradient-descent programming: weights are corrected by measured matrix–vector products, so wires and converters are corrected too.",
  },
  {
    names: ["max-set-fill"],
    meaning:
      "As many devices of a cell as fit are left at full SET, and one is programmed to what is missing.",
  },
  { names: ["on-board"], meaning: "The verify loop of the board's own firmware." },
  {
    names: ["staircase"],
    meaning: "Incremental steps, SET where too low and RESET where too high: what others do for ReRAM.",
  },
  {
    names: ["nominal curve"],
    meaning: "Amplitude → conductance as the datasheet has it. Each device's own curve lies beside it.",
  },
  { names: ["margin"], meaning: "How far from its target a reading may lie and still be accepted." },
  {
    names: ["reference age"],
    meaning: "The age at which a device is meant to have its target: 20 s for pcm-90nm.",
  },
  { names: ["verdict"], meaning: "How a device ended, and why: see verdicts." },
  { names: ["pending"], meaning: "Not yet judged: still worked on." },
  {
    names: ["in place"],
    meaning: "Read near its target since its last pulse, and still to be read once more, later.",
  },
  {
    names: ["accepted"],
    meaning: "The verdict of a device that was found near its target by late reads after its last pulse.",
  },
  {
    names: ["accepted outside tolerance"],
    meaning: "The verdict of a device that is near enough at the end of its pulses, or as low as it goes.",
  },
  {
    names: ["unreachable"],
    meaning: "The verdict of a device that is still on the wrong side at the end of its amplitudes.",
  },
  {
    names: ["budget spent"],
    meaning: "The verdict of a device that was still off when its pulses or its reads were used up.",
  },
  { names: ["unverified"], meaning: "Pulsed and, by the nature of the method, not read back." },
  { names: ["left alone"], meaning: "Without a target, so without a pulse." },
  { names: ["open"], meaning: "The verdict of a device that conducts nothing." },
  {
    names: ["unreadable"],
    meaning: "The verdict of a device for which the converter gave no value three times.",
  },
  { names: ["weak"], meaning: "The verdict of a device that obeyed at first and then no more." },
  {
    names: ["stuck high", "stuck low"],
    meaning: "The verdict of a device that conducts much, or little, whatever is fired.",
  },
  {
    names: ["yield"],
    meaning: "Share of the devices with a target that were accepted; accepted outside tolerance counts.",
  },
  { names: ["convergence"], meaning: "How the error of what a tile holds falls, turn by turn." },
  { names: ["budget"], meaning: "Pulses that a device may be given in one run." },
  { names: ["dry run"], meaning: "Pulses, wear and time to expect. Nothing is sent to a chip." },
  {
    names: ["drift"],
    meaning: "G(t) = G (t/t0)^−ν: the conductance of phase-change memory falls as a power of time.",
  },
  {
    names: ["drift band"],
    meaning:
      "Devices of one tile that read alike at first, followed together. A chart shows their median, and the range from quarter to quarter.",
  },
  {
    names: ["ν", "drift exponent"],
    meaning: "How fast a device drifts: with ν = 0.05 it loses 11 % for each factor of 10 in time.",
  },
  { names: ["t0"], meaning: "The constant of the drift law. Not an instant: that is pulsed_at." },
  { names: ["relaxation"], meaning: "How ReRAM changes after a pulse: at random, fast at first." },
  {
    names: ["read noise", "Q"],
    meaning:
      "How far reads of one device scatter, as a share of its conductance. 1/f noise: reads in quick succession err alike, so averaging them helps little.",
  },
  { names: ["age"], meaning: "Time since a device's last pulse." },
  {
    names: ["watch"],
    meaning:
      "Reads a run at ages that are evenly spaced on a logarithmic axis. Per decade: so many ages for each factor of 10.",
  },
  {
    names: ["model"],
    meaning: "What is believed of a kind of device: mean and variance for every target and age.",
  },
  { names: ["fit", "refit"], meaning: "Makes a model of the devices that were measured." },
  { names: ["check"], meaning: "Asks whether the model may be believed: see the list." },
  { names: ["bend"], meaning: "How far a device's drift departs from a power law, in standard errors." },
  {
    names: ["pulse response"],
    meaning: "Amplitude → conductance as it was measured. It takes the place of the nominal curve.",
  },
  { names: ["extrapolated"], meaning: "For an age later than the fit was tested." },
  {
    names: ["forecast"],
    meaning: "The error that was foretold for a run. mho show compares it with what was measured.",
  },
  {
    names: ["no longer holds"],
    meaning: "Of a model: its devices were read outside its bands, so fit another.",
  },
  {
    names: ["trim"],
    meaning:
      "Programs anew the devices whose measured drift is worth a pulse, and leaves the others alone. Also called a visit.",
  },
  {
    names: ["picked"],
    meaning: "Of devices that verify chose by how they drift: they do not stand for all.",
  },
  {
    names: ["workspace"],
    meaning: "A folder with all runs, in one SQLite file, and their logs: see workspace.",
  },
  { names: ["run"], meaning: "Carries out a plan on one chip, and is named r1, r2 and so on." },
  {
    names: ["journal"],
    meaning: "The memory of a run: every decision before it is carried out, and what became of it.",
  },
  { names: ["block"], meaning: "A rectangle of whole rows of one tile: the unit of work." },
  { names: ["turn"], meaning: "Decide, write down, act, look: one step of a run on one block." },
  { names: ["sweep"], meaning: "One read-out of a block at one age." },
  { names: ["ticket"], meaning: "The number of one row pulse. It only rises, and a ticket fires once." },
  { names: ["uncertain"], meaning: "Whether a pulse fired is not known, because the link broke." },
  { names: ["transcript"], meaning: "A recording of every byte, both ways. mho replay runs it again." },
  {
    names: ["seed"],
    meaning: "The number from which every draw of chance follows. The same seed gives the same figures.",
  },
  { names: ["mapping"], meaning: "Which column of a table is what, for mho import." },
  { names: ["live page"], meaning: "What mho serve shows. Its token is needed to pause or stop a run." },
  { names: ["event"], meaning: "One line of --json: see events." },
];
