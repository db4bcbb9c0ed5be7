#!/usr/bin/env bash
# Makes the hashed locks again from the *.in files, without index URLs. Called by make lock.
set -euo pipefail
cd "$(dirname "$0")"
uv=$(command -v uv || echo ../.uv/bin/uv)
for name in runtime dev gpu manifests uv; do
  "$uv" pip compile --quiet --upgrade --python ../.venv/bin/python --python-version 3.10 --generate-hashes \
    --no-emit-index-url --custom-compile-command 'make lock' "$name.in" -o "$name.lock"
  echo "requirements/$name.lock: $(grep -c '==' "$name.lock") packages"
done
