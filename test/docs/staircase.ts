/** The picture of the stairs. */
import { STAIRS } from "./stairs.js";

const [WIDTH, STEP, RISE, LEFT] = [920, 44, 54, 12] as const;
const HEIGHT = STAIRS.length * RISE + 2 * LEFT;

/** An SVG of one step per stair, the lowest one at the bottom; each stands on those that it may import. */
export function staircase(): string {
  const steps = STAIRS.flatMap(({ folders, about }, i) => {
    const [x, y] = [LEFT + i * STEP, HEIGHT - LEFT - (i + 1) * RISE];
    return [
      `  <rect x="${x}" y="${y}" width="${WIDTH - LEFT - x}" height="${RISE}" rx="4"/>`,
      `  <text class="folders" x="${x + 14}" y="${y + 23}">${folders.join(" · ")}</text>`,
      `  <text class="about" x="${x + 14}" y="${y + 42}">${about}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="The stairs of src/, from base at the bottom to cli at the top">`,
    "  <style>",
    "    rect { fill: #f5f1e8; stroke: #b9ab8d; } text { font-family: system-ui, sans-serif; fill: #2b2620; }",
    "    .folders { font: 600 15px ui-monospace, monospace; } .about { font-size: 13px; fill: #675d4c; }",
    "    @media (prefers-color-scheme: dark) {",
    "      rect { fill: #26231d; stroke: #6b614e; } text { fill: #f2ece0; } .about { fill: #b8ab94; }",
    "    }",
    "  </style>",
    ...steps,
    "</svg>",
    "",
  ].join("\n");
}
