#!/usr/bin/env bash
# Trains tessera-shapes on one GPU, and ends by itself.
#
#   training/shapes/on-gpu.sh OUT [SECONDS]        # 560 seconds where nothing is said
#
# Needs python3 with torch and numpy, this folder, and data/ as make-archive.ts writes it (pack it as ARCHIVE, a tar file, to carry it); no network.
# Leaves in OUT: tessera-shapes/ (the folder that the SDK loads), sheet.png and samples.json of held-out captions, log.txt, log.jsonl.
# For a rehearsal: PYTHON, and TRAIN and SAMPLE, more arguments for the two programs.
set -u -o pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
seconds=${2:-560}
cd "$(dirname "$0")"
began=$(date +%s)
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
data=data
if [ -n "${ARCHIVE:-}" ]; then mkdir "$work/data" && tar -xf "$ARCHIVE" -C "$work/data" && data="$work/data"; fi
export PYTHONUNBUFFERED=1 TORCHINDUCTOR_CACHE_DIR="$work/inductor"
named() { sed -u "s/^/[$1] /" | tee -a "$out/log.txt"; }

"$python" -c 'import torch; print("torch", torch.__version__, torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU")' 2>&1 | named machine
left=$(( seconds - 75 - ($(date +%s) - began) ))
# shellcheck disable=SC2086
"$python" train.py --data "$data" --run "$work/run" --steps 1000000 --minutes "$(awk "BEGIN { print $left / 60 }")" --tokens 65536 --rate 2e-3 --deep 0.3 \
  --workers 12 --every 1500 ${TRAIN:-} 2>&1 | named train || { echo "training failed" | named train; exit 1; }
cp "$work/run/log.jsonl" "$out/"
"$python" export.py --data "$data" --run "$work/run" --out "$out/tessera-shapes" 2>&1 | named export || exit 1
# shellcheck disable=SC2086
timeout $(( seconds - ($(date +%s) - began) > 20 ? seconds - ($(date +%s) - began) : 20 )) \
  "$python" sample.py --data "$data" --run "$work/run" --out "$out" ${SAMPLE:-} 2>&1 | named sample
echo "done in $(( $(date +%s) - began )) s" | named machine
