#!/usr/bin/env bash
# Trains tessera-shapes on one GPU, and ends by itself.
#
#   training/shapes/on-gpu.sh OUT [SECONDS]        # 560 seconds where nothing is said
#
# Needs python3 with torch and numpy, this folder, and data/ as make-archive.ts writes it (pack it as ARCHIVE, a tar file, to carry it); no network.
# Leaves in OUT: tessera-shapes/ (the folder that the SDK loads), sheet.png and samples.json of held-out captions, log.txt, log.jsonl.
# For a rehearsal: PYTHON, and TRAIN and SAMPLE, more arguments for the two programs.
# shellcheck source=../begin-on-gpu.sh
source "$(dirname "$0")/../begin-on-gpu.sh"
data=data
if [ -n "${ARCHIVE:-}" ]; then mkdir "$work/data" && tar -xf "$ARCHIVE" -C "$work/data" && data="$work/data"; fi

# shellcheck disable=SC2086
"$python" train.py --data "$data" --run "$work/run" --steps 1000000 --minutes "$(awk "BEGIN { print $(left 75) / 60 }")" --tokens 65536 --rate 2e-3 --deep 0.3 \
  --workers 12 --every 1500 ${TRAIN:-} 2>&1 | named train || { echo "training failed" | named train; exit 1; }
cp "$work/run/log.jsonl" "$out/"
"$python" export.py --data "$data" --run "$work/run" --out "$out/tessera-shapes" 2>&1 | named export || exit 1
# shellcheck disable=SC2086
timeout "$(( $(left 0) > 20 ? $(left 0) : 20 ))" \
  "$python" sample.py --data "$data" --run "$work/run" --out "$out" ${SAMPLE:-} 2>&1 | named sample
echo "done in $(( $(date +%s) - began )) s" | named machine
