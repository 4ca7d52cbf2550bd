/** The model that travels in the package: words become the thing that they name, in its colours. */
import { expect, test } from "vitest";
import { generateMesh } from "../../src/3d/generate-mesh.js";

/** The share of vertices whose colour is mostly red, and the share of dark ones. */
function shares(colours: ArrayLike<number>): { red: number; dark: number } {
  const vertices = colours.length / 3;
  let red = 0;
  let dark = 0;
  for (let v = 0; v < vertices; v++) {
    const [r, g, b] = [colours[3 * v]!, colours[3 * v + 1]!, colours[3 * v + 2]!];
    if (r > 2 * g && r > 2 * b) red++;
    if (Math.max(r, g, b) < 0.2) dark++;
  }
  return { red: red / vertices, dark: dark / vertices };
}

test("tessera-shapes makes a red car with black wheels out of words alone", async () => {
  const { meshes, warnings } = await generateMesh({ prompt: "red car with black wheels", seed: 7, depth: 5 });
  expect(warnings).toEqual([]);
  const { mesh, facts } = meshes[0]!;
  expect(facts.watertight).toBe(true);
  const [width, height, length] = mesh.positions.reduce(
    ([x, y, z], value, i) =>
      i % 3 === 0
        ? [Math.max(x!, value), y!, z!]
        : i % 3 === 1
          ? [x!, Math.max(y!, value), z!]
          : [x!, y!, Math.max(z!, value)],
    [-1, -1, -1],
  );
  expect(Math.max(width!, length!)).toBeGreaterThan(height!); // longer than high
  const { red, dark } = shares(mesh.colours!);
  expect(red).toBeGreaterThan(0.3);
  expect(dark).toBeGreaterThan(0.05);
});
