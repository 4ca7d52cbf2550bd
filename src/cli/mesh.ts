/** `tessera mesh "round table with three legs" -o table.glb`: meshes from words. */
import { join } from "node:path";
import { Command } from "commander";
import {
  DEFAULT_MESH_MODEL,
  type GeneratedMesh,
  loadMeshModel,
  MESH_FORMATS,
  type MeshFormat,
  type MeshModel,
  type MeshResult,
  streamMesh,
} from "../index.js";
import type { Context } from "./context.js";
import { stemOf } from "./file-names.js";
import { factsOf, filesOf, followed, formatOfOutput, type MakingOptions, withMakingOptions } from "./making.js";
import {
  type ItemOptions,
  loadSettingsOf,
  numberOf,
  printJson,
  type ShapeFileOptions,
  shapeSourceOf,
  withItemOptions,
  withSamplingOptions,
  withShapeModelOptions,
} from "./options.js";
import { replaced } from "./replaced.js";
import { print } from "./streams.js";

/** Endings by which a file, not a folder, is meant. */
const FORMATS = Object.fromEntries(MESH_FORMATS.map((format) => [`.${format}`, format]));

interface MeshOptions extends MakingOptions, ShapeFileOptions, ItemOptions {
  readonly passes?: readonly number[];
  readonly output: string;
  readonly format?: MeshFormat;
  readonly depth?: number;
  readonly size?: number;
  readonly faces?: number;
}

export function meshCommand({ signal }: Context): Command {
  const command = new Command("mesh")
    .description("make closed meshes from a prompt")
    .argument("<prompt>", 'what to make, such as "round table with three legs"');
  withItemOptions(command.optionsGroup("What to make:"), "meshes")
    .option("-o, --output <path>", "folder for the meshes, or the file for a single one", "out")
    .option(
      "--format <name>",
      `${MESH_FORMATS.join(", ")} (default: by the ending of the file, else glb); stl is in millimetres`,
    )
    .option(
      "--depth <levels>",
      "levels of the octree: 2^levels voxels per axis (default: as the model states)",
      numberOf,
    )
    .option("--size <metres>", "longest side in metres (default: 1)", numberOf)
    .option("--faces <count>", "approximate number of triangles (default: as many as the octree gives)", numberOf)
    .option("--no-manifest", "do not write <file>.json");
  withSamplingOptions(command, ["guidance", "temperature"]);
  command.option("--passes <counts>", "passes at each depth of OctGPT, such as 16,24,24,32", countsOf);
  withShapeModelOptions(command, DEFAULT_MESH_MODEL);
  return withMakingOptions(command).action(async (prompt: string, options: MeshOptions) => {
    const { n, seed, firstIndex, depth, size, faces, guidance, temperature } = options;
    const named = formatOfOutput(options, FORMATS);
    const format = options.format ?? named ?? "glb";
    const pathOf = (index: number) =>
      named ? options.output : join(options.output, `${stemOf({ prompt })}-${seed}-${index}.${format}`);
    const written = new Map<GeneratedMesh, readonly string[]>();
    const others = replaced();
    const loading = loadMeshModel(shapeSourceOf(options), {
      ...loadSettingsOf(options),
      textEncoder: options.textEncoder ?? null,
    });
    const decoding = options.passes && ({ kind: "masked-octree", passes: options.passes } as const);
    const settings = { n, seed, firstIndex, format, depth, size, faces, guidance, temperature, decoding };
    const stream = (model: MeshModel) => streamMesh({ ...settings, model, signal, prompt });
    const result = await followed(options, loading, stream, async (event) => {
      if (event.type !== "mesh-end") return;
      const path = pathOf(event.mesh.index);
      const save = () => event.mesh.save(path, { manifest: options.manifest });
      written.set(event.mesh, await others.during(path, save));
    });
    if (!options.json) others.tell();
    report(result, written, options.json);
  });
}

/** Whole numbers with commas between them. Their range is checked where they are used. */
const countsOf = (words: string): readonly number[] => words.split(",").map(numberOf);

function report(result: MeshResult, written: ReadonlyMap<GeneratedMesh, readonly string[]>, json: boolean): void {
  const { meshes } = result;
  if (json) {
    const rows = meshes.map((mesh) => ({
      ...filesOf(written.get(mesh)!),
      ...{ mediaType: mesh.mediaType, index: mesh.index, ...mesh.facts },
      tokensSha256: mesh.manifest.tokens.sha256,
      meshSha256: mesh.manifest.mesh.sha256,
    }));
    printJson({ meshes: rows, ...factsOf(result) });
    return;
  }
  for (const mesh of meshes) {
    const { vertices, faces, watertight, volume } = mesh.facts;
    const sizes = `${vertices} vertices, ${faces} faces, ${watertight ? "watertight" : "open"}, ${(volume * 1e3).toFixed(2)} litres`;
    print(`${written.get(mesh)![0]}  ${sizes}\n`);
  }
}
