#!/usr/bin/env bash
# All parts on two cores in about eight hours, at the lowest priority: bash on-cpu.sh [HOURS] ; stop it when you like, run it again and it goes on.
set -uo pipefail
cd "$(dirname "$0")"
hours=${1:-8}
python=${PYTHON:-python3}
threads=${THREADS:-1}
export OMP_NUM_THREADS=$threads MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=1000000000000
train() { nice -n 19 "$python" "train_$1.py" --steps 1000000 --seconds "$(awk "BEGIN { print int($hours * 3600 * $2) }")" --threads "$threads" >> "runs/$1.log" 2>&1; }
mkdir -p runs
train tokenizer 0.12 || exit 1 # the vocoder's loss hears with it
train vocoder 0.88 &
lane=$!
nice -n 19 "$python" prepare_tokens.py >> runs/tokens.log 2>&1 && train flow 0.43 && train lm 0.43
wait "$lane"
tail -n 1 runs/*.log
