/** What can be typed after `tessera`, read off the commands themselves, so that completion knows what the help knows. */
import type { Command, Option } from "commander";
import { DECODINGS } from "../../core/index.js";
import { DEVICE_NAMES, PRECISIONS } from "../../engine/index.js";
import { EMBEDDED_MODELS, type EmbeddedModel } from "../../index.js";

/** A command by the words that lead to it: none for `tessera` itself. */
export interface CommandWords {
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly OptionWords[];
}

export interface OptionWords {
  /** With their dashes, such as --quiet and -q. */
  readonly flags: readonly string[];
  readonly about: string;
  /** What comes after it: nothing, one of these words, or a text of the user's, which may be a file. */
  readonly value: "none" | "any" | readonly string[];
}

const embedded = Object.entries<EmbeddedModel>(EMBEDDED_MODELS);
const styles = embedded.flatMap(([, model]) => (model.kind === "image" ? model.styles : []));
const voices = embedded.flatMap(([, model]) => (model.kind === "speech" ? model.voices : []));

/** Options whose values are names. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "--model": embedded.map(([name]) => name),
  "--device": ["auto", ...DEVICE_NAMES],
  "--precision": PRECISIONS,
  "--decoding": DECODINGS,
  "--style": [...new Set([...styles, "none"])],
  "--voice": [...new Set(voices)],
};

/** The command and all below it. */
export function wordsOf(command: Command, path: readonly string[] = []): readonly CommandWords[] {
  const { commands, options, createHelp } = command;
  const help = createHelp.call(command);
  const here = {
    path,
    commands: commands.map((below) => ({ name: below.name(), about: below.description() })),
    options: [...options, ...help.visibleOptions(command).filter((option) => !options.includes(option))].map(
      wordsOfOption,
    ),
  };
  return [here, ...commands.flatMap((below) => wordsOf(below, [...path, below.name()]))];
}

function wordsOfOption({ short, long, description, required, optional }: Option): OptionWords {
  const flags = [long, short].flatMap((flag) => (flag ? [flag] : []));
  return { flags, about: description, value: required || optional ? (VALUES[long ?? ""] ?? "any") : "none" };
}
