#!/usr/bin/env bash
# Vocoder, flow and language model on one GPU in ten minutes: bash training/voice/on-gpu.sh [SECONDS [PART...]] ; needs python3 with torch and
# numpy, data/voice.npz, data/tokens.npz and runs/tokenizer/weights.pt, nothing else. All at once, for these models are too small to fill a GPU.
# Parts begin with runs/PART/weights.pt where that is (start.py makes them of the shipped ones). HOURS=5: has so much speech read out first, without
# loss, which needs what prepare.py needs. What is best so far lies in $OUT (default: runs/out): weights files below 10 MB, the logs, samples.wav.
# Run again, it goes on.
set -uo pipefail
cd "$(dirname "$0")"
total=${1:-560}
shift $(( $# < 1 ? $# : 1 ))
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(vocoder flow lm)
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

if [ -n "${HOURS:-}" ]; then "$python" prepare.py --hours "$HOURS" --codec pcm > runs/prepare.log 2>&1 || { tail -n 3 runs/prepare.log; exit 1; }; fi
"$python" -c "import torch; print(torch.__version__, torch.cuda.is_available() and torch.cuda.get_device_name())
from voice.data import decoded; rows, waves, _ = decoded('data'); print(len(rows), 'utterances', round(len(waves) / 16000 / 3600, 2), 'hours')" || exit 1
echo "decoded after $(($(date +%s) - began)) s"

# A part ends by itself after its seconds; what it needs to start comes on top, so a share stays below the whole.
budget=$(left)
told=${TOLD:-0.55} # of the vocoder's time, until it learns from the flow's mels, too, where there is a flow
[ -f runs/flow/weights.pt ] || [[ " ${parts[*]} " == *" flow "* ]] || told=0
train() {
  local command=("$python" "train_$1.py" --steps 1000000 --run "runs/$1")
  case $1 in
    vocoder) command+=(--seconds $((budget * 86 / 100)) --batch "${VOCODER_BATCH:-32}" --adversaries "${ADVERSARIES:-0.2}" --told "$told") ;;
    flow) command+=(--seconds $((budget * 86 / 100)) --batch "${FLOW_BATCH:-48}") ;;
    lm) command+=(--seconds $((budget * ${LM_SHARE:-40} / 100)) --batch "${LM_BATCH:-64}") ;; # learns its texts by heart when it goes on for longer
  esac
  # A GPU or driver that cannot record steps: the same without.
  { "${command[@]}" || { echo "$1 failed; again, unrecorded" && "${command[@]}" --no-record; } || echo "$1 failed"; } >> "runs/$1.log" 2>&1
}

lanes=()
for part in "${parts[@]}"; do
  train "$part" &
  lanes+=($!)
done
(while sleep 15; do keep; done) &
keeper=$!
wait "${lanes[@]}"
kill "$keeper"
keep
"$python" samples.py --runs runs --out "$out/samples.wav" >> runs/samples.log 2>&1 || echo "no samples: $(tail -n 1 runs/samples.log)"
keep
for part in "${parts[@]}"; do echo "== $part"; tail -n 2 "runs/$part.log"; done
echo "done after $(($(date +%s) - began)) s"
ls -l "$out"
