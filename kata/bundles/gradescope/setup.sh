#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image: a Python, the libraries, closed doors.
set -euo pipefail

root="${KATA_AUTOGRADER:-/autograder}"
place="${KATA_PLACE:-/opt/katas}"
katas="$root/source/katas"
export UV_PYTHON_INSTALL_DIR="$place/python" UV_LINK_MODE=copy

if ! command -v uv >/dev/null; then
    apt-get update
    apt-get install -y --no-install-recommends ca-certificates python3-venv
    python3 -m venv "$place/uv"
    "$place/uv/bin/pip" install uv
    export PATH="$place/uv/bin:$PATH"
fi
uv venv --no-config --clear --python 3.12 "$place/environment"
uv pip install --no-config --python "$place/environment/bin/python" --torch-backend cpu \
    -r "$katas/pyproject.toml"

# A submission may import the package and read the data. What judges it, it may not read.
mkdir -p "$root/results"
chmod a+x "$root" "$root/source"
chmod -R a+rX "$katas"
chmod 0700 "$katas/tests" "$katas/solutions" "$root/results"
