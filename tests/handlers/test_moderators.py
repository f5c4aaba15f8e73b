"""/moderators: who may change what the bot does in a chat."""

from tests.handlers.talking import Talk, labels, read
from wording.message import Roles

SERVER = "discord:987"


async def test_where_there_are_no_roles_none_is_offered(talk: Talk) -> None:
    told = await talk.say("moderators")
    assert told.title == "This chat's administrators are its moderators"
    assert told.rows == ()
    await talk.say("moderators", role="5")
    assert talk.moderators.roles == {}


async def test_who_manages_the_server_names_a_role_and_takes_it_back(talk: Talk) -> None:
    talk.roles_of, talk.manages_server = SERVER, True
    offered = await talk.say("moderators")
    assert "No moderator role has been chosen." in read(offered)
    [choice] = offered.rows
    assert isinstance(choice, Roles)
    assert choice.chosen is None
    named = await talk.say("moderators", role="5")
    assert named.title == "Everyone with that role counts as a moderator now"
    assert talk.moderators.roles == {SERVER: "5"}
    shown = await talk.say("moderators")
    assert isinstance(shown.rows[0], Roles)
    assert shown.rows[0].chosen == "5"
    gone = await talk.click(labels(shown)["No role"])
    assert gone.title == "No role counts as moderator now"
    assert talk.moderators.roles == {}
    assert [deed.act.did for deed in await talk.audit.deeds(talk.chat)] == [
        "let no role count as moderator",
        "let a role count as moderator",
    ]


async def test_other_moderators_only_read_it(talk: Talk) -> None:
    talk.roles_of = SERVER
    talk.moderators.roles[SERVER] = "5"
    shown = await talk.say("moderators")
    assert "Anyone who can manage this server can choose a role." in read(shown)
    assert shown.rows == ()
    refused = await talk.say("moderators", role="none")
    assert refused.title == "Only people who can manage this server can choose its moderator role"
    assert talk.moderators.roles == {SERVER: "5"}


async def test_in_private_one_is_ones_own_moderator(talk: Talk) -> None:
    talk.private = True
    assert (await talk.say("moderators")).title == "Here you're your own moderator"
