/** Which code answers for which golden case: decided by what the case contains, never by how its folder is called. */
import type { Engine } from "../../../src/engine/engine.js";
import type { GoldenCase } from "../case.js";
import { type Comparison, Unsupported } from "../compare.js";
import { mimiRvq, snac, vocos } from "./codecs.js";
import { cosyvoiceFlow } from "./cosyvoice-flow.js";
import { cosyvoiceConformerLm, cosyvoiceLm, rasTable } from "./cosyvoice-lm.js";
import { cosyvoiceNoise } from "./cosyvoice-noise.js";
import { cosyvoiceFilterBank, cosyvoiceMel, s3Quantizers, s3Tokenizer } from "./cosyvoice-frontends.js";
import { cosyvoiceHift } from "./cosyvoice-hift.js";
import { checkpointFormats } from "./checkpoint-formats.js";
import { chatTemplates } from "./chat-templates.js";
import { constrained } from "./constrained.js";
import { janus } from "./janus.js";
import { llamagenGpt, llamagenOps, llamagenPick } from "./llamagen-gpt.js";
import { llamagenVq } from "./llamagen-vq.js";
import { meshes } from "./meshes.js";
import { narSteps, narTransformer } from "./nar.js";
import { pocketCodec, pocketFlowLm } from "./pocket-tts.js";
import { octgptCodec, octgptGraph } from "./octgpt-codec.js";
import { octgptOctree } from "./octgpt-octree.js";
import { octgptGenerate, octgptPass } from "./octgpt-transformer.js";
import { parTransformer } from "./par.js";
import { textEncoders } from "./text-encoders.js";
import { textModels } from "./text-models.js";
import { tesseraVoice } from "./tessera-voice.js";
import { tokenizers } from "./tokenizers.js";
import { himtok, titok } from "./titok.js";
import { titokGenerator } from "./titok-generator.js";
import { varPhi, varPick, varResample } from "./var-parts.js";
import { varTransformer } from "./var-transformer.js";
import { varVae } from "./var-vae.js";
import { sjdAccept, sjdForcedPositions, sjdInitialisers } from "./sjd.js";
import { sjdGreedy, sjdStatistics, sjdTrace } from "./sjd-loops.js";

export type System = (folder: string, golden: GoldenCase, engine: Engine) => AsyncIterable<Comparison>;

interface Row {
  readonly system: string;
  /** Whether a case of that system is of this kind, by its config and its tensors. */
  readonly kind: (golden: GoldenCase) => boolean;
  readonly run: System;
}

const has = (golden: GoldenCase, ...keys: readonly string[]) => keys.every((key) => Object.hasOwn(golden.config, key));

const ROWS: readonly Row[] = [
  { system: "cosyvoice", kind: (golden) => has(golden, "upsample_rates"), run: cosyvoiceHift },
  { system: "cosyvoice", kind: (golden) => has(golden, "spk", "np", "nt"), run: cosyvoiceFlow },
  {
    system: "cosyvoice",
    kind: (golden) => has(golden, "generator_seed"),
    run: (folder, golden) => cosyvoiceNoise(folder, golden),
  },
  {
    system: "cosyvoice",
    kind: (golden) => has(golden, "seconds", "v1"),
    run: (folder, golden) => cosyvoiceMel(folder, golden),
  },
  {
    system: "cosyvoice",
    kind: (golden) => has(golden, "seconds", "shift"),
    run: (folder, golden) => cosyvoiceFilterBank(folder, golden),
  },
  { system: "cosyvoice", kind: (golden) => has(golden, "vq_codebook"), run: s3Quantizers },
  { system: "cosyvoice", kind: (golden) => has(golden, "n_mels", "n_state"), run: s3Tokenizer },
  { system: "cosyvoice", kind: (golden) => has(golden, "maxratio", "kv"), run: cosyvoiceLm },
  { system: "cosyvoice", kind: (golden) => has(golden, "tblocks", "te"), run: cosyvoiceConformerLm },
  {
    system: "cosyvoice",
    kind: (golden) => has(golden, "win_size", "steps"),
    run: (folder, golden) => rasTable(folder, golden),
  },
  { system: "tessera-voice", kind: (golden) => has(golden, "languageModel", "vocoder"), run: tesseraVoice },
  { system: "codecs", kind: (golden) => has(golden, "nfft", "inter"), run: vocos },
  { system: "codecs", kind: (golden) => has(golden, "rates", "strides"), run: snac },
  { system: "codecs", kind: (golden) => has(golden, "nq", "bins"), run: mimiRvq },
  { system: "pocket-tts", kind: (golden) => has(golden, "fd", "lsd"), run: pocketFlowLm },
  { system: "pocket-tts", kind: (golden) => has(golden, "ratios", "inner"), run: pocketCodec },
  { system: "llamagen", kind: (golden) => has(golden, "ch_mult", "code_dim"), run: llamagenVq },
  { system: "llamagen", kind: (golden) => has(golden, "kind", "layers", "heads"), run: llamagenGpt },
  { system: "llamagen", kind: (golden) => has(golden, "settings"), run: llamagenPick },
  { system: "llamagen", kind: (golden) => has(golden, "rms_dim", "ffn_dim"), run: llamagenOps },
  { system: "nar", kind: (golden) => has(golden, "grids"), run: (folder, golden) => narSteps(folder, golden) },
  { system: "nar", kind: (golden) => has(golden, "layers", "extra_blocks"), run: narTransformer },
  { system: "par", kind: (golden) => has(golden, "layers", "group"), run: parTransformer },
  { system: "var", kind: (golden) => has(golden, "ch_mult", "patch_nums"), run: varVae },
  { system: "var", kind: (golden) => has(golden, "vae", "depth", "heads"), run: varTransformer },
  { system: "var", kind: (golden) => has(golden, "phi_ratio", "channels"), run: varPhi },
  { system: "var", kind: (golden) => has(golden, "bicubic_A", "side"), run: varResample },
  { system: "var", kind: (golden) => has(golden, "settings"), run: varPick },
  { system: "sjd", kind: (golden) => has(golden, "records", "max_window"), run: sjdAccept },
  { system: "sjd", kind: (golden) => has(golden, "vocab", "cases"), run: sjdInitialisers },
  { system: "sjd", kind: (golden) => has(golden, "outcomes", "length"), run: sjdStatistics },
  { system: "sjd", kind: (golden) => has(golden, "kind", "layers", "runs"), run: sjdGreedy },
  { system: "sjd", kind: (golden) => has(golden, "runs"), run: sjdTrace },
  { system: "sjd", kind: (golden) => has(golden, "lumina") || has(golden, "emu3"), run: sjdForcedPositions },
  {
    system: "tokenizers",
    kind: (golden) => has(golden, "pre_tokenizer", "post_processor"),
    run: (folder, golden) => tokenizers(folder, golden),
  },
  { system: "janus", kind: (golden) => has(golden, "_generation"), run: janus },
  { system: "text-encoders", kind: (golden) => has(golden, "model_type"), run: textEncoders },
  { system: "text-models", kind: (golden) => has(golden, "model_type"), run: textModels },
  {
    system: "chat-templates",
    kind: (golden) => !!golden.files,
    run: (folder, golden) => chatTemplates(folder, golden),
  },
  { system: "constrained", kind: (golden) => has(golden, "eos"), run: (folder, golden) => constrained(folder, golden) },
  {
    system: "octgpt",
    kind: (golden) => Object.hasOwn(golden.tensors, "out.split_sequence"),
    run: (folder, golden) => octgptOctree(folder, golden),
  },
  { system: "octgpt", kind: (golden) => has(golden, "cin", "n_node_type"), run: octgptGraph },
  { system: "octgpt", kind: (golden) => has(golden, "enc", "de", "dd"), run: octgptCodec },
  { system: "octgpt", kind: (golden) => has(golden, "pe", "iters"), run: octgptGenerate },
  { system: "octgpt", kind: (golden) => has(golden, "pe", "maskrate"), run: octgptPass },
  { system: "titok", kind: (golden) => has(golden, "tok", "is_legacy"), run: titok },
  { system: "titok", kind: (golden) => has(golden, "steps", "temp"), run: titokGenerator },
  { system: "himtok", kind: (golden) => has(golden, "tok", "Z"), run: himtok },
  { system: "meshes", kind: (golden) => has(golden, "grid"), run: (folder, golden) => meshes(folder, golden) },
  { system: "checkpoint-formats", kind: () => true, run: (folder) => checkpointFormats(folder) },
];

/** @throws Unsupported if no row answers for the case. */
export function findSystem(golden: GoldenCase): System {
  const rows = ROWS.filter(({ system }) => system === golden.system);
  const row = rows.find(({ kind }) => kind(golden));
  if (row) return row.run;
  throw new Unsupported(
    rows.length === 0
      ? `system "${golden.system}" is not in this version`
      : `no kind of ${golden.system} case has config { ${Object.keys(golden.config ?? {}).join(", ")} }`,
  );
}
