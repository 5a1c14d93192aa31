#!/usr/bin/env bash
# Checks what makes this checkout a Hugging Face Space, with the package registry alone: the lines at the top of
# README.md, packages for three versions of Python, tests beside a Space's own packages, and the app as a Space runs it.
# Makes its own environments in a temporary folder. PYTHON names the Python to test with, 3.11 or newer.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
export UV_CACHE_DIR=${UV_CACHE_DIR:-$work/uv-cache}

"$python" -m venv "$work/tools"
"$work/tools/bin/pip" install --quiet uv
uv=$work/tools/bin/uv

# What a Space installs beside requirements.txt. Its mcp extra holds pydantic at 2.12.5.
version=$(sed -n 's/^sdk_version: *//p' README.md)
printf '%s\n' "gradio[oauth,mcp]==$version" "uvicorn>=0.14.0" "websockets>=10.4" spaces >"$work/space.txt"

for wanted in 3.11 3.12 3.13; do
  "$uv" pip compile --quiet --no-header --only-binary=:all: --python-version "$wanted" \
    requirements.txt "$work/space.txt" --output-file "$work/resolved-$wanted.txt" >/dev/null
  echo "Python $wanted: $(grep -c == "$work/resolved-$wanted.txt") packages, $(grep -E '^pydantic==' "$work/resolved-$wanted.txt")"
done

# A Python that user 1000 can run: one inside root's home is not. sys._base_executable looks through an environment.
base=$("$python" - <<'END'
import os, subprocess, sys

drop = {"user": 1000, "group": 1000, "extra_groups": []} if os.geteuid() == 0 else {}
new_enough = ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
for candidate in (sys._base_executable, "/usr/bin/python3", "/usr/local/bin/python3"):
    try:
        if subprocess.run([candidate, *new_enough], cwd="/", **drop).returncode == 0:
            break
    except OSError:
        pass
else:
    candidate = sys._base_executable
print(candidate)
END
)
own=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$uv" venv --quiet --seed --python "$base" "$work/space"
# Compiled, as pip does it on a Space: user 1000 could not keep what it compiles itself.
"$uv" pip install --quiet --compile-bytecode --python "$work/space/bin/python" -r "$work/resolved-$own.txt"
chmod -R go+rX "$work/space"
"$work/space/bin/python" -m deploy.front_matter

echo "as a Space (Python $own):"
"$work/space/bin/python" -m deploy.boot_as_space

echo "tests beside a Space's packages:"
"$uv" pip install --quiet --python "$work/space/bin/python" -r requirements-dev.txt -c "$work/resolved-$own.txt"
"$work/space/bin/python" -m pytest -q -p no:cacheprovider \
  tests/conversation tests/models tests/providers/test_contract.py tests/ui tests/test_api.py tests/test_settings.py \
  tests/arena/test_votefile.py tests/arena/test_exchange.py tests/arena/test_importing.py \
  tests/deploy/test_front_matter.py
echo "A Space can run this."
