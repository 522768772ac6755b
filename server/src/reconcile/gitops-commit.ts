import type { VersionAuthor } from './gitops-documents.ts'

/** `title`: what kind of document it is, and its name. */
type Pushed = { title: string; version: number; at: Date }

/** Message, author and time of the commit of a document: those of the newest version, with all others named. */
export function messageOf(
  { title, version, at }: Pushed,
  authors: readonly VersionAuthor[],
): { message: string; author: string; at: Date } {
  const newest = authors.at(-1) ?? { actor: 'Fairway', at }
  const others = [...new Set(authors.map(({ actor }) => actor))].filter((actor) => actor !== newest.actor)
  const trailers = others.map((actor) => `Co-authored-by: ${oneLine(actor)} <fairway@localhost>\n`)
  const subject = `Update ${title} (version ${version})\n`
  return {
    message: trailers.length === 0 ? subject : `${subject}\n${trailers.join('')}`,
    author: newest.actor,
    at: newest.at,
  }
}

const oneLine = (text: string): string => text.replaceAll(/[<>\p{Cc}]/gu, ' ').trim()
