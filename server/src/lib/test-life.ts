/** For tests: programs of ours in processes of their own, which may die at any moment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** `over` answers the signal that ended it; `end` kills it. */
export type Life = { over: Promise<string | null>; end(): Promise<void> }

/** Starts the program that lies beside a test; `from` is the test's `import.meta.url`. */
export function startLife(name: string, from: string, args: readonly string[]): Life {
  const child = spawnProgram(name, from, args)
  const over = once(child, 'exit').then(([, signal]) => signal as string | null)
  return {
    over,
    end: async () => {
      child.kill('SIGKILL')
      await over
    },
  }
}

export const spawnProgram = (name: string, from: string, args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [...programArguments(name, from), ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })

/**
 * What Node is told to run. After a build of everything (`FAIRWAY_TEST_BUILT`) that is what was built: it starts in half
 * the time, which tests that kill a program at each of its points spend most of theirs on.
 */
export function programArguments(name: string, from: string): string[] {
  const file = fileURLToPath(new URL(name, from))
  if (process.env.FAIRWAY_TEST_BUILT === undefined)
    return ['--conditions=@fairway/source', '--import', 'tsx', file]
  return [file.replace('/server/src/', '/server/dist/').replace(/\.ts$/, '.js')]
}
