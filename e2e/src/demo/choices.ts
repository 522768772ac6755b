import { readFileSync } from 'node:fs'

const WORDS: Readonly<Record<string, string>> = {
  docker: 'containers of the Docker Engine',
  process: 'processes of this machine; PostgreSQL included, nothing but Node is needed',
  haproxy: 'HAProxy',
  embedded: "Fairway's own",
}

/** Which parts the server said it runs with, and why, as sentences. */
export function choicesIn(logFile: string): string[] {
  return readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"why"'))
    .map((line) => JSON.parse(line) as { runtime?: string; gateway?: string; why: string })
    .map(({ runtime, gateway, why }) => {
      const name = runtime ?? gateway ?? ''
      return `${runtime === undefined ? 'gateway' : 'runtime'}: ${WORDS[name] ?? name} (${why})`
    })
}
