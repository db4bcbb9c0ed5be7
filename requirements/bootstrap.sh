#!/usr/bin/env bash
# Makes .venv from the hashed locks: requirements/bootstrap.sh runtime|dev
# or .peers, what benchmarks measure against: requirements/bootstrap.sh peers
# Finds Python 3.10 ($PYTHON, python3.10, pyenv, uv), fetches it with uv where there is none,
# and takes uv itself from the package index. Called by make; a second call is never needed.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?runtime, dev or peers}

say() { printf '[set-up] %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
is_310() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1; }

get_uv() {
  if command -v uv >/dev/null 2>&1; then command -v uv; return; fi
  if [ ! -x .uv/bin/uv ]; then
    local any
    any=$(command -v python3 || command -v python3.10) || die "no python3 on the PATH; install Python 3.10, or uv, and run make again"
    say "installing uv from the package index"
    # --target rather than a venv: Debian's python3 comes without ensurepip.
    "$any" -m pip install --quiet --disable-pip-version-check --require-hashes --target .uv -r requirements/uv.lock >&2 ||
      die "uv could not be installed with $any -m pip; check that the package index is reachable, or put uv on the PATH"
  fi
  echo "$PWD/.uv/bin/uv"
}

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    is_310 "$PYTHON" || die "PYTHON=$PYTHON is not a working Python 3.10, which TFX 1.16 needs; unset it or name another"
    command -v "$PYTHON"; return
  fi
  if is_310 python3.10; then python3.10 -c 'import sys; print(sys.executable)'; return; fi
  if command -v pyenv >/dev/null 2>&1; then
    local candidate
    for candidate in "$(pyenv root)"/versions/3.10*/bin/python; do
      if is_310 "$candidate"; then echo "$candidate"; return; fi
    done
  fi
  "$uv" python find --no-project 3.10 2>/dev/null && return
  say "no Python 3.10 here; uv fetches one"
  "$uv" python install --quiet 3.10 >&2 && "$uv" python find --no-project 3.10 && return
  die "Python 3.10 was not found and could not be fetched; install it (python3.10, pyenv install 3.10) or run make with PYTHON=/path/to/python3.10"
}

start=$SECONDS
uv=$(get_uv)
if [ "$what" = peers ]; then
  [ -x .peers/bin/python ] || "$uv" venv --quiet --python 3.11 .peers || die "no Python 3.11, which the peers' lock is made for"
  # pip's own folder of files is where a machine without PyTorch's index may have the build for processors alone.
  "$uv" pip install --quiet --python .peers/bin/python --require-hashes ${PIP_FIND_LINKS:+--find-links "$PIP_FIND_LINKS"} \
    -r requirements/peers.lock ||
    die "the peers' lock could not be installed; PyTorch's CPU build is not on PyPI: name its index in UV_EXTRA_INDEX_URL"
  touch .peers/.done
  say "done in $((SECONDS - start)) s"
  exit
fi
if [ ! -x .venv/bin/python ]; then
  python=$(find_python)
  say "Python: $python"
  "$uv" venv --quiet --python "$python" .venv
fi
is_310 .venv/bin/python || die ".venv holds no working Python 3.10; remove it (rm -rf .venv) and run make again"
locks=(-r requirements/runtime.lock)
[ "$what" = dev ] && locks+=(-r requirements/dev.lock)
say "installing the $what lock, bytecode included (minutes the first time)"
# Bytecode at install time takes the import of TFX from 22 s to 8 s.
"$uv" pip install --quiet --python .venv/bin/python --require-hashes --compile-bytecode "${locks[@]}" ||
  die "the lock could not be installed; the lines above say why (most often: the package index is out of reach)"
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . --editable serving/client
touch ".venv/.$what"
[ "$what" = dev ] && touch .venv/.runtime
say "done in $((SECONDS - start)) s"
