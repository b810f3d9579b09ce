"""Tells cookie, navigation and advertising text from what an article says.

Rules for short paragraphs only, each written for what sites print around articles; measured on the news test set in
docs/decisions/006. A paragraph is judged by itself, so that an article's chunks never depend on other articles.
"""

from __future__ import annotations

import re

_LONGEST = 320  # code points; what sites print around articles is short

_RULES = re.compile(
    r"""
    # Cookies, privacy, copyright
    \b(?:we|us|site|website|partners)\b.{0,60}\b(?:use|uses|store|set)\b.{0,60}\bcookies\b
    | \b(?:accept|reject|manage)\b.{0,20}\bcookies\b | \bcookie\ (?:policy|settings|preferences|consent|notice)\b
    | \bby\ (?:clicking|continuing|signing\ up|subscribing|using)\b.{0,80}\byou\b.{0,20}\b(?:agree|accept|consent)
    | \b(?:details|information)\ you\ have\ shared\b | \bplease\ tick\ here\b
    | \bprivacy\ (?:policy|notice)\b.{0,60}\bterms\b | \bterms\ of\ (?:use|service)\b.{0,60}\bprivacy\b
    | (?:©|\(c\)|\bcopyright\b)\ ?(?:19|20)\d\d | \ball\ rights\ reserved\b
    # Subscriptions and newsletters
    | \b(?:sign\ up|subscribe|register)\b.{0,80}\b(?:newsletters?|inbox|alerts?|e-?mails?|podcast|here|updates)\b
    | \b(?:newsletters?|(?:in|to)\ your\ inbox)\b.{0,80}\b(?:sign\ up|subscribe|here)\b
    | ^\W*(?:get|never\ miss|newsletter|sign\ up|subscribe)\b.{0,120}\b(?:newsletters?|inbox|updates|alerts|subscribe)\b
    | \bwould\ you\ like\ to\ receive\b.{0,60}\bnewsletter\b | \bbecome\ a\b.{0,40}\bsubscriber\b
    | \balready\ a\ (?:subscriber|member)\b | \b(?:subscribers?|subscriber-only)\ (?:only|exclusive)\b
    | \bdownload\ (?:the|our)\b.{0,30}\bapp\b | \b(?:support|subscribe\ to)\ (?:local\ )?journalism\b
    # Social media and contact lines
    | ^\W*(?:follow|like|join|find)\ (?:\w+\ ){0,6}on\ (?:twitter|facebook|instagram|tiktok|youtube|x)\b
    | ^\W*(?:reach|contact|e-?mail|follow)\b.{0,160}(?:@\w|\btwitter\b|\bfacebook\b)
    | ^\W*(?:share|tweet|print|e-?mail|save|comment)(?:\ this\ (?:article|story|page))?\W*$
    # Links to elsewhere
    | ^\W*(?:read|see|watch|learn|find\ out|view)\ (?:more|also|next|here|the\ full\ story)\b\W*(?::.*)?$
    | ^\W*(?:more|related|also\ read|watch|listen|play|opinion|from\ the\ archives?)\s?:.{0,140}$
    | ^\W*(?:click|tap)\ here\b | \(click\ here\ to\ view\)
    | ^\W*(?:read\ more|more\ from|recommended|related\ (?:stories|articles)|trending|most\ (?:read|popular))\W*$
    # Advertising and affiliate notes
    | ^\W*(?:advertisement|advertising|sponsored(?:\ content)?|paid\ content|promoted)\W*$
    | \baffiliate\ (?:partnerships?|links?|commissions?)\b | \bearn\ (?:us\ )?(?:a\ )?(?:small\ )?commission\b
    # The page itself
    | \b(?:enable|turn\ on)\ javascript\b | \bad\ ?blocker\b | ^\W*skip\ to\ (?:main\ )?content\b
    | ^\W*(?:log|sign)\ (?:in|out)\W*$ | ^\W*(?:back\ to\ top|hide\ caption|toggle\ caption|close\ dialog)\W*$
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def is_boilerplate(paragraph: str) -> bool:
    """Whether a paragraph is cookie, navigation or advertising text."""
    text = " ".join(paragraph.split())
    return len(text) <= _LONGEST and (bool(_RULES.search(text)) or _is_menu(text))


def _is_menu(text: str) -> bool:
    """Four or more short items parted by bars or dots: Home | News | Sport | Weather."""
    items = re.split(r"\s*[|•·»›]\s*", text)
    return len(items) >= 4 and all(0 < len(item) <= 30 for item in items)
