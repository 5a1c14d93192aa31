"""The proofs that the README names, run as it says; where a program of Debian's is missing they say so."""

import os
import subprocess
import sys

import pytest

from deploy import machines

from ..conftest import CACHE_DIR, ROOT


@pytest.mark.parametrize(
    ("proof", "found"),
    [
        ("deploy.prove_replicas", ["none lost, none twice", "same leaderboard", "Replicas behave as one."]),
        ("deploy.prove_inference", ["went to each server", "one server was killed", "scale apart"]),
    ],
)
def test_the_proof_holds(proof, found):
    if (absent := machines.missing()) and not os.environ.get("PLAYGROUND_REQUIRE_SERVERS"):
        pytest.skip(f"apt-get install {' '.join(absent)}")
    environ = {**os.environ, "PLAYGROUND_CACHE_DIR": str(CACHE_DIR)}
    said = subprocess.run(
        [sys.executable, "-m", proof], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=540
    )
    print(said.stdout)
    assert said.returncode == 0, said.stdout + said.stderr
    for words in found:
        assert words in said.stdout
