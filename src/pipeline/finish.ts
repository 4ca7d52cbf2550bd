/** From an item of the cache to the files of an asset: its post steps, one after the other. */
import type { ItemManifest } from "./kinds/kind.js";
import { MEDIA, type MediumName } from "./media/index.js";
import { type MadeFile, markingFor, type Medium } from "./media/medium.js";

/** A post step as a task carries it: the name of its row, and its options, complete. */
export interface Step {
  readonly name: string;
  readonly options: unknown;
}

/** Whether manifests are written beside the files that are an item itself, in one of its formats. */
export type Manifests = "beside" | "none";

export interface Finishing {
  readonly medium: MediumName;
  readonly steps: readonly Step[];
  readonly manifests: Manifests;
}

export interface StoredItem {
  readonly bytes: Uint8Array;
  readonly manifest: ItemManifest;
}

/** Applies the steps that change an item, in order. */
export async function changed({ medium, steps }: Pick<Finishing, "medium" | "steps">, bytes: Uint8Array) {
  const row = MEDIA[medium] as Medium<unknown>;
  let value = await row.decode(bytes);
  let own: Uint8Array | null = bytes;
  for (const { name, options } of steps) {
    const step = row.steps[name]!;
    if (step.does !== "change") continue;
    value = await step.apply(value, options as never);
    own = null;
  }
  return { value, own };
}

/** The files of an item. Where no step writes any, there is one of the medium's usual format. */
export async function finish(finishing: Finishing, { bytes, manifest }: StoredItem): Promise<readonly MadeFile[]> {
  const { medium, steps, manifests } = finishing;
  const row = MEDIA[medium] as Medium<unknown>;
  const item = { ...(await changed(finishing, bytes)), manifest, marking: markingFor(manifest) };
  const writing = steps.filter(({ name }) => row.steps[name]!.does === "write");
  const files: MadeFile[] = [];
  for (const { name, options } of writing.length > 0 ? writing : [{ name: "formats", options: row.kept }]) {
    const step = row.steps[name]!;
    if (step.does !== "write") continue;
    const written = await step.files(item, options as never);
    files.push(...written);
    if (name !== "formats" || item.own === null || manifests === "none") continue;
    for (const { suffix } of written) {
      const record = row.manifestAs(manifest, suffix.slice(1));
      if (record) files.push({ suffix: `${suffix}.json`, bytes: Buffer.from(`${JSON.stringify(record, null, 2)}\n`) });
    }
  }
  return files;
}
