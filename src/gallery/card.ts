/** An item as the page shows it. */
import { join } from "node:path";
import sharp from "sharp";
import { TesseraError } from "../base/errors.js";
import { html } from "../base/html.js";
import { writeWhole } from "../base/write-file.js";
import {
  type Marking,
  markingOf,
  type Mesh,
  rasterise,
  readAudio,
  readMask,
  readMesh,
  type Sound,
  xmpOf,
} from "../index.js";
import { type Collected, DRAWN } from "./collect.js";
import { commandOf } from "./command-of.js";
import { drawOverlay } from "./mask-overlay.js";
import { drawSpectrogram } from "./spectrogram.js";

export interface Card {
  readonly file: string;
  readonly medium: "picture" | "sound" | "mesh" | "mask";
  readonly prompt: string;
  readonly model: string;
  /** Of a picture; the voice of a sound; empty where there is neither. */
  readonly style: string;
  readonly order: string;
  readonly facts: readonly string[];
  readonly command: string | null;
  /** HTML of what is looked at. */
  readonly shown: string;
  /** Paths of pictures of how it came to be. */
  readonly previews: readonly string[];
}

/** What is known of an item's surroundings. */
export interface Beside {
  /** Paths of pictures of how it came to be. */
  readonly previews: readonly string[];
  /** Paths of the folder's pictures by the digest of their pixels, for masks of them. */
  readonly pictures: ReadonlyMap<string, string>;
}

/** What the page says of an item. What has to be drawn for it, is. */
export async function cardOf(folder: string, item: Collected, { previews, pictures }: Beside): Promise<Card> {
  const { file, manifest } = item;
  const { model, decoding, seed, index, device, precision } = manifest;
  const number = index === 0 ? [] : [`item ${index}`];
  const common = {
    ...{ file, previews, model: `${model.name} ${model.revision}`, order: decoding.kind, command: commandOf(item) },
    style: "",
  };
  const made = [`seed ${seed}`, ...number, `${device}, ${precision}`];
  switch (manifest.kind) {
    case "tessera-image-manifest": {
      const { subject, picture } = manifest;
      const prompt =
        "prompt" in subject ? subject.prompt : "classId" in subject ? `class ${subject.classId}` : "features";
      const style = "style" in subject && subject.style !== "none" ? subject.style : "";
      const facts = [
        ...(style ? [style] : []),
        `${picture.width} × ${picture.height}`,
        ...(manifest.edit ? ["edited"] : []),
        ...made,
      ];
      const size = `width="${picture.width}" height="${picture.height}"`;
      const shown = `<img src="${href(file)}" alt="${html(prompt)}, generated picture" ${size} loading="lazy" decoding="async">`;
      return { ...common, medium: "picture", prompt, style, facts, shown };
    }
    case "tessera-speech-manifest": {
      const { subject, sound } = manifest;
      const seconds = sound.samples / sound.sampleRate;
      const facts = [subject.voice, `${seconds.toFixed(1)} s`, ...made];
      const heard = await readOrNull(() => readAudio(join(folder, file)));
      const spectrum = `${DRAWN}/sound-${sound.pcmSha256.slice(0, 16)}.webp`;
      if (heard) await drawSpectrogram(heard, join(folder, spectrum), markOf(item));
      const spectrogram = heard ? `<img class="spectrum" src="${href(spectrum)}" alt="" loading="lazy">` : "";
      const shown = `${waveOf(heard)}${spectrogram}
<audio controls preload="none" src="${href(file)}" aria-label="${html(subject.text)}, generated speech"></audio>`;
      return { ...common, medium: "sound", prompt: subject.text, style: subject.voice, facts, shown };
    }
    case "tessera-mesh-manifest": {
      const { subject, mesh } = manifest;
      const facts = [`${mesh.faces} faces`, ...made];
      const strip = `${DRAWN}/${mesh.sha256.slice(0, 16)}.webp`;
      const drawn = await readOrNull(async () =>
        drawTurning(await readMesh(join(folder, file)), join(folder, strip), markOf(item)),
      );
      const label = `${html(subject.prompt)}, generated mesh`;
      const shown = drawn
        ? `<span class="turning" role="img" aria-label="${label}" style="--strip: url('${href(strip)}')"></span>`
        : `<span class="missing">${html(file)}</span>`;
      return { ...common, medium: "mesh", prompt: subject.prompt, facts, shown };
    }
    case "tessera-mask-manifest": {
      const { subject, mask } = manifest;
      const share = `${((100 * mask.area) / (mask.width * mask.height)).toFixed(1)} % of the picture`;
      const facts = [share, `${mask.width} × ${mask.height}`, ...made];
      const overlay = `${DRAWN}/mask-${mask.sha256.slice(0, 16)}.webp`;
      const drawn = await readOrNull(async () =>
        drawOverlay(await readMask(join(folder, file)), join(folder, overlay), markOf(item)),
      );
      const under = subject.imageSha256 === null ? undefined : pictures.get(subject.imageSha256);
      const layers = [...(under ? [under] : []), overlay].map(
        (path) => `<img src="${href(path)}" alt="" loading="lazy">`,
      );
      const label = `${html(subject.prompt)}, mask found`;
      const shown = drawn
        ? `<span class="layers" role="img" aria-label="${label}">${layers.join("")}</span>`
        : `<span class="missing">${html(file)}</span>`;
      return { ...common, medium: "mask", prompt: subject.prompt, facts, shown };
    }
  }
}

/** A file that is missing or damaged is reported on its card, and the gallery goes on. */
const readOrNull = <T>(read: () => Promise<T>): Promise<T | null> =>
  read().catch((error: unknown) => {
    if (TesseraError.isInstance(error)) return null;
    throw error;
  });

/** A path as a URL. */
export const href = (path: string): string =>
  html(path.split("/").map(encodeURIComponent).join("/").replaceAll("'", "%27"));

const COLUMNS = 160;

/** The outline of a sound: the loudest sample of each of 160 parts, up and down. */
function waveOf(sound: Sound | null): string {
  if (sound === null) return "";
  const { samples } = sound;
  const bars = Array.from({ length: COLUMNS }, (_, i) => {
    const part = samples.subarray(
      Math.floor((i * samples.length) / COLUMNS),
      Math.floor(((i + 1) * samples.length) / COLUMNS),
    );
    const height = Math.max(
      0.6,
      38 *
        Math.min(
          1,
          part.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
        ),
    );
    return `M${i + 0.5} ${(40 - height).toFixed(1)}v${(2 * height).toFixed(1)}`;
  });
  return `<svg class="wave" viewBox="0 0 ${COLUMNS} 80" preserveAspectRatio="none" aria-hidden="true"><path d="${bars.join("")}"/></svg>`;
}

/** A picture of a generated item is marked as the item is. */
function markOf({ manifest: { model, seed, index } }: Collected): Marking {
  return markingOf({ model: `${model.name} ${model.revision}`, prompt: null, seed, index });
}

/** Views of a mesh around it, side by side: the page turns it by showing one after the other. */
export const VIEWS = 24;
const SIDE = 240;

async function drawTurning(mesh: Mesh, path: string, marking: Marking): Promise<true> {
  const there = await sharp(path)
    .metadata()
    .then(({ width }) => width === VIEWS * SIDE)
    .catch(() => false);
  if (there) return true; // its name is that of the mesh
  const views = Array.from({ length: VIEWS }, (_, i) => {
    const { data, width, height } = rasterise(mesh, { size: SIDE, azimuth: 30 + (360 * i) / VIEWS });
    return { input: Buffer.from(data), raw: { width, height, channels: 4 as const }, left: i * SIDE, top: 0 };
  });
  const size = { width: VIEWS * SIDE, height: SIDE };
  const strip = sharp({ create: { ...size, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } }).composite(
    views,
  );
  await writeWhole(path, await strip.withXmp(xmpOf(marking)).webp({ quality: 85 }).toBuffer());
  return true;
}
