"""What the teachers read out: prose of the public domain, emoji labels, and sentences, numbers, dates and interface phrases made here.
All of it is spelled in words, so that the front end and the teachers agree on what is said."""
import json
import random
import re
import zlib

from .lexicon import HERE, pronounce

ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen").split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
ORDINALS = ("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
            "sixteenth seventeenth eighteenth nineteenth twentieth").split()

WHO = ("the old man|a young girl|my brother|the doctor|our neighbor|the small dog|a grey cat|the tall soldier|her mother|the new teacher|"
       "a tired sailor|the farmer|their friend|the quiet boy|the king|a clever fox|the night guard|every child|the baker|that woman|"
       "the captain|a lost traveler|the judge|your sister|the hungry horse|the painter|two young birds|nobody|the engineer|a stranger").split("|")
DID = ("found|carried|painted|watched|bought|broke|followed|cleaned|opened|lifted|dropped|sold|washed|mended|chose|threw|measured|hid|"
       "brought|kept|shook|burned|pushed|drew|caught|tasted|borrowed|counted|moved|forgot").split("|")
WHAT = ("the wooden box|a bright red ball|the heavy stone|a cup of hot tea|the silver spoon|an empty bottle|the garden gate|a loaf of bread|"
        "the broken chair|a letter from home|the long rope|a map of the city|the green coat|a basket of apples|the last page|a sheet of paper|"
        "the yellow lamp|a pair of shoes|the church bell|some fresh fish|the sharp knife|a piece of cheese|the blue curtain|a handful of sand|"
        "the copper wire|a book about whales|the iron key|a slice of lemon|the rusty nail|a jar of honey").split("|")
WHERE = ("near the river|under the bridge|behind the house|in the cold morning|after the storm|before the sun went down|on the kitchen table|"
         "with great care|beside the road|at the edge of the forest|in less than an hour|without a word|during the winter|across the field|"
         "by the light of the moon|for the third time|in front of the school|along the beach|just in time|at the end of the street|"
         "on a rainy Thursday|while the others slept|far from the village|between the two hills").split("|")
IS = ("the water was clear and cold|the wind blew hard from the north|the bread smelled fresh and sweet|the road was long and dusty|"
      "the fire kept us warm|the train left the station late|the snow covered the roof|the music was soft and slow|the sky turned pink|"
      "the path led up the hill|the paint was still wet|the price was far too high|the soup needs more salt|the boat drifted slowly away|"
      "the lights went out|the leaves fell without a sound|the clock struck four|the window would not close|the joke made us all laugh|"
      "the plan was good, but the work was hard").split("|")
ASK = ("where did you put the keys|who wrote this letter|how far is it to the station|why is the door open|what time does the shop close|"
       "can you hear the music|would you like some more coffee|did anyone see the dog|is this seat free|have you been here before|"
       "which way should we go|do you remember her name|could you please close the window|are they coming with us|when will it be ready").split("|")
CONTROLS = ("button|link|menu|check box|text field|search, edit text|slider|tab|list|dialog|heading level two|image|table|tool bar|tree|"
            "radio button|combo box|progress bar|menu item|toggle button").split("|")
STATES = "checked|not checked|selected|expanded|collapsed|disabled|focused|required|pressed|read only|busy|visited".split("|")
ACTIONS = ("open|close|save|save as|delete|copy|paste|cut|undo|redo|print|share|download|upload|rename|settings|help|sign in|sign out|cancel|"
           "next|back|home|refresh|zoom in|zoom out|play|pause|stop|mute|full screen|new window|find and replace|select all|send message|"
           "add to cart|check out|edit profile|change password|turn off notifications|show more results").split("|")

# The twenty sentences of the closed-set test. No teacher reads them during training.
CLOSED = [
    "The red wagon rolled down the steep hill.", "A warm blanket lay on the wooden bench.", "He poured the milk into a tall glass.",
    "The ship sailed at dawn with a full crew.", "Nine green bottles stood on the shelf.", "She planted roses along the garden wall.",
    "The thin ice cracked under his boots.", "Our train was delayed by heavy rain.", "They built a small fort out of snow.",
    "The clerk stamped each page with blue ink.", "A loud noise woke the sleeping child.", "The carpenter cut the board in half.",
    "Fresh coffee is ready in the kitchen.", "The coach told the team to run faster.", "Two white swans crossed the quiet lake.",
    "The candle burned until the morning came.", "Please leave your wet coat by the door.", "The farmer sold his cows last spring.",
    "A strange bird sang in the apple tree.", "The driver turned left at the old mill."]


def spoken(n):
    """A whole number below a million in words."""
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10 - 2] + (f" {ONES[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{ONES[n // 100]} hundred" + (f" {spoken(n % 100)}" if n % 100 else "")
    return f"{spoken(n // 1000)} thousand" + (f" {spoken(n % 1000)}" if n % 1000 else "")


def sentence(text, end="."):
    return text[0].upper() + text[1:] + end


def made(r):
    """One sentence in the manner of the Harvard sentences."""
    kind = r.random()
    if kind < 0.5:
        return sentence(f"{r.choice(WHO)} {r.choice(DID)} {r.choice(WHAT)} {r.choice(WHERE)}")
    if kind < 0.6:
        return sentence(f"{r.choice(WHERE)}, {r.choice(WHO)} {r.choice(DID)} {r.choice(WHAT)}")
    if kind < 0.75:
        return sentence(r.choice(IS))
    if kind < 0.85:
        return sentence(f"{r.choice(IS)}, and {r.choice(WHO)} {r.choice(DID)} {r.choice(WHAT)}", r.choice(".!"))
    return sentence(r.choice(ASK), "?")


def number(r):
    kind = r.randrange(7)
    if kind < 2:
        return sentence(" ".join(r.choice(ONES[:10]) for _ in range(r.randint(3, 8))))
    if kind == 2:
        return sentence(spoken(int(10 ** r.uniform(1, 6))))
    if kind == 3:
        return sentence(f"{r.choice(DAYS)}, {r.choice(MONTHS)} {r.choice(ORDINALS)}, {spoken(r.randint(11, 20))} {spoken(r.randint(10, 99))}")
    if kind == 4:
        return sentence(f"it is {spoken(r.randint(1, 12))} {spoken(r.randint(10, 59))} {r.choice(['in the morning', 'in the evening'])}")
    if kind == 5:
        return sentence(f"{spoken(r.randint(2, 99))} point {spoken(r.randint(0, 9))} {r.choice(['percent', 'degrees', 'miles', 'meters', 'pounds', 'seconds'])}")
    return sentence(f"that costs {spoken(r.randint(2, 900))} dollars and {spoken(r.randint(2, 99))} cents")


def interface(r):
    kind = r.randrange(4)
    if kind == 0:
        return sentence(f"{r.choice(ACTIONS)}, {r.choice(CONTROLS)}")
    if kind == 1:
        return sentence(f"{r.choice(ACTIONS)}, {r.choice(CONTROLS)}, {r.choice(STATES)}")
    if kind == 2:
        return sentence(f"{r.choice(CONTROLS)} {r.choice(ONES[1:13])} of {spoken(r.randint(12, 40))}")
    return sentence(r.choice([*ACTIONS, *CONTROLS]))


def prose():
    """Sentences of Moby Dick and of the addresses on the State of the Union, 3 to 16 words, letters only."""
    modules = HERE / "node_modules/@stdlib"
    files = [modules / "datasets-moby-dick/data/data.txt", *sorted((modules / "datasets-sotu/data").glob("*.txt"))]
    for file in files:
        text = re.sub(r"\s+", " ", file.read_text("utf-8", errors="ignore")).replace("\u2019", "'").replace("--", ", ")
        for found in re.findall(r"(?<=[.?!] )[A-Z][A-Za-z' ,;]{10,90}[.?!](?= )", text):
            yield found.strip()


def emoji():
    for row in json.loads((HERE / "node_modules/emojibase-data/en/compact.json").read_text()):
        if re.fullmatch(r"[A-Za-z ,:]{4,50}", row["label"]):
            yield sentence(row["label"].replace(":", ","))


def held_out(text):
    """One text in forty trains nothing, in any voice: it validates, and it is what the evaluation says."""
    return zlib.crc32(text.encode()) % 40 == 0


def pool(words, seed=0):
    """Every sentence once, in the order in which it is read: any beginning of the list has the same mixture."""
    r = random.Random(seed)
    kinds = {
        "prose": (0.45, [s for s in dict.fromkeys(prose()) if 3 <= len(s.split()) <= 16 and pronounce(s, words)]),
        "made": (0.2, list(dict.fromkeys(made(r) for _ in range(6000)))),
        "number": (0.17, list(dict.fromkeys(number(r) for _ in range(6000)))),
        "emoji": (0.08, [s for s in dict.fromkeys(emoji()) if pronounce(s, words)]),
        "interface": (0.1, list(dict.fromkeys(interface(r) for _ in range(4000))))}
    for _, texts in kinds.values():
        r.shuffle(texts)
    names, weights = list(kinds), [share for share, _ in kinds.values()]
    while True:
        kind = r.choices(names, weights)[0]
        if not kinds[kind][1]:
            return
        text = kinds[kind][1].pop()
        if text not in CLOSED and pronounce(text, words):
            yield kind, text
