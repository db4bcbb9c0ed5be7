#!/usr/bin/env bash
# Makes the hashed locks again from the *.in files, without index URLs. Called by make lock.
set -euo pipefail
cd "$(dirname "$0")"
uv=$(command -v uv || echo ../.uv/bin/uv)
for name in runtime dev gpu manifests uv peers; do
  version=3.10
  [ "$name" = peers ] && version=3.11
  "$uv" pip compile --quiet --upgrade --python ../.venv/bin/python --python-version "$version" --generate-hashes \
    ${PIP_FIND_LINKS:+--find-links "$PIP_FIND_LINKS"} \
    --no-emit-index-url --custom-compile-command 'make lock' "$name.in" -o "$name.lock"
  echo "requirements/$name.lock: $(grep -c '==' "$name.lock") packages"
done
