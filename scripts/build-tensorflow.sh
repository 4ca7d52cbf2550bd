#!/usr/bin/env bash
# Builds @tensorflow/tfjs-node, or tfjs-node-gpu, on the C library inside an installed TensorFlow Python package, CPU or GPU, for machines
# where the library that its own installer downloads is not reachable or too old (it brings TensorFlow 2.9.1, CUDA 11.2).
#
#   python3 -m venv tensorflow && tensorflow/bin/pip install tensorflow-cpu==2.21.0      (or tensorflow[and-cuda])
#   node_modules/tessera-sdk/scripts/build-tensorflow.sh tensorflow [FOLDER] [tfjs-node | tfjs-node-gpu]
#
# TENSORFLOW  a virtual environment, or any folder that holds a `tensorflow` package with libtensorflow_cc.so.2
# FOLDER      where node_modules lies that shall hold the package; default: the current folder
# Package     tfjs-node unless tfjs-node-gpu is named
#
# Tried with tfjs-node 4.22.0, TensorFlow 2.21.0 and Node 20.20 on Linux x64. Needs make, g++ and Node's headers
# (NODE_PREFIX/include/node, default: the prefix of the running node). Running it needs no environment variable, except for
# CUDA libraries that the system does not find by itself (LD_LIBRARY_PATH). The addon of both packages is the same: the library
# decides where it computes.
set -euo pipefail

refuse() { echo "$1" >&2; exit "${2:-1}"; }

version=4.22.0
[ $# -ge 1 ] && [ $# -le 3 ] || refuse "usage: build-tensorflow.sh TENSORFLOW [FOLDER] [tfjs-node | tfjs-node-gpu]" 2
environment=$1
[ -d "$environment" ] || refuse "There is no folder $environment: name a virtual environment with tensorflow or tensorflow-cpu."
[ -d "${2:-.}" ] || refuse "There is no folder $2: name the one where node_modules lies."
folder=$(realpath "${2:-.}")
package=@tensorflow/${3:-tfjs-node}
case "$package" in */tfjs-node | */tfjs-node-gpu) ;; *) refuse "There is no ${3}: name tfjs-node or tfjs-node-gpu." 2 ;; esac
prefix=${NODE_PREFIX:-$(node -p 'require("node:path").resolve(process.execPath, "../..")')}

library=$(find -L "$environment" -name 'libtensorflow_cc.so.2' -print -quit)
[ -n "$library" ] || refuse "No libtensorflow_cc.so.2 below $environment: install tensorflow or tensorflow-cpu there."
tensorflow=$(realpath "$(dirname "$library")")
[ -f "$prefix/include/node/node_api.h" ] || refuse "No node_api.h below $prefix/include/node: set NODE_PREFIX."
for program in make g++ python3; do command -v "$program" >/dev/null || refuse "There is no $program, which node-gyp needs: install it."; done

cd "$folder"
# Its install script would download the old library. It is installed apart and moved here, because npm does not install what it takes
# for an optional peer, as in the repository of tessera-sdk; what is here already stays.
if [ ! -f "node_modules/$package/package.json" ]; then
  apart=$(mktemp -d)
  trap 'rm -rf "$apart"' EXIT
  npm install --prefix "$apart" --no-save --ignore-scripts --no-audit --no-fund "$package@$version" ||
    refuse "npm could not install $package@$version; nothing was written to $folder."
  mkdir -p node_modules
  cp -R --update=none "$apart/node_modules/." node_modules/ 2>/dev/null || cp -Rn "$apart/node_modules/." node_modules/
fi
cd "node_modules/$package"

# The addon links -ltensorflow and -ltensorflow_framework and looks for them in deps/lib, under the names they call themselves.
mkdir -p deps/lib
ln -sfn "$tensorflow/include" deps/include
ln -sfn "$tensorflow/libtensorflow_cc.so.2" deps/lib/libtensorflow.so
ln -sfn "$tensorflow/libtensorflow_cc.so.2" deps/lib/libtensorflow_cc.so.2
ln -sfn "$tensorflow/libtensorflow_framework.so.2" deps/lib/libtensorflow_framework.so
ln -sfn "$tensorflow/libtensorflow_framework.so.2" deps/lib/libtensorflow_framework.so.2

gyp=$(dirname "$(realpath "$(command -v npm)")")/../node_modules/node-gyp/bin/node-gyp.js
node "$gyp" rebuild --nodedir="$prefix" \
  --module_name=tfjs_binding --module_path="$PWD/lib/napi-v8" --napi_build_version=8 ||
  refuse "node-gyp could not build the addon. $PWD holds the package without it; run this again when that is mended, or remove it."

cd "$folder"
PACKAGE=$package node -e '
  const tf = require(process.env.PACKAGE);
  const [y] = tf.matMul([[1, 2]], [[3], [4]]).dataSync();
  if (y !== 11) throw new Error(`1·3 + 2·4 came out as ${y}`);
  console.log(`${process.env.PACKAGE} runs here; the device is called "tensorflow".`);
'
