#!/usr/bin/env bash
# Vocoder, flow and language model on one GPU in ten minutes: bash training/voice/on-gpu.sh [SECONDS] ; needs python3 with torch and numpy,
# data/voice.npz, data/tokens.npz and runs/tokenizer/weights.pt, nothing else. All at once, for these models are too small to fill a GPU.
# What is best so far lies in $OUT (default: runs/out): weights files below 10 MB, the logs, samples.wav. Run again, it goes on.
set -uo pipefail
cd "$(dirname "$0")"
total=${1:-560}
out=${OUT:-runs/out}
python=${PYTHON:-python3}
mkdir -p "$out" runs
began=$(date +%s)
left() { echo $((total - ($(date +%s) - began))); }

keep() {
  for part in vocoder tokenizer flow lm; do
    if [ -f "runs/$part/weights.pt" ]; then cp "runs/$part/weights.pt" "$out/.$part" && mv "$out/.$part" "$out/$part.pt"; fi
  done
  tail -n 400 runs/*.log > "$out/log.txt" 2>/dev/null
}

"$python" -c "import torch; print(torch.__version__, torch.cuda.is_available() and torch.cuda.get_device_name())
from voice.data import decoded; rows, waves, _ = decoded('data'); print(len(rows), 'utterances', round(len(waves) / 16000 / 3600, 2), 'hours')" || exit 1
echo "decoded after $(($(date +%s) - began)) s"

# A part ends by itself after its seconds; what it needs to start comes on top, so a share stays below the whole.
budget=$(left)
train() {
  local part=$1 share=$2
  shift 2
  "$python" "train_$part.py" --steps 1000000 --seconds $((budget * share / 100)) --run "runs/$part" "$@" >> "runs/$part.log" 2>&1 || echo "$part failed" >> "runs/$part.log"
}

train vocoder 86 --batch "${VOCODER_BATCH:-32}" &
lanes=$!
train flow 86 --batch "${FLOW_BATCH:-48}" &
lanes="$lanes $!"
train lm "${LM_SHARE:-40}" --batch "${LM_BATCH:-64}" & # learns its texts by heart when it goes on for longer
lanes="$lanes $!"
(while sleep 15; do keep; done) &
keeper=$!
# shellcheck disable=SC2086
wait $lanes
kill "$keeper"
keep
"$python" samples.py --runs runs --out "$out/samples.wav" >> runs/samples.log 2>&1 || echo "no samples: $(tail -n 1 runs/samples.log)"
keep
for part in vocoder tokenizer flow lm; do echo "== $part"; tail -n 2 "runs/$part.log"; done
echo "done after $(($(date +%s) - began)) s"
ls -l "$out"
