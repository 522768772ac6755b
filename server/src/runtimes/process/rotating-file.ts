import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs'

const MAX_BYTES = 5 * 1024 * 1024
const KEEP = 3

/** A log file that is renamed to `.1`, `.2` … when it is full; the oldest goes. */
export class RotatingFile {
  readonly #path: string
  #fd: number
  #size: number

  constructor(path: string) {
    this.#path = path
    this.#fd = openSync(path, 'a', 0o600)
    this.#size = statSync(path).size
  }

  write(line: string): void {
    if (this.#size > MAX_BYTES) this.#rotate()
    this.#size += writeSync(this.#fd, line)
  }

  close(): void {
    closeSync(this.#fd)
  }

  #rotate(): void {
    closeSync(this.#fd)
    for (let n = KEEP - 1; n >= 1; n -= 1) {
      const from = n === 1 ? this.#path : `${this.#path}.${n - 1}`
      if (existsSync(from)) renameSync(from, `${this.#path}.${n}`)
    }
    this.#fd = openSync(this.#path, 'a', 0o600)
    this.#size = 0
  }
}

/** The files of a log from old to new. */
export const rotatedFiles = (path: string): string[] =>
  [...Array.from({ length: KEEP - 1 }, (_, i) => `${path}.${KEEP - 1 - i}`), path].filter(existsSync)
