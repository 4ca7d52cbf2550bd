/** Colours of spectrograms, from silence to the loudest place, evenly apart; readable without hues, as each is lighter than the one before it. */
const RAMP = [
  [12, 8, 38],
  [74, 20, 110],
  [158, 47, 104],
  [227, 89, 51],
  [250, 172, 40],
  [252, 253, 191],
] as const;

/** The colour [red, green, blue], 0 … 255 each, of a loudness from 0, silence, to 1; what lies beyond counts as the end. */
export function heatColour(loudness: number): readonly [red: number, green: number, blue: number] {
  const at = Math.min(Math.max(loudness, 0), 1) * (RAMP.length - 1);
  const below = Math.min(Math.floor(at), RAMP.length - 2);
  const part = (c: 0 | 1 | 2) => Math.round(RAMP[below]![c] + (at - below) * (RAMP[below + 1]![c] - RAMP[below]![c]));
  return [part(0), part(1), part(2)];
}
