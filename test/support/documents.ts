/** How many sentences the sections of the kernel's documents have. */

/** A sentence ends with a full stop or a colon, and perhaps a bracket. */
function count(prose: string): number {
  return prose.trim() === '' ? 0 : prose.trim().split(/(?<=[.:]\)?)\s+/).length;
}

/** Sections are headings in Markdown; what is before the first one behind the title is the introduction. Code is in fences. */
function sections2020(text: string): Record<string, number> {
  const prose = text.replace(/^```.*?^```/gms, '').replace(/^\*\*Date:.*$/m, '');
  const [introduction, ...parts] = prose.replace(/^# .*$/m, '').split(/^#+ /m);
  const counts: Record<string, number> = { Introduction: count(introduction!) };
  for (const part of parts) {
    const [heading, ...lines] = part.split('\n');
    const sentences = count(lines.join('\n'));
    if (sentences !== 0) counts[heading!.replaceAll('*', '').trim()] = sentences;
  }
  return counts;
}

/** A diff that adds the document. Its title has two lines; code is indented. */
function paragraphsFirst(text: string): Record<string, number> {
  const added = text
    .split('\n')
    .filter((line) => /^\+(?!\+)/.test(line))
    .map((line) => line.slice(1))
    .slice(2);
  const prose = added.map((line) => (/^\s/.test(line) ? '' : line)).join('\n');
  const paragraphs = prose.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== '');
  return Object.fromEntries(paragraphs.map((paragraph, i) => [`paragraph ${i + 1}`, count(paragraph)]));
}

export const countSentences = { '2020': sections2020, '2.6.34': paragraphsFirst };
