"""The phones: cmudict's ARPAbet with stress, and five pauses that carry the punctuation."""

VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split()
CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split()
PAUSES = ["^", ",", ".", "?", "!"]  # before the first word, within a sentence, and after three kinds of sentences
PHONES = PAUSES + CONSONANTS + [vowel + stress for vowel in VOWELS for stress in "012"]
ID = {phone: i for i, phone in enumerate(PHONES)}

TEACHERS = {"ax": "ah", "axr": "er", "dx": "t", "el": "l", "em": "m", "en": "n", "nx": "n", "hv": "hh"}  # allophones


def base(phone):
    """A phone without its stress."""
    return phone.rstrip("012")


def of_teacher(name):
    """The unstressed phone that festival's or flite's US phone set calls so; a pause is None."""
    return None if name in ("pau", "#", "ssil") else TEACHERS.get(name, name).upper()


def distance(ours, theirs):
    if ours in PAUSES or theirs is None:
        return 0.0 if ours in PAUSES and theirs is None else 3.0
    if base(ours) == theirs:
        return 0.0
    return 1.0 if (base(ours) in VOWELS) == (theirs in VOWELS) else 2.5


def label(ours, theirs):
    """What the teacher said (unstressed phones, None for a pause) in our notation: stress and punctuation come from the phones of
    the front end, along the cheapest alignment. Also answers how many phones differ."""
    n, m, gap = len(ours), len(theirs), 1.2
    cost = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n + 1):
        for j in range(m + 1):
            if i or j:
                cost[i][j] = min(
                    cost[i - 1][j] + gap if i else 1e9,
                    cost[i][j - 1] + gap if j else 1e9,
                    cost[i - 1][j - 1] + distance(ours[i - 1], theirs[j - 1]) if i and j else 1e9)
    i, j, labels, wrong = n, m, [None] * m, 0
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + distance(ours[i - 1], theirs[j - 1]):
            i, j = i - 1, j - 1
            same = distance(ours[i], theirs[j]) == 0
            wrong += not same
            labels[j] = ours[i] if same else stressed(theirs[j], ours[i][-1] if ours[i][-1] in "012" else "0")
        elif j and cost[i][j] == cost[i][j - 1] + gap:
            j, wrong = j - 1, wrong + (theirs[j - 1] is not None)
            labels[j] = stressed(theirs[j], "0")
        else:
            i, wrong = i - 1, wrong + (ours[i - 1] not in PAUSES)
    return labels, wrong


def stressed(theirs, stress):
    return "," if theirs is None else theirs + stress if theirs in VOWELS else theirs
