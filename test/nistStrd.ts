/**
 * Problems of nonlinear regression whose solutions are certified to eleven digits: the Statistical Reference Datasets of NIST,
 * https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml, which are in the public domain.
 */
export interface ReferenceProblem {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly starts: readonly (readonly number[])[];
  readonly certified: readonly number[];
  /** Standard deviations of the parameters, and ‖r‖². */
  readonly deviations: readonly number[];
  readonly squares: number;
  value(b: ArrayLike<number>, x: number): number;
  gradient(b: ArrayLike<number>, x: number): readonly number[];
}

/** Lower difficulty: y = b1 (1 − e^(−b2 x)). */
const misra1a: ReferenceProblem = {
  name: "Misra1a",
  x: [77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760],
  y: [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78],
  starts: [
    [500, 1e-4],
    [250, 5e-4],
  ],
  certified: [2.3894212918e2, 5.5015643181e-4],
  deviations: [2.7070075241, 7.2668688436e-6],
  squares: 1.2455138894e-1,
  value: (b, x) => b[0]! * (1 - Math.exp(-b[1]! * x)),
  gradient: (b, x) => [1 - Math.exp(-b[1]! * x), b[0]! * x * Math.exp(-b[1]! * x)],
};

/** Higher difficulty: a ratio of two cubic polynomials. */
const thurber: ReferenceProblem = {
  name: "Thurber",
  x: [
    -3.067, -2.981, -2.921, -2.912, -2.84, -2.797, -2.702, -2.699, -2.633, -2.481, -2.363, -2.322, -1.501,
    -1.46, -1.274, -1.212, -1.1, -1.046, -0.915, -0.714, -0.566, -0.545, -0.4, -0.309, -0.109, -0.103, 0.01,
    0.119, 0.377, 0.79, 0.963, 1.006, 1.115, 1.572, 1.841, 2.047, 2.2,
  ],
  y: [
    80.574, 84.248, 87.264, 87.195, 89.076, 89.608, 89.868, 90.101, 92.405, 95.854, 100.696, 101.06, 401.672,
    390.724, 567.534, 635.316, 733.054, 759.087, 894.206, 990.785, 1090.109, 1080.914, 1122.643, 1178.351,
    1260.531, 1273.514, 1288.339, 1327.543, 1353.863, 1414.509, 1425.208, 1421.384, 1442.962, 1464.35,
    1468.705, 1447.894, 1457.628,
  ],
  starts: [
    [1000, 1000, 400, 40, 0.7, 0.3, 0.03],
    [1300, 1500, 500, 75, 1, 0.4, 0.05],
  ],
  certified: [
    1.28813968e3, 1.4910792535e3, 5.8323836877e2, 7.5416644291e1, 9.6629502864e-1, 3.9797285797e-1,
    4.9727297349e-2,
  ],
  deviations: [
    4.6647963344, 3.9571156086e1, 2.8698696102e1, 5.567537027, 3.1333340687e-2, 1.4984928198e-2,
    6.5842344623e-3,
  ],
  squares: 5.6427082397e3,
  value: (b, x) => cubic(b[0]!, b[1]!, b[2]!, b[3]!, x) / cubic(1, b[4]!, b[5]!, b[6]!, x),
  gradient(b, x) {
    const under = cubic(1, b[4]!, b[5]!, b[6]!, x);
    const over = -this.value(b, x) / under;
    return [
      1 / under,
      x / under,
      (x * x) / under,
      (x * x * x) / under,
      over * x,
      over * x * x,
      over * x * x * x,
    ];
  },
};

function cubic(a: number, b: number, c: number, d: number, x: number): number {
  return a + x * (b + x * (c + x * d));
}

/** Higher difficulty: its first start is far off. */
const mgh09: ReferenceProblem = {
  name: "MGH09",
  x: [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625],
  y: [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246],
  starts: [
    [25, 39, 41.5, 39],
    [0.25, 0.39, 0.415, 0.39],
  ],
  certified: [1.9280693458e-1, 1.9128232873e-1, 1.2305650693e-1, 1.3606233068e-1],
  deviations: [1.1435312227e-2, 1.9633220911e-1, 8.0842031232e-2, 9.0025542308e-2],
  squares: 3.0750560385e-4,
  value: (b, x) => (b[0]! * (x * x + x * b[1]!)) / (x * x + x * b[2]! + b[3]!),
  gradient(b, x) {
    const under = x * x + x * b[2]! + b[3]!;
    const value = this.value(b, x);
    return [(x * x + x * b[1]!) / under, (b[0]! * x) / under, (-value * x) / under, -value / under];
  },
};

/** Higher difficulty: a narrow peak. NIST's first start, ten widths away, leads astray and is left out. */
const eckerle4: ReferenceProblem = {
  name: "Eckerle4",
  x: [
    400, 405, 410, 415, 420, 425, 430, 435, 436.5, 438, 439.5, 441, 442.5, 444, 445.5, 447, 448.5, 450, 451.5,
    453, 454.5, 456, 457.5, 459, 460.5, 462, 463.5, 465, 470, 475, 480, 485, 490, 495, 500,
  ],
  y: [
    0.0001575, 0.0001699, 0.000235, 0.0003102, 0.0004917, 0.000871, 0.0017418, 0.00464, 0.0065895, 0.0097302,
    0.0149002, 0.023731, 0.0401683, 0.0712559, 0.1264458, 0.2073413, 0.2902366, 0.3445623, 0.3698049,
    0.3668534, 0.3106727, 0.2078154, 0.1164354, 0.0616764, 0.03372, 0.0194023, 0.0117831, 0.0074357,
    0.0022732, 0.00088, 0.0004579, 0.0002345, 0.0001586, 0.0001143, 0.000071,
  ],
  starts: [[1.5, 5, 450]],
  certified: [1.5543827178, 4.0888321754, 4.5154121844e2],
  deviations: [1.5408051163e-2, 4.6803020753e-2, 4.6800518816e-2],
  squares: 1.4635887487e-3,
  value: (b, x) => (b[0]! / b[1]!) * Math.exp((-(x - b[2]!) * (x - b[2]!)) / (2 * b[1]! * b[1]!)),
  gradient(b, x) {
    const value = this.value(b, x);
    const z = (x - b[2]!) / b[1]!;
    return [value / b[0]!, (value * (z * z - 1)) / b[1]!, (value * z) / b[1]!];
  },
};

export const referenceProblems = [misra1a, thurber, mgh09, eckerle4];
