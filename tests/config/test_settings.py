"""Settings: the environment over .env over defaults, wrong ones named in one sentence."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import Settings, given, load_settings
from runtime.errors import SetupError


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
    ("name", "value", "reason"),
    [
        ("HTTP_PORT", "70000", "it must be a whole number from 0 to 65535, not 70000"),
        (
            "PREFIX",
            "two words",
            "it must be 1 to 40 letters (A-Z, a-z), digits, dots, underscores or",
        ),
        ("LOG_LEVEL", "loud", "it must be DEBUG, INFO, WARNING or ERROR"),
        ("LIVE_HOURS", "0", "it must be a number above 0 and up to 87600, not 0"),
        ("KEEP_DAYS", "1", "it must be a number from 40 to 36500, not 1"),
        ("REPEAT_UNKNOWN", "perhaps", "it must be true or false"),
        ("REDIS_URL", "http://localhost", "an address starts with redis://"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(f"STORYWIRE_{name}", value)
    with pytest.raises(SetupError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"STORYWIRE_{name} is wrong: {reason}")
    assert str(refused.value).endswith(". Fix it in the environment or .env")
    assert "\n" not in str(refused.value)


NUMBERS = [name for name, each in Settings.model_fields.items() if each.annotation in (int, float)]


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e400", "1e300", "-1", str(10**400), "x"])
@pytest.mark.parametrize("name", NUMBERS)
def test_no_number_is_endless_and_each_has_bounds_that_are_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"STORYWIRE_{name.upper()}", value)
    with pytest.raises(SetupError) as refused:
        load_settings()
    repeated = "" if value in ("x", str(10**400)) else f", not {value}"
    assert re.fullmatch(
        rf"STORYWIRE_{name.upper()} is wrong: it must be a (whole )?number "
        rf"(from [\d.]+|above 0 and up) to \d+{repeated}\. Fix it in the environment or \.env",
        str(refused.value),
    )


def test_the_largest_numbers_can_be_reckoned_with() -> None:
    """They are spans of time, before and after any moment in a story."""
    properties = Settings.model_json_schema()["properties"]
    largest = {name: properties[name]["maximum"] for name in NUMBERS if name != "http_port"}
    settings = given(**largest)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for hours in (settings.live_hours, settings.first_hours):
        assert now - timedelta(hours=hours) < now < now + timedelta(hours=hours)
    for days in (settings.keep_days, settings.forget_after_days):
        assert now - timedelta(days=days) < now < now + timedelta(days=days)
    for seconds in (settings.edit_spacing_s, settings.edit_spacing_old_s, settings.asks_within_s):
        assert now + timedelta(seconds=seconds) > now


@pytest.mark.parametrize("name", NUMBERS)
def test_a_token_in_the_wrong_place_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for token in (
        "1234567:AAH-a-token-of-Telegram",
        "MTIz.abc.def",
        "hunter2",
        "12345678901234567",
    ):
        monkeypatch.setenv(f"STORYWIRE_{name.upper()}", token)
        with pytest.raises(SetupError) as refused:
            load_settings()
        assert token not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis+sentinel://one:26379,two:26379/mymaster/0", "it points to Sentinel or Cluster"),
        ("sentinel://one:26379/mymaster", "it points to Sentinel or Cluster"),
        ("redis+cluster://one:6379", "it points to Sentinel or Cluster"),
        ("redis://one:6379,two:6379/0", "several hosts"),
        ("redis.example:6379", "starts with redis://"),
        ("unix://run/redis.sock", "its full path: unix:///"),
        ("redis://:half/past@redis.example:6379/0", "%2F for /"),
        ("redis://user:12#34@redis.example:6379/0", "%23 for #"),
        ("redis://user:past?@redis.example:6379/0", "%3F for ?"),
        ("redis://user:pa[st@redis.example:6379/0", "%5B for ["),
        ("redis://user:past\u2100@redis.example:6379/0", "after :// write"),
        ("redis://[::1/0", "an IPv6 address in brackets"),
        ("redis://redis.example:6379/stories", "the number of a database"),
        ("redis://redis.example:6379/0?timeout=3", "“timeout” isn't one of the options"),
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
        "redis://user:one,two@[::1]:6379/0",
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
