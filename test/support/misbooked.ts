/** The devices that felt more pulses than are booked, or fewer than are booked without a doubt. */
export function misbooked(
  felt: ArrayLike<number>,
  booked: ArrayLike<number>,
  uncertain: ArrayLike<number>,
): number[] {
  return Array.from(felt, (_, device) => device).filter(
    (i) => felt[i]! > booked[i]! || felt[i]! < booked[i]! - uncertain[i]!,
  );
}
