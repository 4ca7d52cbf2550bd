#!/usr/bin/env bash
# Trains the caption encoder and then the transformers, side by side, on one GPU, and ends by itself.
#
#   training/icons/on-gpu.sh OUT [SECONDS [ORDER...]]        # 560 seconds and all three orders where nothing is said
#
# Needs python3 with torch and numpy, this repository, and training/icons/data/archive.npz of make_archive.py; no network.
# Begins with the weights of START, a folder such as an earlier OUT, else with the shipped ones. Leaves in OUT, while it runs and as they get better:
#   caption-encoder.safetensors   next-scale.safetensors   next-token.safetensors   next-neighbor.safetensors
#   sheet-next-scale.png          sheet-next-token.png     sheet-next-neighbor.png  log.txt
# CAPTIONS=kept trains no caption encoder: that of the archive stays, as it must where transformers that know it go on.
# Other settings, for a rehearsal: PYTHON, ARCHIVE, CAPTIONS and TRANSFORMERS (more arguments for the two programs).
# shellcheck source=../begin-on-gpu.sh
source "$(dirname "$0")/../begin-on-gpu.sh"
shift $(( $# < 2 ? $# : 2 ))
orders=("$@")
[ ${#orders[@]} -gt 0 ] || orders=(next-scale next-token next-neighbor)
cp "${ARCHIVE:-data/archive.npz}" "$work/archive.npz"
failed=0
if [ "${CAPTIONS:-}" != kept ]; then
  # shellcheck disable=SC2086
  "$python" train_captions.py --archive "$work/archive.npz" --run "$work/captions" --out "$out" --batch 1024 --seconds $(( seconds / 8 )) --every 20 \
    ${CAPTIONS:-} 2>&1 | named captions || { echo "the caption encoder failed" | named captions; exit 1; }
fi

running=()
for order in "${orders[@]}"; do
  start="${START:+$START/$order.safetensors}"
  # shellcheck disable=SC2086
  "$python" train_transformers.py --order "$order" --archive "$work/archive.npz" --run "$work/$order" --out "$out" --batch 256 --rate 2e-3 \
    --average 0.995 --no-checkpoint --every 60 --seconds "$(left 35)" ${start:+--start "$start"} ${TRANSFORMERS:-} 2>&1 | named "$order" &
  running+=($!)
done
for job in "${running[@]}"; do wait "$job" || failed=1; done
ls -l "$out" | named files
echo "ended after $(( $(date +%s) - began )) s" | named files
exit $failed
