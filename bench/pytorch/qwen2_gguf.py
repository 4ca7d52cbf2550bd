"""A text model in the shape of Qwen2 with random weights as a GGUF file, for llama.cpp. The vocabulary is of made-up words.

    qwen2_gguf.py FILE f32|q8_0 LAYERS,HEADS,KV_HEADS,HEAD_SIZE,WIDTH,HIDDEN,VOCABULARY

Prints {"bytes": ...} as JSON. Needs numpy and the package gguf."""
import json
import os
import sys

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType, quantize

path, kind = sys.argv[1:3]
LAYERS, H, K, D, C, HIDDEN, V = map(int, sys.argv[3].split(","))
quantised = kind == "q8_0"
rng = np.random.default_rng(0)
writer = GGUFWriter(path, "qwen2")
writer.add_context_length(32768)
writer.add_embedding_length(C)
writer.add_block_count(LAYERS)
writer.add_feed_forward_length(HIDDEN)
writer.add_head_count(H)
writer.add_head_count_kv(K)
writer.add_rope_freq_base(1e6)
writer.add_layer_norm_rms_eps(1e-6)
writer.add_file_type(7 if quantised else 0)
writer.add_tokenizer_model("gpt2")
writer.add_tokenizer_pre("qwen2")
words = [chr(256 + i) if i < 256 else f"w{i}" for i in range(V - 1)] + ["<|end|>"]
writer.add_token_list(words)
writer.add_token_types([TokenType.NORMAL] * (V - 1) + [TokenType.CONTROL])
writer.add_token_merges(["w 0"])
writer.add_eos_token_id(V - 1)
writer.add_bos_token_id(V - 1)


def matrix(name, rows, columns):
    data = (rng.standard_normal((rows, columns), dtype=np.float32) * 0.02)
    if not quantised:
        return writer.add_tensor(name, data)
    packed = quantize(data, GGMLQuantizationType.Q8_0)
    writer.add_tensor(name, packed, raw_dtype=GGMLQuantizationType.Q8_0)


def vector(name, size, value):
    writer.add_tensor(name, np.full(size, value, dtype=np.float32))


matrix("token_embd.weight", V, C)
vector("output_norm.weight", C, 1)
for i in range(LAYERS):
    for name, rows in (("q", H * D), ("k", K * D), ("v", K * D)):
        matrix(f"blk.{i}.attn_{name}.weight", rows, C)
        vector(f"blk.{i}.attn_{name}.bias", rows, 0)
    matrix(f"blk.{i}.attn_output.weight", C, H * D)
    matrix(f"blk.{i}.ffn_gate.weight", HIDDEN, C)
    matrix(f"blk.{i}.ffn_up.weight", HIDDEN, C)
    matrix(f"blk.{i}.ffn_down.weight", C, HIDDEN)
    vector(f"blk.{i}.attn_norm.weight", C, 1)
    vector(f"blk.{i}.ffn_norm.weight", C, 1)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
print(json.dumps({"bytes": os.path.getsize(path)}))
