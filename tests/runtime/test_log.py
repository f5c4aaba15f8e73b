"""Logs: one line an event, and no token in any of them."""

import logging

import pytest

from runtime import log

DISCORD = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs0aBcDeFgHiJ"
TELEGRAM = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (f"https://api.telegram.org/bot{TELEGRAM}/getMe", TELEGRAM),
        (f"token {TELEGRAM} refused", TELEGRAM),
        (f"Authorization: Bot {DISCORD}", DISCORD),
        ("POST /webhooks/1234567890/aW50ZXJhY3Rpb246MTIzNDU2Nzg5MA.abc_def-ghi", "aW50ZXJhY3Rpb2"),
        ("/interactions/1234567890/aW50ZXJhY3Rpb246MTIzNDU2Nzg5MA/callback", "aW50ZXJhY3Rpb2"),
        ("redis://user:hunter22@redis.example:6379/0", "hunter22"),
        ("redis://user:p@ssw0rd@redis.example:6379/0", "ssw0rd"),
        ("the operator's own hunter22", "hunter22"),
    ],
)
def test_secrets_are_cut_out_wherever_they_stand(said: str, left: str) -> None:
    shown = log.redact(said, ["hunter22"])
    assert left not in shown
    assert "[secret]" in shown


def test_what_is_no_secret_is_left_as_it_is() -> None:
    said = "card posted chat=telegram:-1001234567890/7 story=ai-theft-claims at 2026-06-25T06:00"
    assert log.redact(said) == said


@pytest.mark.parametrize("secret", ["", "a", "no", "redis", "posted"])
def test_a_short_password_does_not_eat_the_words_of_other_lines(secret: str) -> None:
    said = "a card was posted in no time: redis answers"
    assert log.redact(said, [secret]) == said
    shown = log.redact(f"redis://user:{secret}@redis.example:6379/0 is away", [secret])
    assert shown == "redis://[secret]@redis.example:6379/0 is away"


def test_an_exception_and_a_fact_are_redacted_and_stay_on_their_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = logging.getLogger().handlers[:]
    try:
        log.set_up("INFO")
        try:
            int(f"bot{TELEGRAM}")
        except ValueError:
            logging.getLogger("here").exception("failed", extra={"title": "a\nERROR forged"})
    finally:
        logging.getLogger().handlers[:] = before
    shown = capsys.readouterr().err
    assert TELEGRAM not in shown
    assert "title=a\\nERROR forged" in shown
