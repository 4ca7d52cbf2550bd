#!/usr/bin/env bash
# Trains tessera-masks on one GPU, and ends by itself.
#
#   training/masks/on-gpu.sh OUT [SECONDS]        # 560 seconds where nothing is said
#
# Needs python3 with torch, numpy and pillow, this folder, those of icons and shapes beside it, data/archive.npz and data/words.json; no network.
# Leaves in OUT: tessera-masks/ (the folder that the SDK loads), report.json, sheet.png, log.txt.
# For a rehearsal: PYTHON, and TOKENIZER, SEGMENTER and EVALUATE, more arguments for the three programs.
# shellcheck source=../begin-on-gpu.sh
source "$(dirname "$0")/../begin-on-gpu.sh"
data=${DATA:-data}
minutes() { awk "BEGIN { print $(left 60) * $1 / 60 }"; }

# shellcheck disable=SC2086
"$python" train_tokenizer.py --archive "$data/archive.npz" --run "$work/tokenizer" --steps 1000000 --minutes "$(minutes 0.4)" --batch 256 --rate 1e-3 \
  --every 1000 --workers 3 ${TOKENIZER:-} 2>&1 | named tokenizer || exit 1
# shellcheck disable=SC2086
"$python" train_segmenter.py --archive "$data/archive.npz" --tokenizer "$work/tokenizer" --run "$work/segmenter" --steps 1000000 --minutes "$(minutes 1)" \
  --batch 256 --rate 1e-3 --every 1000 --workers 3 ${SEGMENTER:-} 2>&1 | named segmenter || exit 1
"$python" export.py --tokenizer "$work/tokenizer" --segmenter "$work/segmenter" --words "$data/words.json" --out "$out/tessera-masks" 2>&1 | named export || exit 1
# shellcheck disable=SC2086
"$python" evaluate.py --archive "$data/archive.npz" --tokenizer "$work/tokenizer" --segmenter "$work/segmenter" --out "$out" ${EVALUATE:-} 2>&1 | named evaluate
echo "done in $(( $(date +%s) - began )) s" | named machine
