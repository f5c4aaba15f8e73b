"""A chat's moderators choose the language of its cards among those the bot speaks."""

from bot.model.language import languages
from bot.model.rule import Rule
from handlers.panel import language_key
from handlers.wants import spelled
from tests.handlers.talking import FERRY, HERE, MIRA, Talk, first_samples, labels, read
from tests.language.pseudo import CODE


async def test_the_language_of_cards_is_chosen_and_seen_in_the_rehearsal() -> None:
    talk = Talk(*first_samples())
    talk.language = "en"
    page = await talk.click("setup_more")
    offered = [label for label, ref in labels(page).items() if ref.startswith("setup_lang_")]
    assert offered == ["✓ English", spelled(CODE)]
    assert languages() == ("en", CODE)
    page = await talk.press(page, spelled(CODE))
    assert f"✓ {spelled(CODE)}" in labels(page)
    card = await talk.click(f"setup_card_{FERRY}")
    assert "Updated" not in read(card)
    done = await talk.press(await talk.say("setup"), "Save")
    assert f"Cards are in {spelled(CODE)}." in read(done)
    assert talk.rules.of(HERE) == Rule(language=CODE, keeper=MIRA)
    await talk.press(await talk.click("setup_more"), "English")
    await talk.press(await talk.say("setup"), "Save")
    assert talk.rules.of(HERE) is None
    assert language_key("pt_BR") == "pt-br", "as a button can carry it"
