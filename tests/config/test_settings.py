"""Settings: the environment over .env over defaults, wrong ones named in one sentence."""

from pathlib import Path

import pytest

from bot.model.errors import SetupError
from config.settings import Settings, given, load_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"STORYWIRE_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        "STORYWIRE_PREFIX=of-the-file\nSTORYWIRE_HTTP_PORT=9001\nOTHER=1\nSTORYWIRE_CONFIG=\n"
    )
    monkeypatch.setenv("STORYWIRE_PREFIX", "of-the-environment")
    settings = load_settings()
    assert (settings.prefix, settings.http_port) == ("of-the-environment", 9001)
    assert settings.config is None
    assert settings.discord_token is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PORT", "eighty"),
        ("HTTP_PORT", "70000"),
        ("REDIS_URL", "http://localhost"),
        ("PREFIX", "two words"),
        ("LOG_LEVEL", "loud"),
        ("LIVE_HOURS", "0"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"STORYWIRE_{name}", value)
    with pytest.raises(SetupError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"STORYWIRE_{name} is wrong: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis+sentinel://one:26379,two:26379/mymaster/0", "it leads to Sentinel or Cluster"),
        ("sentinel://one:26379/mymaster", "it leads to Sentinel or Cluster"),
        ("redis+cluster://one:6379", "it leads to Sentinel or Cluster"),
        ("redis://one:6379,two:6379/0", "several hosts"),
        ("redis.example:6379", "begins with redis://"),
        ("unix://run/redis.sock", "its whole path: unix:///"),
        ("redis://:half/past@redis.example:6379/0", "%2F for /"),
        ("redis://user:12#34@redis.example:6379/0", "%23 for #"),
        ("redis://redis.example:6379/stories", "the number of a database"),
        ("redis://redis.example:6379/0?timeout=3", "“timeout” is none of the options"),
        ("redis://redis.example:6379?db=x", "?db=0"),
    ],
)
def test_an_address_that_leads_to_no_single_redis_is_refused_with_what_to_write(
    monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("STORYWIRE_REDIS_URL", url)
    with pytest.raises(SetupError) as refused:
        load_settings()
    assert said in str(refused.value)
    assert "past" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis.example",
        "redis://redis.example:6379/15",
        "rediss://user:p%2Fw@redis.example:6380/0?ssl_ca_certs=/etc/ca.pem",
        "redis://:p@ss:w@redis.example:6379/0",
        "unix:///run/redis/redis.sock?db=3",
        "unix://user:word@/run/redis.sock",
    ],
)
def test_an_address_of_a_redis_is_taken_as_it_is(url: str) -> None:
    assert given(redis_url=url).redis_url == url
    assert url not in repr(given(redis_url=url))


def test_a_token_does_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYWIRE_DISCORD_TOKEN", "very-secret")
    settings = load_settings()
    assert "very-secret" not in repr(settings)
    assert settings.discord_token is not None
    assert settings.discord_token.get_secret_value() == "very-secret"


def test_given_settings_are_deaf_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYWIRE_PREFIX", "of-the-environment")
    Path(".env").write_text("STORYWIRE_HTTP_PORT=9001\n")
    assert given(http_port=0) == given(http_port=0, prefix="storywire")
