"""The files of deploy/ agree with each other and with the settings there are."""

import re

import yaml

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


def test_the_image_holds_what_the_app_needs():
    image = (DEPLOY / "Dockerfile").read_text()
    for needed in ("requirements.txt", "app.py", "playground"):
        assert re.search(rf"^COPY .*{re.escape(needed)}", image, re.MULTILINE)
        assert (ROOT / needed).exists()
