"""What names, numbers, places and verbs look like in a sentence of news, as pieces of regular expressions."""

from __future__ import annotations

from rag.language.english.days import MONTHS
from rag.language.english.naming import OFFICES

CAP = r"[A-Z][\w’'\-]*[\w]"
PARTICLE = r"(?:of|the|de|van|von|al|bin|for|and)"
NAME = rf"{CAP}(?:\s(?:{PARTICLE}\s){{0,2}}{CAP}){{0,4}}"
PERSON = rf"(?:{CAP}|[A-Z]\.)(?:\s(?:{CAP}|[A-Z]\.|al|bin|de|van|von)){{1,3}}"
NUMBER = r"(?:\d[\d,.]*(?:\s(?:thousand|million|billion))?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
ABOUT = r"(?:(?:at least|more than|fewer than|nearly|about|around|almost|some|over|up to)\s)?"
MANY = r"(?:[a-z\-]+\s)?(?:people|[a-z]+s)"
MONEY = r"[$£€]\d[\w.,]*(?:\s(?:m|bn|million|billion))?"
END = r"(?=[,;:.!?]|\s[–—-]\s|$)"
PLACE = rf"(?:(?:in|at|near|on|from|off|across|by)\s(?:the\s|an?\s)?(?:[a-z]+\s){{0,3}}(?:of\s)?{NAME})"
DATE = rf"(?:(?:\d{{1,2}}\s)?(?:{'|'.join(MONTHS)})(?:\s\d{{1,2}})?(?:,?\s\d{{4}})?|\d{{4}})"
ROLE = "|".join(
    sorted(
        OFFICES
        | set(
            "activist actor actress analyst artist author boss captain co-founder correspondent dean economist editor "
            "executive expert fellow founder historian journalist lawmaker lawyer manager owner partner physicist "
            "player poet producer prosecutor psychologist researcher reporter scholar scientist singer strategist "
            "writer".split()
        ),
        key=lambda word: (-len(word), word),
    )
)
PASSIVE = (
    "acquired|adopted|appointed|approved|arrested|awarded|banned|born|bought|built|closed|completed|convicted|created|"
    "designed|destroyed|discovered|elected|established|fired|formed|found|founded|held|hired|inaugurated|introduced|"
    "invented|killed|launched|opened|passed|published|ratified|released|sacked|sentenced|shot|signed|sold|unveiled"
)
DOES = (
    "acquired|became|beat|bought|built|chairs|composed|created|defeated|designed|developed|directed|discovered|founded|"
    "heads|invented|leads|launched|led|organised|organized|owns|painted|produced|published|replaced|runs|signed|"
    "succeeded|won|wrote"
)
# A past tense, and the verb as "did" has it.
PAST = dict(
    pair.split(":")
    for pair in (
        "accused:accuse agreed:agree announced:announce approved:approve asked:ask attacked:attack backed:back "
        "banned:ban blamed:blame blocked:block boycotted:boycott called:call cancelled:cancel canceled:cancel cut:cut "
        "chose:choose closed:close criticised:criticise criticized:criticize declared:declare declined:decline "
        "delayed:delay demanded:demand denied:deny described:describe dropped:drop dubbed:dub ended:end fell:fall "
        "fired:fire grew:grow halted:halt imposed:impose introduced:introduce invited:invite joined:join kept:keep "
        "launched:launch left:leave lifted:lift lost:lose moved:move named:name offered:offer opposed:oppose "
        "ordered:order paused:pause picked:pick pledged:pledge postponed:postpone promised:promise proposed:propose "
        "pulled:pull quit:quit raised:raise recalled:recall refused:refuse rejected:reject replaced:replace "
        "resigned:resign rose:rise sacked:sack scrapped:scrap shut:shut sold:sell sued:sue supported:support "
        "suspended:suspend threatened:threaten unveiled:unveil urged:urge vetoed:veto visited:visit vowed:vow "
        "warned:warn withdrew:withdraw won:win"
    ).split()
)
VERBS = "|".join(sorted(PAST, key=lambda verb: (-len(verb), verb)))
PROMISED = "agreed|offered|pledged|promised|refused|threatened|vowed"
WANTS = "wants|plans|hopes|aims|intends|refuses|threatens|promises"
