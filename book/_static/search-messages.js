/* The search of this book finds an error message as readers paste it: with
   their own names, numbers and shapes in it, or a whole traceback.

   Sphinx writes every `{index}` entry into searchindex.js, which the search
   page loads by itself, also from disk. On the troubleshooting pages these
   entries are the fixed words of messages, and their anchors are the anchor
   of the entry and a number: trouble-shape-2 belongs to trouble-shape. */
(() => {
  const ANCHOR = /^(trouble-.+)-\d+$/;
  // What differs from reader to reader: a quoted name, a number or a shape.
  const NAME = "\u0001";
  const NUMBER = "\u0002";
  const VARIES = new Set([NAME, NUMBER]);
  const MOST = 5;

  const QUOTED = /(^|\W)(['"])(?=\S)([^'"]{1,60}?)\2(?!\w)/g;

  /* The text with straight quotes and without places in files, such as
     File "a.py", line 3, in f; File ~/a.py:3, in f(x); Cell In[3], line 2. */
  const plain = (text) =>
    text
      .toLowerCase()
      .replace(/[\u2018\u2019\u00b4]/g, "'")
      .replace(/[\u201c-\u201f\u00ab\u00bb]/g, '"')
      .replace(/\bfile\s+("[^"]*"|\S+)(,\s*line\s*\d+)?(,\s*in\s*\S+)?/g, " ")
      .replace(/\bcell in\s*\[\d+\](,\s*line\s*\d+)?/g, " ");

  const wordsOf = (text) =>
    plain(text)
      .replace(QUOTED, `$1 ${NAME} `)
      .replace(/[([](\s*(none|\d+)\s*,?)+[)\]]/g, ` ${NUMBER} `)
      .replace(/\b\d[\d.]*\b/g, ` ${NUMBER} `)
      .match(/[\p{L}_]+|[\u0001\u0002]/gu) ?? [];

  const quotedIn = (text) =>
    [...plain(text).matchAll(QUOTED)].map((match) => match[3]);

  const pairsOf = (words) =>
    words.length === 1
      ? words
      : words.slice(1).map((word, place) => `${words[place]} ${word}`);

  /* The entries of the index: page, anchor, title, and their messages. */
  const entriesOf = (index) => {
    const entries = new Map();
    for (const [message, places] of Object.entries(index.indexentries))
      for (const [page, id] of places) {
        const anchor = ANCHOR.exec(id)?.[1];
        if (!anchor) continue;
        const key = `${page}#${anchor}`;
        if (!entries.has(key))
          entries.set(key, { page, anchor, title: message, messages: [] });
        entries.get(key).messages.push(message);
      }
    // A heading is a message, too, and keeps its capitals.
    for (const [title, places] of Object.entries(index.alltitles))
      for (const [page] of places)
        for (const entry of entries.values())
          if (
            entry.page === page &&
            entry.messages.includes(title.toLowerCase())
          )
            entry.title = title;
    return [...entries.values()];
  };

  /* The entries that fit, best first. An entry fits if half of one of its
     messages stands in the query, word by word, or most words of a short
     query in the message. Rare words count most. Quoted names that are the
     same decide between messages that are otherwise alike. */
  const find = (query, entries) => {
    const asked = wordsOf(query);
    const askedWords = new Set(asked.filter((word) => !VARIES.has(word)));
    const askedPairs = new Set([...asked, ...pairsOf(asked)]);
    const askedNames = new Set(quotedIn(query));
    const rows = entries.flatMap((entry) =>
      entry.messages.map((message) => ({
        entry,
        words: wordsOf(message),
        names: quotedIn(message),
      })),
    );
    const counts = new Map();
    for (const { words } of rows)
      for (const word of new Set(words))
        counts.set(word, (counts.get(word) ?? 0) + 1);
    const weight = (word) => (VARIES.has(word) ? 0.01 : 1 / counts.get(word));
    const sum = (pairs) =>
      pairs
        .flatMap((pair) => pair.split(" "))
        .reduce((total, word) => total + weight(word), 0);
    const best = new Map();
    for (const { entry, words, names } of rows) {
      const pairs = pairsOf(words);
      const common = pairs.filter((pair) => askedPairs.has(pair));
      const whole = sum(common) / sum(pairs);
      const known = [...askedWords].filter((word) => words.includes(word));
      const telling = known.length > 1 || counts.get(known[0]) === 1;
      const short = telling ? known.length / askedWords.size : 0;
      const same = names.filter((name) => askedNames.has(name)).length;
      let score = 0;
      if (whole >= 0.5) score = 1 + whole * Math.sqrt(1 + common.length + same);
      else if (short >= 0.75) score = short;
      if (score > (best.get(entry) ?? 0)) best.set(entry, score);
    }
    return [...best]
      .sort(([, one], [, other]) => other - one)
      .slice(0, MOST)
      .map(([entry]) => entry);
  };

  const show = (found, index, before) => {
    const section = document.createElement("section");
    section.id = "messages-found";
    section.setAttribute("aria-labelledby", "messages-found-title");
    const heading = section.appendChild(document.createElement("h2"));
    heading.id = "messages-found-title";
    heading.textContent = "Entries that fit this message";
    const list = section.appendChild(document.createElement("ul"));
    list.className = "search";
    for (const { page, anchor, title } of found) {
      const item = list.appendChild(document.createElement("li"));
      const link = item.appendChild(document.createElement("a"));
      const { LINK_SUFFIX } = DOCUMENTATION_OPTIONS;
      link.href = `${index.docnames[page]}${LINK_SUFFIX}#${anchor}`;
      link.textContent = title;
      item.append(` (${index.titles[page]})`);
    }
    before.parentElement.insertBefore(section, before);
  };

  window.addEventListener("load", () => {
    const results = document.getElementById("search-results");
    const query = new URLSearchParams(window.location.search).get("q");
    if (!results || !query || typeof Search === "undefined") return;
    const index = Search._index;
    const found = index ? find(query, entriesOf(index)) : [];
    if (found.length) show(found, index, results);
  });
})();
