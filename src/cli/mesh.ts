/** `tessera mesh "round table with three legs" -o table.glb`: meshes from words. */
import { extname, join } from "node:path";
import { Command } from "commander";
import {
  ArgumentError,
  DEFAULT_MESH_MODEL,
  type GeneratedMesh,
  loadMeshModel,
  MESH_FORMATS,
  type MeshFormat,
  type MeshResult,
  streamMesh,
} from "../index.js";
import type { Context } from "./context.js";
import { stemOf } from "./file-names.js";
import {
  type ItemOptions,
  type LoadOptions,
  loadSettingsOf,
  numberOf,
  printJson,
  type ReportOptions,
  type SamplingOptions,
  type ShapeFileOptions,
  shapeSourceOf,
  withItemOptions,
  withLoadOptions,
  withReportOptions,
  withSamplingOptions,
  withShapeModelOptions,
} from "./options.js";
import { progressOn } from "./progress.js";
import { print, tell } from "./streams.js";

interface MeshOptions extends LoadOptions, ShapeFileOptions, ItemOptions, SamplingOptions, ReportOptions {
  readonly passes?: readonly number[];
  readonly output: string;
  readonly format?: MeshFormat;
  readonly depth?: number;
  readonly size?: number;
  readonly faces?: number;
  readonly manifest: boolean;
}

export function meshCommand({ signal }: Context): Command {
  const command = new Command("mesh")
    .description("make closed meshes from a prompt")
    .argument("<prompt>", 'what to make, such as "round table with three legs"');
  withItemOptions(command.optionsGroup("What to make:"), "meshes")
    .option("-o, --output <path>", "folder for the meshes, or the file for a single one", "out")
    .option(
      "--format <name>",
      `${MESH_FORMATS.join(", ")} (default: by the name of the file, else glb); stl is in millimetres`,
    )
    .option(
      "--depth <levels>",
      "levels of the octree: 2^levels voxels per axis (default: as the model states)",
      numberOf,
    )
    .option("--size <metres>", "longest side (default: 1)", numberOf)
    .option("--faces <count>", "about how many triangles (default: as many as the octree gives)", numberOf)
    .option("--no-manifest", "do not write <file>.json");
  withSamplingOptions(command, "guidance", "temperature");
  command.option("--passes <counts>", "of OctGPT: passes at each depth, such as 16,24,24,32", countsOf);
  withShapeModelOptions(command, `${DEFAULT_MESH_MODEL}, which is not in the package yet`);
  return withReportOptions(withLoadOptions(command)).action(async (prompt: string, options: MeshOptions) => {
    const progress = progressOn(process.stderr, options.quiet || options.json);
    const { n, seed, firstIndex, depth, size, faces, guidance, temperature } = options;
    const named = formatOfOutput(options);
    const format = options.format ?? named ?? "glb";
    const pathOf = (index: number) =>
      named ? options.output : join(options.output, `${stemOf({ prompt })}-${seed}-${index}.${format}`);
    const model = await loadMeshModel(shapeSourceOf(options), loadSettingsOf(options));
    const written = new Map<GeneratedMesh, readonly string[]>();
    try {
      let result: MeshResult | undefined;
      const decoding = options.passes && ({ kind: "masked-octree", passes: options.passes } as const);
      const settings = { n, seed, firstIndex, format, depth, size, faces, guidance, temperature, decoding };
      for await (const event of streamMesh({ ...settings, model, signal, prompt })) {
        if (event.type === "run-start") progress.line(`${event.model.name} on ${event.device.name}`);
        else if (event.type === "mesh-end")
          written.set(event.mesh, await event.mesh.save(pathOf(event.mesh.index), { manifest: options.manifest }));
        else if (event.type === "run-end") result = event.result;
      }
      report(result!, written, options.json);
    } finally {
      progress.clear();
      await model.close();
    }
  });
}

/** Whole numbers with commas between them. Their range is checked where they are used. */
const countsOf = (words: string): readonly number[] => words.split(",").map(numberOf);

/** The format of the file that --output names; null where it names a folder. */
function formatOfOutput({ output, n, format }: MeshOptions): MeshFormat | null {
  const named = MESH_FORMATS.find((known) => extname(output).toLowerCase() === `.${known}`);
  if (!named) return null;
  if (n !== 1) throw new ArgumentError("--output", "a folder, as --n is not 1", output, "Name a folder.");
  if (format !== undefined && format !== named)
    throw new ArgumentError("--output", `a name ending in .${format}, as --format says`, output);
  return named;
}

function report(
  { meshes, warnings, usage, seed, response }: MeshResult,
  written: ReadonlyMap<GeneratedMesh, readonly string[]>,
  json: boolean,
): void {
  if (json) {
    const rows = meshes.map((mesh) => ({
      path: written.get(mesh)![0],
      manifest: written.get(mesh)![1] ?? null,
      ...{ mediaType: mesh.mediaType, index: mesh.index, ...mesh.facts },
      tokensSha256: mesh.manifest.tokens.sha256,
      meshSha256: mesh.manifest.mesh.sha256,
    }));
    printJson({ meshes: rows, warnings, usage, seed, model: { name: response.modelId, revision: response.revision } });
    return;
  }
  for (const warning of warnings) if (warning.type === "other") tell(`warning: ${warning.message}\n`);
  for (const mesh of meshes) {
    const { vertices, faces, watertight, volume } = mesh.facts;
    const sizes = `${vertices} vertices, ${faces} faces, ${watertight ? "watertight" : "open"}, ${(volume * 1e3).toFixed(2)} litres`;
    print(`${written.get(mesh)![0]}  ${sizes}\n`);
  }
}
