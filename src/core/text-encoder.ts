/**
 * Text encoders of published models: networks that turn the ids of whole texts into vectors, on which other networks are conditioned.
 * One folder per architecture (t5/, clip-text/); what they share is here.
 */
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Engine, Precision } from "../engine/engine.js";
import type { Graph } from "../engine/graph.js";
import { HIDDEN } from "../engine/ops/attention.js";
import type { FloatTensor, Tensor } from "../engine/tensor.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { settle } from "../engine/weights/settle.js";

/** What every architecture says of its configuration. */
export interface TextEncoderConfig {
  readonly vocabulary: number;
  /** Numbers per vector. */
  readonly width: number;
  /** The most tokens of a text; null: as many as memory holds, of which scores take the square. */
  readonly contextLength: number | null;
}

/** Texts as ids, padded to one length. */
export interface TokenBatch {
  /** int32 [B, T]. */
  readonly ids: Tensor;
  /** int32 [B, T]: 1 where an id is seen, 0 where it is hidden from all others; null: all are seen. */
  readonly mask: Tensor | null;
}

/** What an architecture is to everything above it. */
export interface TextEncoderArchitecture<Config extends TextEncoderConfig> {
  readonly name: string;
  /** The graph of a pass; `taps` names intermediate values to give out besides the outputs, which are those of TextVectors. */
  graph(config: Config, taps?: readonly string[]): Graph;
  inputs(config: Config, batch: TokenBatch): Record<string, Tensor>;
  /** Names in files that are known and not needed. */
  readonly dropped: readonly RegExp[];
}

/** What an encoder makes of a batch. */
export interface TextVectors {
  /** [B, T, width], after the final norm. */
  readonly last: FloatTensor;
  /** [B, T, width], out of the last block but one, without a norm. */
  readonly penultimate: FloatTensor;
  /** [B, 1, width], the row of `last` at the end token; only of architectures that pool. */
  readonly pooled?: FloatTensor;
  /** [B, 1, projection], the pooled row in the space that texts and pictures share; only of files that have the matrix. */
  readonly projected?: FloatTensor;
}

export interface TextEncoderNetwork extends AsyncDisposable {
  readonly config: TextEncoderConfig;
  /** Throws ArgumentError for more tokens than the network reads, or ids outside of its vocabulary. */
  run(batch: TokenBatch): Promise<TextVectors & Readonly<Record<string, Tensor | undefined>>>;
  close(): Promise<void>;
}

/**
 * Compiles the graph of a configuration with the weights of a checkpoint, which stays the caller's.
 *
 * @throws WeightsError for weights that are missing, misshapen or left over.
 */
export async function openTextEncoder<Config extends TextEncoderConfig>(
  engine: Engine,
  architecture: TextEncoderArchitecture<Config>,
  config: Config,
  checkpoint: Checkpoint,
  { precision, taps }: { readonly precision?: Precision | undefined; readonly taps?: readonly string[] } = {},
): Promise<TextEncoderNetwork> {
  const graph = architecture.graph(config, taps);
  settle(checkpoint, [graph], { ignore: architecture.dropped });
  const program = await engine.compile(graph, checkpoint, { precision });
  const close = () => program.close();
  return {
    config,
    async run(batch) {
      checkBatch(config, batch);
      return (await program.run(architecture.inputs(config, batch))) as object as TextVectors & Record<string, Tensor>;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkBatch({ vocabulary, contextLength }: TextEncoderConfig, { ids, mask }: TokenBatch): void {
  const [, T] = ids.shape as [number, number];
  if (contextLength !== null && T > contextLength)
    throw new ArgumentError("ids", `at most ${contextLength} tokens`, described(`${T} tokens`), "Shorten the text.");
  const stray = ids.data.find((id) => !(id >= 0 && id < vocabulary));
  if (stray !== undefined) throw new ArgumentError("ids", `ids from 0 to ${vocabulary - 1}`, stray);
  if (mask && mask.shape.join() !== ids.shape.join())
    throw new ArgumentError("mask", `a flag for each of [${ids.shape}] ids`, described(`flags [${mask.shape}]`));
}

/** What attention adds to its scores, [B, 1, T, T]: HIDDEN at keys that the mask hides or, if `causal`, that come later; else 0. */
export function maskBias({ ids, mask }: TokenBatch, causal: boolean): FloatTensor {
  const [B, T] = ids.shape as [number, number];
  const data = new Float32Array(B * T * T);
  for (let item = 0, at = 0; item < B; item++)
    for (let query = 0; query < T; query++)
      for (let key = 0; key < T; key++, at++)
        if ((causal && key > query) || mask?.data[item * T + key] === 0) data[at] = HIDDEN;
  return { shape: [B, 1, T, T], data };
}
