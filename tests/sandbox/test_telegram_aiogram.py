"""A second client library, aiogram, lives in the local Telegram as python-telegram-bot does."""

import asyncio

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from sandbox.telegram import CHANNEL, GROUP, MIRA
from tests.sandbox.telegram_kit import polled, served


async def test_aiogram_answers_commands_and_buttons() -> None:
    async with served() as telegram:
        session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.api_url))
        async with Bot(telegram.token, session=session) as bot:
            dispatcher = Dispatcher()

            @dispatcher.message(Command("faq"))
            async def faq(message: Message) -> None:
                button = InlineKeyboardButton(text="More", callback_data="more")
                markup = InlineKeyboardMarkup(inline_keyboard=[[button]])
                await message.reply("<b>Ferry</b>", parse_mode="HTML", reply_markup=markup)

            @dispatcher.callback_query(F.data == "more")
            async def more(query: CallbackQuery) -> None:
                assert isinstance(query.message, Message)
                await query.message.edit_text("More")
                await query.answer("Here", show_alert=True)

            polling = asyncio.create_task(
                dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False)
            )
            await polled(telegram)
            await telegram.say(MIRA, GROUP, "/faq")
            await telegram.settle()
            card = telegram.messages(GROUP)[-1]
            assert card["reply_to_message"]["text"] == "/faq"
            assert card["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
            answer = await telegram.click(MIRA, card, "more")
            assert (answer.text, answer.alert) == ("Here", True)
            assert telegram.messages(GROUP)[-1]["text"] == "More"

            post = await bot.send_message(CHANNEL, "Ferry")
            await bot.pin_chat_message(CHANNEL, post.message_id, disable_notification=True)
            assert (await bot.get_chat(CHANNEL)).pinned_message == post
            with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
                await bot.send_message(MIRA, "Ferry")
            with pytest.raises(TelegramBadRequest, match="message is not modified"):
                await post.edit_text("Ferry")
            await dispatcher.stop_polling()
            await polling
