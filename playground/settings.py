"""The owner's settings: the only reader of the environment and of .env. Knows no model and no page."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from dotenv import dotenv_values
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from pydantic import field_validator as validator

from .errors import ConfigError

APP = "llm-playground"


def clean_key(pasted: str) -> str:
    """A key without the quotes or the line break that were pasted along: a common slip."""
    return pasted.strip().strip("\"'").strip()


def _secret(value: Any) -> Any:
    """A clean key; an empty one means "not set"."""
    if not isinstance(value, str):
        return value
    key = clean_key(value)
    if not is_sendable(key):
        raise ValueError("contains a character that no key has: copy it again")
    return key or None


def is_sendable(key: str) -> bool:
    """Whether a key can go into an HTTP header: visible ASCII without spaces."""
    return all("!" <= character <= "~" for character in key)


Key = Annotated[SecretStr | None, BeforeValidator(_secret)]
Tokens = Annotated[int | None, Field(ge=1)]
Dollars = Annotated[float | None, Field(gt=0, le=1e6, allow_inf_nan=False)]
RATE = re.compile(r"(\d{1,6})\s*(?:/|per)\s*(\d{0,4})\s*(second|minute|hour|day)s?")
# What a public page allows where its owner has said nothing: requests for an answer per address.
PUBLIC_RATE = "30/minute"
PUBLIC_LOCAL_RATE = "60/minute"
PUBLIC_DAILY_VOTES = 200
LOOPBACK = ("127.", "localhost", "::1")


class Settings(BaseModel):
    """Every setting with its default, named by its environment variable. Budgets in USD, limits in tokens."""

    # Fields are set by alias alone: a HOST or PORT that was meant for another program is not ours.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    openai_api_key: Key = None
    openai_base_url: str | None = None
    anthropic_api_key: Key = None
    anthropic_base_url: str | None = None
    google_api_key: Key = Field(None, validation_alias=AliasChoices("google_api_key", "gemini_api_key"))
    google_gemini_base_url: str | None = None
    hf_token: Key = None

    config_file: str | None = Field(None, alias="playground_config")
    local: str = Field("on", alias="playground_local")
    cache_dir: Path = Field(Path(platformdirs.user_cache_dir(APP)), alias="playground_cache_dir")
    data_dir: Path = Field(Path(platformdirs.user_data_dir(APP)), alias="playground_data_dir")
    log_level: str = Field("INFO", alias="playground_log_level")
    conversations: str = Field("browser", alias="playground_conversations")
    database_url: SecretStr | None = None
    admin_token: Key = Field(None, alias="playground_admin_token")
    max_input_tokens: Tokens = Field(None, alias="playground_max_input_tokens")
    max_output_tokens: Tokens = Field(None, alias="playground_max_output_tokens")

    daily_budget_usd: Dollars = Field(None, alias="playground_daily_budget_usd")
    address_budget_usd: Dollars = Field(None, alias="playground_address_budget_usd")
    session_budget_usd: Dollars = Field(None, alias="playground_session_budget_usd")
    rate_limit: str | None = Field(None, alias="playground_rate_limit")
    local_rate_limit: str | None = Field(None, alias="playground_local_rate_limit")
    daily_votes: str | None = Field(None, alias="playground_daily_votes")
    redis_url: SecretStr | None = None
    trusted_proxy_hops: int = Field(0, ge=0, le=16)
    space_id: str | None = None
    space_host: str | None = None

    bucket: str | None = Field(None, alias="playground_bucket")
    bucket_token: Key = Field(None, alias="playground_bucket_token")
    oauth_client_id: str | None = None
    oauth_client_secret: Key = None
    require_sign_in: bool = Field(False, alias="playground_require_sign_in")

    host: str = Field("127.0.0.1", alias="gradio_server_name")
    port: int = Field(7860, alias="gradio_server_port", ge=0, le=65535)

    environ: Mapping[str, str] = Field(default_factory=dict, repr=False, exclude=True)

    def key(self, variable: str) -> str | None:
        """The secret in an environment variable that the owner's catalog names, None when unset."""
        known: Any = getattr(self, variable.lower(), None)
        return known.get_secret_value() if isinstance(known, SecretStr) else _secret(self.environ.get(variable))

    @property
    def is_public(self) -> bool:
        """Whether strangers can reach the page: on a Space, behind a proxy, on an address other than loopback."""
        return bool(self.space_id) or self.trusted_proxy_hops > 0 or not self.host.startswith(LOOPBACK)

    @property
    def has_budget(self) -> bool:
        return any((self.daily_budget_usd, self.address_budget_usd, self.session_budget_usd))

    @property
    def offers_sign_in(self) -> bool:
        """Whether visitors can sign in: on a Space with its own client. Elsewhere Gradio would only play at it, with
        one account for everybody."""
        return bool(self.space_id and self.oauth_client_id and self.oauth_client_secret)

    @validator("openai_base_url", "anthropic_base_url", "google_gemini_base_url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^/\s]+", value):
            raise ValueError("must be an address that starts with http:// or https://")
        return value

    @validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or re.match(r"\s*(postgres|postgresql|sqlite)(\+\w+)?://", value.get_secret_value()):
            return value and SecretStr(value.get_secret_value().strip())
        raise ValueError("must look like postgresql://user:password@host/name or sqlite:///file.db")

    @validator("rate_limit", "local_rate_limit")
    @classmethod
    def _is_rate(cls, value: str | None) -> str | None:
        if value is None or value.strip().lower() == "off":
            return value and "off"
        if not (found := RATE.fullmatch(value.strip().lower())) or int(found[1]) == 0 or found[2] == "0":
            raise ValueError('must look like "30/minute", or be off')
        return f"{int(found[1])}/{int(found[2] or 1)}{found[3]}"

    @validator("daily_votes")
    @classmethod
    def _is_count(cls, value: str | None) -> str | None:
        value = value and value.strip().lower()
        if value and value != "off" and not re.fullmatch(r"0*[1-9]\d{0,8}", value):
            raise ValueError("must be a number of votes, as in 200, or off")
        return value

    @validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or re.match(r"\s*(rediss?|unix)://\S+\s*$", value.get_secret_value()):
            return value and SecretStr(value.get_secret_value().strip())
        raise ValueError("must look like redis://host:6379/0 or rediss://user:password@host")

    @validator("local")
    @classmethod
    def _is_weights(cls, value: str) -> str:
        value = value.strip() or "on"
        if value.lower() in {"on", "off"}:
            return value.lower()
        if value.startswith("hf://") and not re.fullmatch(r"hf://[^/\s]+/[^/\s]+/\S+\.gguf", value):
            raise ValueError("must look like hf://owner/repository/file.gguf")
        return value

    @validator("conversations")
    @classmethod
    def _is_place(cls, value: str) -> str:
        if value.strip().lower() not in {"browser", "server"}:
            raise ValueError("must be browser or server: where conversations are kept")
        return value.strip().lower()

    @validator("bucket")
    @classmethod
    def _is_bucket(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[\w.-]+/[\w.-]+", value.strip()):
            raise ValueError("must look like owner/name")
        return value and value.strip()

    @validator("require_sign_in")
    @classmethod
    def _can_sign_in(cls, value: bool, known: ValidationInfo) -> bool:
        if value and not all(known.data.get(name) for name in ("space_id", "oauth_client_id", "oauth_client_secret")):
            raise ValueError("needs a Space with sign-in: add `hf_oauth: true` to the first lines of its README.md")
        return value

    @validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
            raise ValueError("must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
        return value.upper()


def read_environment(folder: Path = Path()) -> dict[str, str]:
    """The environment with .env of `folder` beneath it: a variable that is really set wins."""
    written = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    return {**written, **os.environ}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environ` (default: the environment over .env). A blank variable counts as unset.

    Raises ConfigError with one sentence per problem; no sentence repeats a value, which may be a key.
    """
    settings, problems = read_settings(read_environment() if environ is None else environ)
    if problems:
        raise ConfigError(problems)
    return settings


def read_settings(environ: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Settings, and a sentence for each variable that cannot be used; its default stands in, so that the rest can be
    looked at too."""
    lowered = {name.lower(): value for name, value in environ.items() if value.strip()}
    try:
        return Settings.model_validate({**lowered, "environ": dict(environ)}), []
    except ValidationError as error:
        bad = {str(problem["loc"][0]).lower() for problem in error.errors()}
        problems = [_sentence(problem) for problem in error.errors()]
    usable = {name: value for name, value in environ.items() if name.lower() not in bad}
    if len(usable) == len(environ):
        raise ConfigError(problems)
    return read_settings(usable)[0], problems


def _sentence(problem: Any) -> str:
    variable = str(problem["loc"][0]).upper()
    return f"{variable} {str(problem['msg']).removeprefix('Value error, ')}."
