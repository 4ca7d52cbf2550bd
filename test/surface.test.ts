/** The public names, repeated: adding or losing one is a decision, not an accident. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as aiSdk from "../src/ai-sdk/index.js";
import * as core from "../src/core/index.js";
import * as engine from "../src/engine/index.js";
import * as root from "../src/index.js";
import * as serve from "../src/serve/index.js";
import * as testing from "../src/testing/index.js";
import * as pipeline from "../src/pipeline/index.js";
import * as tokenizers from "../src/tokenizers/index.js";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const namesOf = (entry: object): readonly string[] => Object.keys(entry).sort();

test("tessera-sdk exports these values and no others", () => {
  expect(namesOf(root)).toEqual([
    "ArgumentError",
    "COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA",
    "CheckpointError",
    "ClosedError",
    "ConstraintError",
    "DEFAULT_IMAGE_MODEL",
    "DEFAULT_MASK_MODEL",
    "DEFAULT_MESH_MODEL",
    "DEFAULT_SPEECH_MODEL",
    "DeviceError",
    "DownloadError",
    "EMBEDDED_MODELS",
    "ExecutionError",
    "FRAMES_DEFAULTS",
    "IMAGE_DEFAULTS",
    "InputError",
    "InstallationError",
    "LOAD_DEFAULTS",
    "LOUDNESS_DEFAULTS",
    "LogitsError",
    "MASK_DEFAULTS",
    "MESH_DEFAULTS",
    "MESH_FORMATS",
    "NO_STYLE",
    "OCTGPT_DEFAULTS",
    "OutputError",
    "PUBLISHED_IMAGE_MODELS",
    "READ_AUDIO_DEFAULTS",
    "SPEECH_DEFAULTS",
    "SPEECH_FORMATS",
    "ShapeError",
    "TEXT_DEFAULTS",
    "TEXT_MODEL_TYPES",
    "TRAINED_ALGORITHMIC_MEDIA",
    "TRIM_DEFAULTS",
    "TemplateError",
    "TesseraError",
    "TokenizerError",
    "ToolError",
    "UnknownNameError",
    "VERSION",
    "WeightsError",
    "areaOf",
    "boxOf",
    "boxedMask",
    "cutOut",
    "decodeMask",
    "digestOfModel",
    "editImage",
    "encodeMask",
    "encodeSpeech",
    "factsOf",
    "fromPolygons",
    "fromRle",
    "generateImage",
    "generateMask",
    "generateMesh",
    "generateSpeech",
    "generateText",
    "intersectionOverUnion",
    "loadImageModel",
    "loadMaskModel",
    "loadMeshModel",
    "loadOctgpt",
    "loadSpeechModel",
    "loadTextModel",
    "loudnessOf",
    "markingOf",
    "meshFile",
    "normaliseLoudness",
    "parseManifest",
    "parseMaskManifest",
    "parseMesh",
    "parseMeshManifest",
    "parseSpeechManifest",
    "pictureFile",
    "pullModel",
    "pulledModel",
    "pulledModels",
    "rasterise",
    "readAudio",
    "readManifest",
    "readMarking",
    "readMask",
    "readMaskManifest",
    "readMesh",
    "readMeshManifest",
    "readSpeechManifest",
    "readSpeechMarking",
    "removePulled",
    "saveFrames",
    "saveMesh",
    "segmentImage",
    "simplify",
    "speechFile",
    "streamEdit",
    "streamImage",
    "streamMesh",
    "streamSegmentation",
    "streamSpeech",
    "streamText",
    "toPolygons",
    "toRle",
    "topologyOf",
    "trimSilence",
    "verifyImage",
    "verifyMask",
    "verifyMesh",
    "verifyPulled",
    "verifySpeech",
    "wavOf",
    "xmpOf",
  ]);
});

test("tessera-sdk/core exports these values and no others", () => {
  expect(namesOf(core)).toEqual([
    "ADAPTIVE_WINDOW",
    "CONFIDENCES",
    "DECODINGS",
    "IMAGE_BERT",
    "IMAGE_BERTS",
    "INITIALISERS",
    "JACOBI_DEFAULTS",
    "LLAMAGEN",
    "MASKED_DEFAULTS",
    "OCTGPT",
    "OCTGPT_CONFIGS",
    "OCTREE",
    "SAMPLING_DEFAULTS",
    "SCALE_TRANSFORMERS",
    "SCHEDULES",
    "SEGMENTER",
    "TRANSFORMERS",
    "UNGUIDED",
    "VAR",
    "biased",
    "bitSampler",
    "decode",
    "decodingOf",
    "diagonals",
    "ending",
    "guidance",
    "gumbelNoise",
    "idOf",
    "jacobi",
    "keeping",
    "leftPadded",
    "lineLayout",
    "llamagenGuidance",
    "markedLayout",
    "masked",
    "maskedGroup",
    "maskedSettings",
    "narGuidance",
    "nextNeighbor",
    "nextScale",
    "nextToken",
    "openModel",
    "openSession",
    "ordersOf",
    "parallelRegions",
    "parseImageBertConfig",
    "parseOctgptConfig",
    "parseSegmenterConfig",
    "penalised",
    "randomRanks",
    "rasterLayout",
    "repetitionAware",
    "sampler",
    "scaleConfig",
    "standingBefore",
    "strategyOf",
    "suppressed",
    "theseGroups",
    "titokGuidance",
    "titokSettings",
    "transformerConfig",
    "unmaskOctree",
    "varGuidance",
  ]);
});

test("tessera-sdk/engine exports these values and no others", () => {
  expect(namesOf(engine)).toEqual([
    "ENGINE_DEFAULTS",
    "GraphBuilder",
    "PRECISIONS",
    "diagnose",
    "f32",
    "i32",
    "openCheckpoint",
    "openEngine",
    "opsOf",
    "saveOnnx",
    "tensor",
    "writeSafetensors",
  ]);
});

test("tessera-sdk/tokenizers exports these values and no others", () => {
  expect(namesOf(tokenizers)).toEqual([
    "ChatTemplate",
    "ClosestFace",
    "MULTI_SCALE_CONFIGS",
    "NeuralMpu",
    "OctreeWalk",
    "PlaceReader",
    "SHAPE_CODECS",
    "SURFACE_DEFAULTS",
    "TITOK_CONFIGS",
    "TokenConstraint",
    "VQ_CONFIGS",
    "boxMask",
    "boxWords",
    "boxesIn",
    "centreCrop",
    "compileConstraint",
    "cutAt",
    "decodeMesh",
    "decodeVoxels",
    "encodeMesh",
    "fullOctree",
    "grown",
    "keptCells",
    "loadTextTokenizer",
    "logMel",
    "marchingCubes",
    "openMaskTokenizer",
    "openMultiScaleTokenizer",
    "openShapeCodec",
    "openTitokTokenizer",
    "openVqTokenizer",
    "parseMultiScaleConfig",
    "parseShapeCodecConfig",
    "parseTitokConfig",
    "parseVqConfig",
    "picturesOf",
    "pixelsOf",
    "pointOctree",
    "readIds",
    "readPicture",
  ]);
});

test("tessera-sdk/testing exports these values and no others", () => {
  expect(namesOf(testing)).toEqual([
    "TOLERANCES",
    "compareImages",
    "compareMeshes",
    "compareSounds",
    "compareTokens",
    "matchers",
  ]);
});

test("tessera-sdk/ai-sdk exports these values and no others", () => {
  expect(namesOf(aiSdk)).toEqual(["createTessera"]);
});

test("tessera-sdk/serve exports these values and no others", () => {
  expect(namesOf(serve)).toEqual(["createApp", "createServer"]);
});

test("tessera-sdk/pipeline exports these values and no others", () => {
  expect(namesOf(pipeline)).toEqual([
    "assetsJsonSchema",
    "isItemManifest",
    "lockPathOf",
    "makeAssets",
    "parseAssets",
    "planAssets",
    "readAssets",
    "readItemManifest",
    "readLock",
    "streamAssets",
    "verifyAssets",
  ]);
});

test("no name stands in two entries", () => {
  const all = [root, aiSdk, core, engine, pipeline, serve, testing, tokenizers].flatMap(namesOf);
  expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
});

test("package.json offers these entries, with types for every way of finding modules", () => {
  const folders = ["engine", "core", "tokenizers", "serve", "testing", "pipeline", "ai-sdk"];
  const { exports, main, types, typesVersions } = manifest;
  const files = (folder: string) => {
    const path = folder === "." ? "./dist/index" : `./dist/${folder}/index`;
    return { types: `${path}.d.ts`, default: `${path}.js` };
  };
  expect(exports).toEqual({
    ".": files("."),
    ...Object.fromEntries(folders.map((folder) => [`./${folder}`, files(folder)])),
    "./schemas/assets.schema.json": "./schemas/assets.schema.json",
    "./package.json": "./package.json",
  });
  expect({ main, types }).toEqual({ main: files(".").default, types: files(".").types });
  expect(typesVersions["*"]).toEqual(Object.fromEntries(folders.map((folder) => [folder, [files(folder).types]])));
});
