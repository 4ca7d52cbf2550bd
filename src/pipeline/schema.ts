/** What a manifest of assets may say: one schema, which checks files and which editors show. It is put together from the tables. */
import { z } from "zod";
import { PRECISIONS } from "../engine/index.js";
import { KIND_NAMES, KINDS, type KindName } from "./kinds/index.js";
import type { Kind } from "./kinds/kind.js";
import { MEDIA, type MediumName } from "./media/index.js";

/** Assets, styles of names and sheets have names that are also names of files. */
const NAME = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "a name of up to 64 letters, digits, dots, hyphens and underscores")
  .describe("A name of letters, digits, dots, hyphens and underscores.");

/** A value, or a list of them that makes an asset of each. */
const oneOrMany = (one: z.ZodType): z.ZodType =>
  z.union([one, z.array(one).min(1).max(10_000)]).describe(`${one.description ?? ""} A list makes an asset of each.`);

const SEED = z.union([
  z.int().min(0),
  z.string().regex(/^\d{1,15}\.\.\d{1,15}$/, 'a whole number, or a range such as "1..20"'),
]);

const WHOLE_TEMPLATE =
  "Name of the files without their ending, such as icons/{prompt}-{seed}. In braces: asset, kind, index, and any setting.";

/** What every kind has besides its own settings. */
const COMMON = {
  model: z.string().min(1).max(1000).describe("An embedded model, or a folder, relative to this file."),
  device: z.string().min(1).max(100).describe("auto, or a device listed by `tessera doctor`. Default: auto."),
  precision: z.enum(PRECISIONS).describe("Precision of the weights. Default: as the model states."),
  seed: oneOrMany(SEED.describe("The same seed gives the same items. Default: 0.")),
  count: z.int().min(1).max(10_000).describe("Items per combination: index 0, 1, … of its seed. Default: 1."),
  output: z.string().min(1).max(500).describe(WHOLE_TEMPLATE),
} as const;

/** A step: its name alone where it needs no options, or an object of its name and them. */
function stepOf(medium: MediumName): z.ZodType {
  const { steps } = MEDIA[medium];
  const options = Object.entries(steps).map(([name, { options, about }]) => [name, options.describe(about).optional()]);
  const full = z
    .strictObject(Object.fromEntries(options) as Record<string, z.ZodType>)
    .refine((step) => Object.keys(step).length === 1, "one step per entry of the list")
    .meta({ minProperties: 1, maxProperties: 1 });
  const bare = Object.keys(steps).filter((name) => steps[name]!.options.safeParse({}).success);
  return bare.length === 0 ? full : z.union([z.enum(bare), full]);
}

/** Everything that an asset of a kind may say, each part optional. */
function partsOf({ axes, fixed, medium }: Kind): Readonly<Record<string, z.ZodType>> {
  const many = Object.entries(axes).map(([name, one]) => [name, oneOrMany(one)] as const);
  const post = z.array(stepOf(medium)).max(32).describe("What is done to each item, in order.");
  const parts = { ...Object.fromEntries(many), ...fixed, ...COMMON, post };
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.optional()]));
}

const assetOf = (kind: KindName) =>
  z.strictObject({ kind: z.literal(kind), ...partsOf(KINDS[kind]) }).describe(KINDS[kind].about);

const SHEET = z
  .strictObject({
    assets: z.array(NAME).min(1).max(1000).describe("Names of the picture assets whose items become its frames."),
    padding: z.int().min(0).max(64).default(1).describe("Transparent pixels around each frame."),
    side: z.int().min(16).max(16_384).default(4096).describe("Largest width and height of the sheet, in pixels."),
    format: z.enum(["png", "webp"]).default("png"),
    output: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .describe("Name of the files without their ending. Default: its name."),
  })
  .describe("One picture of many, with a JSON file of their positions for Phaser and PixiJS.");

const DEFAULTS = z
  .strictObject(Object.fromEntries(KIND_NAMES.map((kind) => [kind, z.strictObject(partsOf(KINDS[kind])).optional()])))
  .describe("Defaults for all assets of a kind.");

const [first, ...rest] = KIND_NAMES.map(assetOf) as [ReturnType<typeof assetOf>, ...ReturnType<typeof assetOf>[]];

export const ASSETS = z.strictObject({
  $schema: z.string().max(1000).optional(),
  version: z.literal(1).default(1).describe("Of this format."),
  output: z.string().min(1).max(500).default("assets").describe("Folder of the files, inside that of this file."),
  manifests: z
    .enum(["beside", "none"])
    .default("beside")
    .describe(
      "Whether <file>.json, from which `tessera verify` makes an item again, lies beside files that no step changed.",
    ),
  defaults: DEFAULTS.optional(),
  assets: z
    .record(NAME, z.discriminatedUnion("kind", [first, ...rest]))
    .refine((assets) => Object.keys(assets).length > 0, "at least one asset")
    .describe("What is made, by name."),
  sheets: z.record(NAME, SHEET).optional().describe("Sprite sheets of several assets."),
});

/** A manifest as it is written, with the defaults of its own fields filled in; those of assets come later. */
export interface AssetsFile {
  readonly output: string;
  readonly manifests: "beside" | "none";
  readonly defaults?: Readonly<Partial<Record<KindName, AssetParts>>> | undefined;
  readonly assets: Readonly<Record<string, AssetParts & { readonly kind: KindName }>>;
  readonly sheets?: Readonly<Record<string, SheetSource>> | undefined;
}

export type SheetSource = z.output<typeof SHEET>;

export type AssetParts = Readonly<Record<string, unknown>> & {
  readonly model?: string;
  readonly device?: string;
  readonly precision?: (typeof PRECISIONS)[number];
  readonly seed?: SeedSource | readonly SeedSource[];
  readonly count?: number;
  readonly output?: string;
  readonly post?: readonly StepSource[];
};

export type SeedSource = number | string;
export type StepSource = string | Readonly<Record<string, unknown>>;

/** The schema for editors, as JSON Schema of draft 2020-12. */
export const assetsJsonSchema = (): object => ({
  title: "Assets of tessera-sdk",
  ...z.toJSONSchema(ASSETS, { io: "input", reused: "ref" }),
});
