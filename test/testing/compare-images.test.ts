import { expect, test } from "vitest";
import type { Picture } from "../../src/tokenizers/index.js";
import { compareImages } from "../../src/testing/image/compare-images.js";

const [WIDTH, HEIGHT] = [37, 29];

/** A busy picture; `change` alters a channel of a pixel. */
function picture(change: (value: number, x: number, y: number, channel: number) => number = (v) => v): Picture {
  const data = new Uint8Array(4 * WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const at = 4 * (y * WIDTH + x);
      for (let c = 0; c < 3; c++) data[at + c] = change((x * y * (c + 3) + 7 * x + 11 * c) % 256, x, y, c);
      data[at + 3] = change((x * 5 + y * 3) % 256, x, y, 3);
    }
  }
  return { width: WIDTH, height: HEIGHT, data };
}

const valuesOf = (a: Picture, b: Picture) =>
  Object.fromEntries(compareImages(a, b).measures.map(({ name, value }) => [name, value]));

/**
 * Of scikit-image 0.25 over black and white, the worse of each: peak_signal_noise_ratio, and mean and least of
 * structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, full=True) over channels.
 */
test("PSNR and SSIM are those of scikit-image", () => {
  const changed = picture((value, x, y, c) =>
    c < 3 && x >= 20 && x < 27 && y >= 10 && y < 15 ? (value + 40) % 256 : value,
  );
  const { psnr, ssim, localSsim } = valuesOf(picture(), changed);
  expect(psnr).toBeCloseTo(27.850258810648, 8);
  expect(ssim).toBeCloseTo(0.965277824470479, 8);
  expect(localSsim).toBeCloseTo(0.0956850517761736, 8);
});

test("equal pictures are equal, and what transparency hides does not count", () => {
  const same = { psnr: Infinity, ssim: 1, localSsim: 1 };
  expect(valuesOf(picture(), picture())).toEqual(same);
  const hidden = (colour: number): Picture => ({
    width: 2,
    height: 1,
    data: Uint8Array.of(colour, 0, 0, 0, 9, 9, 9, 255),
  });
  expect(valuesOf(hidden(0), hidden(200))).toEqual(same);
});

test("a change of transparency shows, of a black as of a white picture", () => {
  for (const colour of [0, 255]) {
    const flat = (alpha: number) => picture((_, __, ___, c) => (c === 3 ? alpha : colour));
    expect(valuesOf(flat(255), flat(200)).psnr).toBeLessThan(15);
  }
});

test("it says where, and another size is no match", async () => {
  const dot = picture((value, x, y, c) => (c === 1 && x === 30 && y === 7 ? 255 - value : value));
  const { notes, figures } = compareImages(picture(), dot);
  expect(notes[0]).toMatch(/^1 pixel differs .* within 1 x 1 pixels from \(30, 7\)\.$/);
  expect(await figures()).toHaveLength(3);
  const small = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3, 4) };
  const { mismatch, measures } = compareImages(picture(), small);
  expect({ mismatch, measures }).toEqual({ mismatch: "It has 1 x 1 pixels instead of 37 x 29.", measures: [] });
});
