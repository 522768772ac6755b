import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hasCode } from '../lib/has-code.ts'

export const HEAD_BYTES = 1024 * 1024
export const TAIL_BYTES = 4 * 1024 * 1024
/** The tail is kept in pieces, so that the oldest can go without rewriting the rest. */
const PIECE_BYTES = 512 * 1024

/** A piece of a log: the file and where in the whole log it begins and ends. */
export type Piece = { path: string; from: number; to: number }

/**
 * The pieces of a log in order. The head is the file itself; pieces of the tail are named `<file>.<offset>`. What lies
 * between two pieces was cut.
 */
export function piecesOf(file: string): Piece[] {
  const folder = dirname(file)
  const base = file.slice(folder.length + 1)
  return namesIn(folder)
    .filter(
      (name) => name === base || (name.startsWith(`${base}.`) && /^\d+$/.test(name.slice(base.length + 1))),
    )
    .flatMap((name) => {
      const from = name === base ? 0 : Number(name.slice(base.length + 1))
      const size = sizeOf(join(folder, name))
      return size === undefined ? [] : [{ path: join(folder, name), from, to: from + size }]
    })
    .sort((a, b) => a.from - b.from)
}

/** Appends whole lines; keeps the first MB and the last 4 MB. */
export class PieceWriter {
  readonly #file: string
  #current: { descriptor: number; piece: Piece }
  #tail: Piece[]

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true })
    this.#file = file
    const pieces = piecesOf(file)
    const last = pieces.at(-1) ?? { path: file, from: 0, to: 0 }
    this.#tail = pieces.filter(({ from }) => from > 0)
    this.#current = { descriptor: openSync(last.path, 'a'), piece: last }
  }

  write(text: Buffer): void {
    const { piece } = this.#current
    const limit = piece.from === 0 ? HEAD_BYTES : PIECE_BYTES
    if (piece.to > piece.from && piece.to - piece.from + text.length > limit) this.#next()
    writeAll(this.#current.descriptor, text)
    this.#current.piece.to += text.length
  }

  close(): void {
    closeSync(this.#current.descriptor)
  }

  #next(): void {
    const from = this.#current.piece.to
    const piece = { path: `${this.#file}.${from}`, from, to: from }
    closeSync(this.#current.descriptor)
    this.#current = { descriptor: openSync(piece.path, 'a'), piece }
    this.#tail.push(piece)
    // The newest piece is empty yet: the others must hold the whole tail.
    while (this.#tail.length - 2 >= TAIL_BYTES / PIECE_BYTES) rmSync((this.#tail.shift() as Piece).path)
  }
}

function writeAll(descriptor: number, text: Buffer): void {
  for (let done = 0; done < text.length; ) done += writeSync(descriptor, text, done)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size
  } catch (error) {
    // Cut meanwhile.
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
