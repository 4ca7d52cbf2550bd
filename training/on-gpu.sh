#!/usr/bin/env bash
# Trains all default models at once on one GPU, and ends by itself.
#
#   training/on-gpu.sh OUT [SECONDS [MODEL...]]        # 560 seconds, and icons voice shapes masks, where nothing is said
#
# Each of these networks is too small to fill a GPU, so they share it, through NVIDIA's MPS where that is installed: their kernels then run beside
# each other instead of in turns. What each needs is said in MODEL/on-gpu.sh; what each leaves lies in OUT/MODEL, its log too.
set -u -o pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
seconds=${2:-560}
shift $(( $# < 2 ? $# : 2 ))
models=("$@")
[ ${#models[@]} -gt 0 ] || models=(icons voice shapes masks)
cd "$(dirname "$0")" || exit
export OMP_NUM_THREADS=1 TORCHINDUCTOR_COMPILE_THREADS=4 # the processes are many

if command -v nvidia-cuda-mps-control > /dev/null; then
  CUDA_MPS_PIPE_DIRECTORY=$(mktemp -d) CUDA_MPS_LOG_DIRECTORY=$(mktemp -d)
  export CUDA_MPS_PIPE_DIRECTORY CUDA_MPS_LOG_DIRECTORY
  nvidia-cuda-mps-control -d && trap 'echo quit | nvidia-cuda-mps-control' EXIT
fi

train() {
  mkdir -p "$out/$1"
  if [ "$1" = voice ]; then
    OUT="$out/voice" bash voice/on-gpu.sh "$seconds"
  else
    bash "$1/on-gpu.sh" "$out/$1" "$seconds"
  fi > "$out/$1/run.log" 2>&1 || echo "$1 failed: $(tail -n 1 "$out/$1/run.log")"
}
for model in "${models[@]}"; do train "$model" & done
wait
tail -n 2 "$out"/*/run.log
