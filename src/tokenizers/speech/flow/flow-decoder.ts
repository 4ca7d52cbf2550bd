/** A flow matching decoder ready for use: speech tokens to mel, whole or in chunks, on any engine. */
import { ArgumentError, ClosedError } from "../../../base/errors.js";
import type { Engine, Precision } from "../../../engine/engine.js";
import type { Graph } from "../../../engine/graph.js";
import type { FloatTensor } from "../../../engine/tensor.js";
import type { Checkpoint } from "../../../engine/weights/checkpoint.js";
import { settle } from "../../../engine/weights/settle.js";
import { compiledOnce, type LazyProgram } from "../../lazy-program.js";
import type { Ending } from "../ending.js";
import { framesBetween } from "../frames.js";
import { type FlowConfig, LOOKAHEAD } from "./flow-config.js";
import { encoderGraph, estimatorGraph, type Masks, regulatorGraph } from "./flow-graphs.js";
import { type FlowStream, rememberingStream, remembers, repeatingStream, wholeStream } from "./flow-stream.js";
import { type FlowPrograms, type FlowVoice, pass } from "./passage.js";

export interface FlowRequest extends FlowVoice {
  /** Ids of the speech tokens, those of the prompt not among them. */
  readonly tokens: ArrayLike<number>;
  readonly masks: "whole" | "chunks";
  readonly ending: Ending;
}

export interface FlowDecoder extends AsyncDisposable {
  readonly config: FlowConfig;
  /**
   * Mel [1, mels, frames] of the tokens, without that of the prompt. With more to come the last LOOKAHEAD tokens have no frames.
   * @throws ArgumentError for ids outside the vocabulary, or a vector or a prompt of another size.
   */
  decode(request: FlowRequest): Promise<FloatTensor>;
  /**
   * Begins an utterance whose tokens come one after the other, for the masks "chunks"; in generation 1, which has none, for "whole".
   * @throws ArgumentError as decode() does.
   */
  stream(voice: FlowVoice): FlowStream;
  /** Compiles what a stream needs, or decoding without masks, which else is compiled at the first use. */
  prepare(use: "whole" | "stream"): Promise<void>;
  close(): Promise<void>;
}

/** Tables that files hold and graphs compute themselves. */
const COMPUTED = [/rotary_embed\.inv_freq$/];

/**
 * Checks `checkpoint` against `config`; it stays the caller's and must stay open until the decoder is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export function openFlowDecoder(
  engine: Engine,
  config: FlowConfig,
  checkpoint: Checkpoint,
  precision: Precision = "f32",
): FlowDecoder {
  const regulator = config.generation === 1 ? regulatorGraph(config) : null;
  const plain = [encoderGraph(config, "whole", "final"), estimatorGraph(config, "whole")];
  settle(checkpoint, regulator ? [...plain, regulator] : plain, { ignore: COMPUTED });
  const lazy = new Map<string, LazyProgram>();
  const program = (key: string, graph: () => Graph) => {
    const found = lazy.get(key) ?? compiledOnce(engine, graph(), checkpoint, precision);
    lazy.set(key, found);
    return found.get();
  };
  const programs: FlowPrograms = {
    encoder: (masks, ending) =>
      masks === "chunks in pieces"
        ? program(`encoder ${masks}`, () => encoderGraph(config, masks, "more to come"))
        : program(`encoder ${masks} ${ending}`, () => encoderGraph(config, masks, ending)),
    estimator: (masks) => program(`estimator ${masks}`, () => estimatorGraph(config, masks)),
    regulator: () => program("regulator", () => regulator!),
  };
  return new OpenFlowDecoder(config, programs, async () => {
    await Promise.all([...lazy.values()].map((each) => each.close()));
  });
}

class OpenFlowDecoder implements FlowDecoder {
  private closed = false;
  /** null for generation 1, whose streams give all at the end. */
  private readonly remembers: boolean | null;

  constructor(
    readonly config: FlowConfig,
    private readonly programs: FlowPrograms,
    private readonly release: () => Promise<void>,
  ) {
    this.remembers = config.generation === 1 ? null : remembers(config);
  }

  async decode(request: FlowRequest): Promise<FloatTensor> {
    this.open();
    const ids = this.checked([...Array.from(request.prompt?.tokens ?? []), ...Array.from(request.tokens)]);
    this.checkRequest(ids.length, request);
    const mel = await pass(this.config, this.programs, { ...request, ids, past: 0, carried: null });
    return framesBetween(mel, request.prompt?.mel.shape[2] ?? 0, mel.shape[2]!);
  }

  stream(voice: FlowVoice): FlowStream {
    this.checkVoice(voice);
    const stream = this.streaming(voice);
    return {
      push: async (tokens, ending) => {
        this.open();
        return stream.push([...this.checked(tokens)], ending);
      },
    };
  }

  private streaming(voice: FlowVoice): FlowStream {
    const { config } = this;
    if (config.generation === 1) return wholeStream(this, voice);
    if (this.remembers) return rememberingStream(config, this.programs, voice);
    return repeatingStream(this, config, voice);
  }

  async prepare(use: "whole" | "stream"): Promise<void> {
    const { programs } = this;
    const streamed = this.remembers ? "chunks in pieces" : "chunks";
    const masks: Masks = use === "whole" || this.remembers === null ? "whole" : streamed;
    const endings: readonly Ending[] = masks === "chunks" ? ["final", "more to come"] : ["final"];
    await Promise.all([...endings.map((ending) => programs.encoder(masks, ending)), programs.estimator(masks)]);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private open(): void {
    if (this.closed) throw new ClosedError("flow decoder");
  }

  private checked(ids: readonly number[]): Int32Array {
    const stray = ids.find((id) => id < 0 || id >= this.config.vocabulary);
    if (stray !== undefined) throw new ArgumentError("tokens", `ids from 0 to ${this.config.vocabulary - 1}`, stray);
    return Int32Array.from(ids);
  }

  private checkRequest(count: number, request: FlowRequest): void {
    const { prompt, masks, ending } = request;
    const least = (prompt?.tokens.length ?? 0) + (ending === "final" ? 1 : LOOKAHEAD + 1);
    if (count < least) throw new ArgumentError("tokens", `at least ${least} ids, the prompt's among them`, count);
    if (this.config.generation === 1 && (masks !== "whole" || ending !== "final"))
      throw new ArgumentError("masks", '"whole" and "final": this generation has no chunks', `${masks}, ${ending}`);
    this.checkVoice(request);
  }

  private checkVoice({ prompt, speaker }: FlowVoice): void {
    const { config } = this;
    this.checked(Array.from(prompt?.tokens ?? []));
    if (speaker.length !== config.speaker)
      throw new ArgumentError("speaker", `a vector of ${config.speaker} numbers`, speaker.length);
    if (config.generation !== 1 && prompt && prompt.mel.shape[2] !== prompt.tokens.length * config.framesPerToken)
      throw new ArgumentError(
        "prompt.mel",
        `${config.framesPerToken} frames for each of ${prompt.tokens.length} tokens`,
        prompt.mel.shape[2],
      );
  }
}
