/** Finds the name that a person most likely meant. */

/** Optimal string alignment distance: a swap of neighbours counts one, as a slip of the fingers does. */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
};

/** Words longer than this are not compared: nobody mistypes them, and the work grows with the square. */
const longest = 64;

/** The candidate closest to a word, when it is close enough to be what was meant; undefined else. Case is no difference. */
export const nearestName = (word: string, candidates: Iterable<string>): string | undefined => {
  if (word.length > longest) return undefined;
  const allowed = word.length <= 3 ? 1 : Math.ceil(word.length / 3);
  let best: { name: string; away: number } | undefined;
  for (const name of candidates) {
    if (name.length > longest || Math.abs(name.length - word.length) > allowed) continue;
    const away = distance(word.toLowerCase(), name.toLowerCase());
    if (away <= allowed && (best === undefined || away < best.away)) best = { name, away };
  }
  return best?.name;
};
