/** The command that makes an item again. */
import {
  DEFAULT_IMAGE_MODEL,
  DEFAULT_MESH_MODEL,
  DEFAULT_SPEECH_MODEL,
  type ImageManifest,
  type MeshManifest,
  type SpeechManifest,
} from "../index.js";
import type { Collected } from "./collect.js";

type Flags = Readonly<Record<string, string | number | null>>;

/** One line for a POSIX shell; null for an item that needs more than words, such as an edited picture or the mask of one. */
export function commandOf({ file, manifest }: Collected): string | null {
  switch (manifest.kind) {
    case "tessera-image-manifest":
      return imageCommand(file, manifest);
    case "tessera-speech-manifest":
      return speechCommand(file, manifest);
    case "tessera-mesh-manifest":
      return meshCommand(file, manifest);
    case "tessera-mask-manifest":
      return null;
  }
}

function imageCommand(file: string, manifest: ImageManifest): string | null {
  const { subject, edit, picture } = manifest;
  if (edit || "featuresSha256" in subject || "textEncoder" in subject) return null; // files without names here
  const words = "prompt" in subject ? [subject.prompt] : [];
  const what: Flags = "prompt" in subject ? { style: subject.style } : { "class-id": subject.classId };
  const size = { size: `${picture.width}x${picture.height}` };
  return line("image", words, file, {
    ...what,
    ...size,
    ...samplingFlags(manifest),
    ...madeBy(manifest, DEFAULT_IMAGE_MODEL),
  });
}

function speechCommand(file: string, manifest: SpeechManifest): string | null {
  const { text, voice, speed, loudness } = manifest.subject;
  if (manifest.index > 0) return null; // the command speaks one item
  const { seed, device, precision, model } = madeBy(manifest, DEFAULT_SPEECH_MODEL);
  return line("speak", [text], file, {
    voice,
    speed,
    loudness,
    seed: seed!,
    device: device!,
    precision: precision!,
    model: model!,
  });
}

function meshCommand(file: string, manifest: MeshManifest): string | null {
  const { subject, depth, size, faces, sampling, decoding } = manifest;
  if (decoding.kind === "masked-octree") return null; // its model has no name: it is two files
  const { guidance, temperature } = sampling;
  return line("mesh", [subject.prompt], file, {
    ...{ depth, size, faces, guidance, temperature },
    ...madeBy(manifest, DEFAULT_MESH_MODEL),
  });
}

function samplingFlags({ sampling, decoding }: ImageManifest): Flags {
  const { guidance, guidanceUntil, temperature, topK, topP, minP } = sampling;
  return {
    ...{ guidance, "guidance-until": guidanceUntil, temperature, "top-k": topK, "top-p": topP, "min-p": minP },
    decoding: decoding.kind,
  };
}

function madeBy({ seed, index, device, precision, model }: Collected["manifest"], usual: string): Flags {
  return {
    ...{ seed, "first-index": index === 0 ? null : index },
    ...{ device: device.replace(/^onnx-/, ""), precision, model: model.name === usual ? null : model.name },
  };
}

/** Flags that are null are left out. */
function line(verb: string, words: readonly string[], file: string, flags: Flags): string {
  const given = Object.entries(flags).flatMap(([name, value]) => (value === null ? [] : [`--${name}`, String(value)]));
  const output = ["-o", file.split("/").at(-1)!];
  // What begins with a hyphen is no option after "--".
  const last = words.some((word) => word.startsWith("-")) ? ["--", ...words] : [];
  const first = last.length > 0 ? [] : words;
  return ["npx", "tessera-sdk", verb, ...first, ...given, ...output, ...last].map(quoted).join(" ");
}

const quoted = (word: string): string => (/^[\w./:=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
