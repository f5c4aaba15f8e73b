"""The check against the official description of the Bot API bites."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.calls import Call
from tests.contracts.telegram import answer_violations, needs_description, violations

GOOD = Call(
    at=0.0,
    method="POST",
    path="sendMessage",
    query={},
    body={
        "chat_id": "-100",
        "text": "<b>Hi</b>",
        "parse_mode": "HTML",
        "reply_markup": '{"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}',
    },
    status=200,
    answer={
        "ok": True,
        "result": {"message_id": 1, "date": 1, "chat": {"id": -100, "type": "supergroup"}},
    },
)


@needs_description
def test_a_good_call_is_found_good() -> None:
    assert violations([GOOD]) == []


@needs_description
@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"text": None}, "sendMessage.text: is required and missing"),
        ({"chat_id": None}, "sendMessage.chat_id: is required and missing"),
        ({"colour": "red"}, "sendMessage.colour: is not known"),
        ({"message_thread_id": "two"}, "sendMessage.message_thread_id: 'two' is no Integer"),
        ({"disable_notification": "maybe"}, "sendMessage.disable_notification: 'maybe' is no"),
        ({"text": "x" * 4097}, "sendMessage.text: 4097 characters, where 1-4096 are allowed"),
        ({"text": f"<b>{'🙂' * 2049}</b>"}, "sendMessage.text: 4098 characters"),
        ({"entities": '[{"type": "bold", "offset": 0}]'}, "[0].length: is required and missing"),
        ({"reply_parameters": "7"}, "sendMessage.reply_parameters: '7' is no ReplyParameters"),
        (
            {"reply_markup": '{"inline_keyboard": [[{"callback_data": "go"}]]}'},
            "sendMessage.reply_markup.inline_keyboard[0][0].text: is required and missing",
        ),
        (
            {
                "reply_markup": '{"inline_keyboard": [[{"text": "x", "callback_data": "%s"}]]}'
                % ("ä" * 33)
            },
            "callback_data: 66 bytes, where 1-64 are allowed",
        ),
    ],
)
def test_a_broken_call_is_found_out(change: dict[str, Any], found: str) -> None:
    body = {key: value for key, value in (GOOD.body | change).items() if value is not None}
    wrong = violations([replace(GOOD, body=body)])
    assert len(wrong) == 1
    assert found in wrong[0]


@needs_description
@pytest.mark.parametrize(
    ("status", "answer", "found"),
    [
        (200, {"ok": True, "result": True}, "result: True is no Message"),
        (200, {"ok": True, "result": {"message_id": 1}}, "result.date: is required and missing"),
        (400, {"ok": False, "error_code": 403, "description": "x"}, "error_code 403, status 400"),
        (400, {"ok": False, "error_code": 400}, "description: None is no String"),
        (
            429,
            {
                "ok": False,
                "error_code": 429,
                "description": "x",
                "parameters": {"retry_after": "1"},
            },
            "parameters.retry_after: '1' is no Integer",
        ),
    ],
)
def test_a_broken_answer_is_found_out(status: int, answer: dict[str, Any], found: str) -> None:
    wrong = answer_violations(replace(GOOD, status=status, answer=answer))
    assert wrong
    assert any(found in sentence for sentence in wrong)


@needs_description
def test_a_method_that_telegram_does_not_have_is_found_out() -> None:
    assert "sendTelepathy: no such method" in violations([replace(GOOD, path="sendTelepathy")])


@needs_description
def test_one_of_several_types_must_fit() -> None:
    member = {"status": "creator", "user": {"id": 1, "is_bot": False, "first_name": "Sol"}}
    call = replace(GOOD, path="getChatMember", body={"chat_id": "1", "user_id": "1"})
    half = replace(call, answer={"ok": True, "result": member})
    whole = replace(call, answer={"ok": True, "result": member | {"is_anonymous": False}})
    assert violations([half]) == [
        "getChatMember → result.is_anonymous: is required and missing",
    ]
    assert violations([whole]) == []
