/** Text in sentences of bounded length, as it comes. */

/** A sentence beyond this is divided, at a pause if there is one, else between words, else anywhere. */
export const MOST_CHARACTERS = 300;

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/** The sentences of a text, trimmed, none empty, none longer than `most`. */
export function* sentencesOf(text: string, most = MOST_CHARACTERS): Generator<string, void, void> {
  for (const line of text.split(/\n\s*\n|\r\n\s*\r\n/)) {
    for (const { segment } of joined(line)) yield* divided(segment.replace(/\s+/g, " ").trim(), most);
  }
}

/** Abbreviations behind which no sentence ends, where Unicode's rules (UAX 29) see an end. */
const NO_END =
  /(?:^|[\s("'])(?:[a-z]|mr|mrs|ms|dr|prof|st|no|vs|etc|e\.g|i\.e|approx|jr|sr|gen|col|sgt|capt|lt|rev|hon|fig|vol|pp?)\.\s*$/i;

/**
 * The segmenter takes this much of a text at a time: its time for all of a long text grows faster than the text does. A sentence that
 * fills a window, which is to be divided anyway, ends at its last space.
 */
const WINDOW = 4096;

function* segments(text: string): Generator<string, void, void> {
  for (let at = 0; at < text.length; ) {
    const window = text.slice(at, at + WINDOW);
    const found = [...segmenter.segment(window)].map(({ segment }) => segment);
    if (at + WINDOW < text.length) {
      // More of the text may continue the last one: it begins the next window.
      const last = found.pop()!;
      if (found.length === 0) found.push(last.slice(0, last.lastIndexOf(" ") + 1 || wholeCharacters(last)));
    }
    for (const segment of found) {
      at += segment.length;
      yield segment;
    }
  }
}

function* joined(text: string): Generator<{ segment: string }, void, void> {
  let open = "";
  for (const segment of segments(text)) {
    open += segment;
    if (NO_END.test(open)) continue;
    yield { segment: open };
    open = "";
  }
  if (open !== "") yield { segment: open };
}

function* divided(sentence: string, most: number): Generator<string, void, void> {
  let rest = sentence;
  while (rest.length > most) {
    const head = rest.slice(0, most);
    const pause = Math.max(...[", ", "; ", ": ", " - ", "– ", "— "].map((mark) => head.lastIndexOf(mark)));
    const space = head.lastIndexOf(" ");
    const at = pause > most / 4 ? pause + 1 : space > 0 ? space : wholeCharacters(head);
    yield rest.slice(0, at).trim();
    rest = rest.slice(at).trim();
  }
  if (rest !== "") yield rest;
}

/** A length that leaves no half of a surrogate pair. */
const wholeCharacters = (head: string): number => (/[\uD800-\uDBFF]$/.test(head) ? head.length - 1 : head.length);

/** The sentences of a text that comes in pieces: each as soon as something behind it shows that it is over. */
export async function* sentencesAsTheyCome(
  pieces: AsyncIterable<string>,
  most = MOST_CHARACTERS,
): AsyncGenerator<string, void, void> {
  let open = "";
  for await (const piece of pieces) {
    open += piece;
    const last: string[] = []; // the last sentence so far, which more may continue
    let over = 0;
    for (const sentence of sentencesOf(open, most)) {
      if (last.push(sentence) === 1) continue;
      yield last.shift()!;
      over++;
    }
    if (over > 0) open = last[0]! + (/\s$/.test(open) ? " " : "");
  }
  yield* sentencesOf(open, most);
}
