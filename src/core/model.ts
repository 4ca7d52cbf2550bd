/** A transformer that is ready to run: its two programs, read-only and shared by all sessions. */
import type { Engine, Precision, Program } from "../engine/engine.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { settle } from "../engine/weights/settle.js";
import { conditionGraph } from "./condition.js";
import type { TransformerConfig } from "./configs.js";
import { decoderGraph } from "./transformer.js";

export interface Opened<Config> extends AsyncDisposable {
  readonly config: Config;
  /** Runs once a generation. */
  readonly condition: Program;
  /** Runs once a pass. */
  readonly decoder: Program;
  close(): Promise<void>;
}

/** Its programs are those of conditionGraph and decoderGraph. */
export type Transformer = Opened<TransformerConfig>;

export interface TransformerOptions {
  readonly precision?: Precision | undefined;
  /** Intermediate values that the decoder gives out besides logits: see decoderGraph. */
  readonly taps?: readonly string[] | undefined;
}

/**
 * Known and not needed: the rotary table that some LlamaGen files carry, which follows from the configuration, and the caches
 * of a model that was saved after it had generated.
 */
const DROPPED: readonly RegExp[] = [/^freqs_cis$/, /^layers\.\d+\.attention\.kv_cache\.[kv]_cache$/];

/**
 * Compiles the graphs of a configuration with the weights of a checkpoint. Weights that are missing, misshapen or left over
 * are one WeightsError.
 */
export async function openTransformer(
  engine: Engine,
  config: TransformerConfig,
  checkpoint: Checkpoint,
  { precision, taps }: TransformerOptions = {},
): Promise<Transformer> {
  const graphs = { condition: conditionGraph(config), decoder: decoderGraph(config, taps) };
  settle(checkpoint, Object.values(graphs), { ignore: DROPPED });
  const condition = await engine.compile(graphs.condition, checkpoint);
  return openedWith(config, condition, () => engine.compile(graphs.decoder, checkpoint, { precision }));
}

/** A model of a compiled condition and a decoder that is yet to be compiled; if that fails, the condition is closed again. */
export async function openedWith<Config>(
  config: Config,
  condition: Program,
  compileDecoder: () => Promise<Program>,
): Promise<Opened<Config>> {
  const decoder = await compileDecoder().catch(async (failure) => {
    await condition.close();
    throw failure;
  });
  const close = async () => {
    await condition.close();
    await decoder.close();
  };
  return { config, condition, decoder, close, [Symbol.asyncDispose]: close };
}
