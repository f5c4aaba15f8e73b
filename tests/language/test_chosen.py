"""A chat's moderators choose the language of its cards among those the bot speaks."""

from bot.model.rule import Rule
from handlers.panel import language_key
from handlers.rule_in_words import spelled
from tests.handlers.talking import FERRY, HERE, MIRA, Talk, first_samples, labels, read
from tests.language.pseudo import CODE, wide
from wording.language import languages


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


async def test_what_can_be_done_with_rules_is_suggested_and_taken_in_ones_language(
    in_pseudo: None,
) -> None:
    talk = Talk(*first_samples())
    talk.language = CODE
    [export] = talk.suggest("rules", "what", wide("Ex"))
    assert (export.name, export.value) == (wide("export"), "export")
    assert talk.suggest("rules", "what", "ex") == [export]
    asked = await talk.type("rules", wide("Export"))
    assert asked == await talk.type("rules", "export")
    assert asked != await talk.type("rules", "show")


async def test_all_stories_are_suggested_in_ones_language(in_pseudo: None) -> None:
    talk = Talk(*first_samples())
    for typed in ("al", wide("all st"), wide("ALL")):
        assert talk.suggest("follow", "what", typed)[0].value == "all"
