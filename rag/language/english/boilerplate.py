"""What English sites print around articles; each rule was measured on the news test set (docs/decisions/006)."""

from __future__ import annotations

from collections.abc import Mapping

PATTERNS: Mapping[str, str] = {
    "boilerplate": r"""(?is)
        # Cookies, privacy, copyright
        \b(?:we|our\ (?:site|website|partners)|this\ (?:site|website|page))\b.{0,60}\buses?\b.{0,60}\bcookies\b
        | ^\W*(?:accept|reject|manage)\b.{0,20}\bcookies\b | \bcookie\ (?:policy|settings|preferences|notice)\W*$
        | \bby\ (?:clicking|continuing|signing\ up|subscribing)\b.{0,80}\byou\b.{0,20}\b(?:agree|accept|consent)
        | \b(?:details|information)\ you\ have\ shared\b | \bplease\ tick\ here\b
        | ^\W*(?:privacy\ (?:policy|notice)|terms\ of\ (?:use|service))\b.{0,60}$
        | ^\W*(?:©|\(c\)|copyright\ ©?)\ ?(?:19|20)\d\d\b(?!\ \w+\ \w+ed\b) | \ball\ rights\ reserved\b
        # Subscriptions and newsletters: what asks the reader to do it
        | \b(?:sign\ up|subscribe)\b.{0,80}\b(?:newsletters?|inbox|alerts?|e-?mails?|podcast|updates)\b
        | \b(?:sign\ up|subscribe)\b.{0,20}\bhere\b
        | (?:^|[.:!?]\W*|\bplease\ |\band\ )subscribe\ (?:to|today|now|using)\b
        | \bnewsletters?\b.{0,80}\b(?:sign\ up|subscribe)\b | \b(?:in|to)\ your\ inbox\b
        | \bwould\ you\ like\ to\ receive\b.{0,60}\bnewsletter\b
        | ^\W*(?:get|never\ miss)\b.{0,80}\b(?:newsletters?|your\ inbox|updates|alerts|subscribe)\b
        | \balready\ a\ (?:subscriber|member)\W*\? | ^\W*subscribers?[\ -](?:only|exclusive)\W*$
        | ^\W*download\ (?:the|our)\b.{0,30}\bapp\b | ^\W*support\ (?:local\ |quality\ )?journalism\b
        | \bconsider\ (?:supporting|subscribing)\b
        # Social media and contact lines
        | ^\W*(?:follow|like|join|find)\ (?:\w+\ ){0,6}on\ (?:twitter|facebook|instagram|tiktok|youtube)\b
        | (?:^\W*|[.:!?]\W*|\b(?:and|or)\ |\bcan\ (?:also\ )?)(?:follow|reach|contact|e-?mail)\b.{0,160}(?:\s|\()@\w
        | \bcan\ be\ reached\b.{0,160}\S@\S
        | ^\W*(?:reach|contact|e-?mail)\ .{0,80}\S@\S+\.\w
        | ^\W*(?:share|tweet|print|e-?mail|save|comment)(?:\ this\ (?:article|story|page))?\W*$
        # Links to elsewhere
        | ^\W*(?:read|see|watch|learn|find\ out|view)\ (?:more|also|next|here|the\ full\ story)\b\W*(?::.*)?$
        | ^\W*(?:more|related|also\ read|listen|from\ the\ archives?)\s?:.{0,140}$
        | ^\W*(?:click|tap)\ here\b | \(click\ here\ to\ view\)
        | ^\W*(?:more\ from|recommended|related\ (?:stories|articles)|trending|most\ (?:read|popular))\W*$
        # Advertising and affiliate notes
        | ^\W*(?:advertisement|advertising|sponsored(?:\ content)?|paid\ content|promoted)\W*$
        | \b(?:has|have|contains?)\ affiliate\ (?:partnerships?|links?)
        | \bwe\ may\ (?:earn|receive)\b.{0,20}\bcommission
        # The page itself
        | ^\W*(?:please\ )?(?:enable|turn\ on)\ javascript\b | \byour\ ad\ ?blocker\b
        | ^\W*skip\ to\ (?:main\ )?content\b
        | ^\W*(?:log|sign)\ (?:in|out)\W*$ | ^\W*(?:back\ to\ top|hide\ caption|toggle\ caption|close\ dialog)\W*$
        """,
    # "…, the county said on Monday": what somebody is said to have said is of the article.
    "told": r"(?i)(?!\W*(?:more|related|also\ read|listen)\s?:).*,\ (?:\w+\ ){1,4}(?:said|says|found|reported)\b",
}
