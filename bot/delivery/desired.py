"""Computes the desired state of a card from a chat's rule and the story. Pure functions."""

from datetime import datetime, timedelta

from bot.delivery.plan import Desired
from bot.delivery.reply_policy import is_over, recalled
from bot.model.rule import Rule
from stories.delta import Delta, Weight
from stories.edition import Edition
from stories.story import Story
from wording.holds import HoldCode

NO_RULE = Rule()


def desire(
    rule: Rule | None,
    edition: Edition,
    since: Delta,
    fingerprint: str,
    *,
    target: Edition | None,
    fixed: bool,
    live_for: timedelta,
    now: datetime,
) -> Desired:
    """What a rule wants of a story.

    `since`: what changed since the revision that the card's readers know. `target`: the story it
    was merged into. `fixed`: the rule is in the operator's file, so its follows don't end.
    """
    rule = rule or NO_RULE
    story = edition.story
    live = edition.is_live(now, live_for)
    follows = rule.wants(story) or (target is not None and rule.wants(target.story))
    mute = rule.mute_of(story.id)
    itself = story.id in rule.story_ids and is_over(story) and not fixed
    major_at = edition.heard_at if since.weight is Weight.MAJOR else None
    return Desired(
        edition.revision,
        fingerprint,
        since,
        edition.heard_at,
        live=live,
        unwanted=None if follows and live else _unwanted(rule, story, follows=follows),
        follows=follows,
        recalled=recalled(since),
        parting=itself and not rule.paused and mute is None,
        unfollow=itself,
        paused=rule.paused,
        muted=mute is not None,
        loudness=rule.loudness,
        quiet_until=rule.quiet_until(now, major_at=major_at),
        publish=rule.publish,
        merge_into=target.story.id if target is not None else None,
    )


def _unwanted(rule: Rule, story: Story, *, follows: bool) -> HoldCode:
    """Why no card of the story is posted."""
    if follows:
        return HoldCode.OVER
    if rule.paused:
        return HoldCode.PAUSED
    return HoldCode.MUTED if rule.mute_of(story.id) is not None else HoldCode.NOT_FOLLOWED
