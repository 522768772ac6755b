/** For tests: what runs on this machine. */
import { readdir, readFile } from 'node:fs/promises'

/** The processes of this machine whose command line, words divided by zeros, holds the text. */
export async function pidsOf(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map(commandLine))
  return pids.filter((_, index) => lines[index]?.includes(text))
}

const commandLine = (pid: string): Promise<string> => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')

export const running = async (text: string): Promise<string> =>
  (await Promise.all((await pidsOf(text)).map(commandLine))).join('\n').replaceAll('\0', ' ')
