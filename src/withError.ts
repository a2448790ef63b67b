/** A value and its error with as many digits as the error allows: `0.123 ± 0.012`; of tiny ones `(1.2 ± 0.3)e-7`. */
export function withError(value: number, error: number): string {
  if (!(error > 0) || !Number.isFinite(error)) return Number(value.toPrecision(4)).toString();
  const decimals = 1 - Math.floor(Math.log10(error));
  if (decimals <= mostDecimals) {
    const shown = Math.max(0, decimals);
    return `${value.toFixed(shown)} ± ${error.toFixed(shown)}`;
  }
  const exponent = Math.floor(Math.log10(Math.max(Math.abs(value), error)));
  const scaled = (x: number): string => {
    const [digits, place] = x.toExponential(15).split("e");
    return Number(`${digits}e${Number(place) - exponent}`).toFixed(
      Math.max(0, Math.min(15, decimals + exponent)),
    );
  };
  return `(${scaled(value)} ± ${scaled(error)})e${exponent}`;
}

const mostDecimals = 6;
