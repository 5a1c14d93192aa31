"""The files of deploy/ agree with each other and with the settings, and the programs they are for take them."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from deploy import machines
from playground.settings import Settings

from ..conftest import ROOT

DEPLOY = ROOT / "deploy"
OTHERS = {"POSTGRES_PASSWORD", "PYTHONUNBUFFERED", "HOME"}


def known_settings():
    aliases = (field.alias or name for name, field in Settings.model_fields.items())
    return {name.upper() for name in aliases} | OTHERS


def test_compose_starts_what_nginx_asks_and_stops_it_gently():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    replicas = [compose["services"][name] for name in ("one", "two")]
    for replica in replicas:
        assert set(replica["environment"]) <= known_settings()
        assert int(replica["stop_grace_period"].rstrip("s")) > 20
        assert replica["environment"]["TRUSTED_PROXY_HOPS"] == "1"
    renamed = (DEPLOY / "nginx.conf").read_text()
    for old, new in re.findall(r"s/([\d.:]+)/(\w+:\d+)/", compose["services"]["nginx"]["command"][2]):
        assert old in renamed
        renamed = renamed.replace(old, new)
    assert re.findall(r"^    server (\S+) ", renamed, re.MULTILINE) == ["one:7860", "two:7860"]
    listens = re.search(r"listen (\d+);", renamed)[1]
    assert compose["services"]["nginx"]["ports"] == [f"8080:{listens}"]


def test_the_unit_names_settings_that_exist_and_waits_for_the_drain():
    unit = (DEPLOY / "playground@.service").read_text()
    assert set(re.findall(r"^Environment=(\w+)=", unit, re.MULTILINE)) <= known_settings()
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) > 20
    assert "KillSignal=SIGTERM" in unit


@pytest.mark.parametrize("page", ["README.md", "docs/deploy.md", "docs/security.md", "deploy/playground@.service"])
def test_what_is_written_about_names_settings_and_files_that_exist(page):
    text = (ROOT / page).read_text("utf-8")
    assert set(re.findall(r"\bPLAYGROUND_[A-Z_]+\b", text)) <= known_settings()
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (ROOT / page).parent.joinpath(link).exists(), link
    for module in re.findall(r"python -m (deploy\.\w+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


def told(*command):
    if shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin") is None:
        assert not os.environ.get("PLAYGROUND_REQUIRE_SERVERS"), f"{command[0]} is not installed"
        pytest.skip(f"no {command[0]} here: apt-get install nginx-light systemd")
    return subprocess.run(
        [machines.find(command[0]), *command[1:]], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("site", ["nginx.conf", "inference.nginx.conf"])
def test_nginx_takes_the_file_as_it_is(site, tmp_path):
    main = machines.NGINX_MAIN.format(folder=tmp_path).replace(f"{tmp_path}/site.conf", str(DEPLOY / site))
    (tmp_path / "main.conf").write_text(main)
    said = told("nginx", "-t", "-e", "stderr", "-p", str(tmp_path), "-c", str(tmp_path / "main.conf"))
    assert said.returncode == 0, said.stderr
    assert "test is successful" in said.stderr


def test_systemd_takes_the_unit(tmp_path):
    unit = (DEPLOY / "playground@.service").read_text()
    # What it names has to be there, or that is all that is said.
    (tmp_path / "playground@.service").write_text(unit.replace("/opt/playground/.venv/bin/python", sys.executable))
    said = told("systemd-analyze", "verify", str(tmp_path / "playground@7861.service"))
    assert said.returncode == 0, said.stderr
    assert said.stderr == ""


def test_the_image_holds_what_the_app_needs():
    image = (DEPLOY / "Dockerfile").read_text()
    for needed in ("requirements.txt", "app.py", "playground"):
        assert re.search(rf"^COPY .*{re.escape(needed)}", image, re.MULTILINE)
        assert (ROOT / needed).exists()
