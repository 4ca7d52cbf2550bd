# The beginning of each recipe's on-gpu.sh, sourced by it with its own arguments, OUT [SECONDS]. Sets
#
#   out, seconds   the folder of what it leaves, whole; how long it may take, 560 where nothing is said
#   python, work   PYTHON or python3; a folder that is gone when the script ends
#   left N         how many seconds are left, but for N at the end
#   named NAME     copies its input to the screen and to log.txt, a name before each line
#
# goes to the folder of the recipe, and names the machine.
# shellcheck shell=bash
set -u -o pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
seconds=${2:-560}
cd "$(dirname "$0")" || exit 1
began=$(date +%s)
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONUNBUFFERED=1 TORCHINDUCTOR_CACHE_DIR="$work/inductor"

left() { echo $(( seconds - ($(date +%s) - began) - $1 )); }
named() { sed -u "s/^/[$1] /" | tee -a "$out/log.txt"; }

"$python" -c 'import torch; print("torch", torch.__version__, torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU")' 2>&1 | named machine
